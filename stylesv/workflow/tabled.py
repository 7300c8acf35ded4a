"""What an experiment's tables are made of, from its plan."""

from collections.abc import Callable

from stylesv.errors import ConfigError
from stylesv.records.protocol import Protocol
from stylesv.records.published import papers_metric
from stylesv.records.speed import Speed
from stylesv.records.table_plan import TabledData, TabledProtocol, TabledRun, TablePlan, long_video_numbers
from stylesv.workflow import paths
from stylesv.workflow.planned import ExperimentPlan, RunPlan
from stylesv.workflow.reported import choice_of, collection_of
from stylesv.workflow.stages import planned_stages, runs_to_measure


def tabled(
    experiment: ExperimentPlan, speeds: tuple[Speed, ...] = (), num_shards: Callable[[str], int] | None = None
) -> TablePlan:
    """The record of an experiment's tables; `speeds` are those of config/speeds.csv, `num_shards` as `planned_stages` has it."""
    data = {run.data.name: run.data for run in experiment.runs}
    every = {protocol.id: protocol for run in experiment.runs for protocol in run.protocols}
    last = {protocol.id: protocol for run in experiment.runs for protocol in run.last_protocols}
    return TablePlan(
        experiment=experiment.name,
        title=experiment.title,
        models=experiment.models,
        protocols=tuple(_protocol(each, last=each.id not in every) for each in (every | last).values()),
        runs=tuple(_run(run, tabled=run.model in experiment.models) for run in experiment.runs),
        stages=tuple(planned_stages(experiment, num_shards)),
        speeds=tuple(paths.SPEED.format(run=run.name) for run in runs_to_measure(experiment, speeds)),
        data=tuple(
            TabledData(
                name=name,
                dataset=plan.dataset,
                resolution=plan.settings.resolution,
                sheet=paths.SHEET.format(data=name),
            )
            for name, plan in data.items()
        ),
    )


def require_protocols_of_tables(experiment: ExperimentPlan, place: str) -> None:
    """Check that an experiment has scores of what its tables are made of; `place` is where they are asked for.

    Raises:
        ConfigError: it has none.
    """
    protocols = {protocol for run in experiment.runs for protocol in (*run.protocols, *run.last_protocols)}
    if "long_video" in experiment.tables and not any(long_video_numbers(each.settings) for each in protocols):
        raise ConfigError(
            f"{place}: tables: long_video: no protocol of this experiment has `drift` or `artefacts`; add one, such as "
            "fvd_long_video or rfvd_16f_artefacts, to its protocols, or leave the table out"
        )


def table_names(experiment: ExperimentPlan) -> tuple[str, ...]:
    """Names of all its tables: those of its settings, and one of each protocol's scores."""
    protocols = (p.name for run in experiment.runs for p in (*run.protocols, *run.last_protocols))
    return tuple(dict.fromkeys((*experiment.tables, *protocols)))


def table_files(experiment: str, table: str) -> list[str]:
    """The files of a table."""
    return [pattern.format(experiment=experiment, table=table) for pattern in paths.TABLE.values()]


def _protocol(protocol: Protocol, *, last: bool) -> TabledProtocol:
    settings = protocol.settings
    return TabledProtocol(
        id=protocol.id,
        name=protocol.name,
        label=settings.metric_label,
        published_as=papers_metric(settings),
        last=last,
        long_video=long_video_numbers(settings),
    )


def _run(run: RunPlan, *, tabled: bool) -> TabledRun:
    return TabledRun(
        name=run.name,
        dataset=run.data.dataset,
        data=run.data.name,
        model=run.model,
        seed=run.seed,
        tabled=tabled,
        kimgs=run.kimgs,
        protocols=tuple(protocol.id for protocol in (*run.protocols, *run.last_protocols)),
        choice=choice_of(run),
        imported=run.settings.source is not None,
        stands_for=run.settings.source.stands_for if run.settings.source else None,
        scores=paths.SCORES.format(run=run.name, collection=collection_of(run)),
    )

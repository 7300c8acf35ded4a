"""How many jobs an experiment has, rule by rule: what its cost is planned from."""

from collections.abc import Callable, Iterator, Sequence

from stylesv.records.protocol import Protocol
from stylesv.records.speed import ANY, Speed, speed_of
from stylesv.records.table_plan import PlannedStage
from stylesv.workflow.planned import DataPlan, ExperimentPlan, RunPlan
from stylesv.workflow.reported import look_of, looked_at


def planned_stages(
    experiment: ExperimentPlan, num_shards: Callable[[str], int] | None = None
) -> Iterator[PlannedStage]:
    """Jobs that do something, from nothing; not those that only write settings, fetch, or lay out a page.

    `num_shards` says how many jobs pack a data set; without it as many as are planned where none has begun.
    """
    for data in {run.data.name: run.data for run in experiment.runs}.values():
        shards = num_shards(data.name) if num_shards else data.num_shards
        yield from _of_data(data, shards, [run for run in experiment.runs if run.data.name == data.name])
    parents = {run.parent.name for run in experiment.runs if run.parent}
    groups: dict[tuple[str, str], list[RunPlan]] = {}
    for run in experiment.runs:
        groups.setdefault((run.data.name, run.model), []).append(run)
    for runs in groups.values():
        yield from _of_model(runs)
        if runs[0].name not in parents:
            yield from _of_shown(runs, experiment)


def runs_to_measure(experiment: ExperimentPlan, speeds: tuple[Speed, ...]) -> list[RunPlan]:
    """One run for each model and resolution that the table of speeds has no line of; imported ones train nothing."""
    found: dict[tuple[str, int], RunPlan] = {}
    for run in experiment.runs:
        resolution = run.data.settings.resolution
        known = speed_of(speeds, "train_segment", run.model, resolution)
        if run.settings.source is None and (known is None or known.name == ANY):
            found.setdefault((run.model, resolution), run)
    return list(found.values())


def _of_data(data: DataPlan, num_shards: int, runs: Sequence[RunPlan]) -> Iterator[PlannedStage]:
    protocols = {protocol.id: protocol for run in runs for protocol, _ in run.scored}
    references: dict[str, Protocol] = {}
    for protocol in protocols.values():
        references.setdefault(protocol.reference.id, protocol)
    if data.rendered:
        yield _stage("render_videos", data, benchmarks=[f"render_videos/{data.videos.rpartition('/')[2]}.tsv"])
    if num_shards > 1:
        files = [f"pack_shard/{data.name}/*of{num_shards:04d}.tsv"]
        yield _stage("pack_shard", data, jobs=num_shards, benchmarks=files)
    else:
        yield _stage("pack_videos", data, benchmarks=[f"pack_videos/{data.name}.tsv"])
    for reference, protocol in references.items():
        file = f"measure_reference/{data.name}/{reference}.tsv"
        yield _stage("measure_reference", data, name=protocol.name, benchmarks=[file])
    for protocol in protocols.values():
        if protocol.settings.floor is not None:
            file = f"measure_floor/{data.name}/{protocol.id}.tsv"
            yield _stage("measure_floor", data, name=protocol.name, benchmarks=[file])


def _of_model(runs: Sequence[RunPlan]) -> Iterator[PlannedStage]:
    """Runs of one model on one data set, which differ in their seed alone."""
    first, data, model = runs[0], runs[0].data, runs[0].model
    initial = "import_networks" if first.settings.source else "initialize_networks"
    of_runs = {"data": data, "model": model}
    yield _stage(initial, **of_runs, jobs=len(runs), benchmarks=[f"{initial}/{run.name}.tsv" for run in runs])
    if first.kimgs[-1] > 0:
        yield _stage(
            "train_segment",
            **of_runs,
            jobs=sum(len(run.kimgs) - 1 for run in runs),
            kimg=sum(run.kimgs[-1] for run in runs),
            kimgs=first.kimgs[1:],
            benchmarks=[f"train_segment/{run.name}/{{kimg}}.tsv" for run in runs],
        )
    for protocol in {protocol.id: protocol for protocol, _ in first.scored}.values():
        yield _stage(
            "score_snapshot",
            **of_runs,
            name=protocol.name,
            jobs=sum(each.id == protocol.id for run in runs for each, _ in run.scored),
            kimgs=tuple(kimg for each, kimg in first.scored if each.id == protocol.id),
            benchmarks=[f"score_snapshot/{run.name}/{{kimg}}/{protocol.id}.tsv" for run in runs],
        )


def _of_shown(runs: Sequence[RunPlan], experiment: ExperimentPlan) -> Iterator[PlannedStage]:
    """What is shown of them."""
    of_runs = {"data": runs[0].data, "model": runs[0].model, "jobs": len(runs)}
    looks = [f"{run.name}/{look_of(run, experiment).key}" for run in runs]
    yield _stage("generate_clips", **of_runs, benchmarks=[f"generate_clips/{look}.tsv" for look in looks])
    if protocol := looked_at(runs[0]):
        files = [f"draw_nearest/{look}/{protocol.id}.tsv" for look in looks]
        yield _stage("draw_nearest", **of_runs, benchmarks=files)


def _stage(
    stage: str,
    data: DataPlan,
    *,
    model: str = "",
    name: str = "",
    jobs: int = 1,
    kimg: int = 0,
    kimgs: Sequence[int] = (),
    benchmarks: Sequence[str] = (),
) -> PlannedStage:
    return PlannedStage(
        stage=stage,
        dataset=data.dataset,
        model=model,
        name=name,
        resolution=data.settings.resolution,
        jobs=jobs,
        kimg=kimg,
        kimgs=tuple(kimgs),
        benchmarks=tuple(benchmarks),
    )

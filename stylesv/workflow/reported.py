"""What an experiment's report is about: which files of which runs, and how their clips are shown."""

from collections.abc import Sequence

from stylesv.config.figures import DRAWN_FROM, FigureName
from stylesv.config.recipe import recipe_key
from stylesv.records.experiment import (
    Experiment,
    ReportedClips,
    ReportedData,
    ReportedDecomposition,
    ReportedFigure,
    ReportedRun,
    ReportedSnapshot,
    ReportedTable,
)
from stylesv.records.look import Look
from stylesv.records.protocol import Protocol
from stylesv.workflow import paths
from stylesv.workflow.planned import DataPlan, ExperimentPlan, RunPlan


def reported(experiment: ExperimentPlan, tables: Sequence[str]) -> Experiment:
    """The record of an experiment with its tables, by name. Runs that another one starts from have no clips of their own."""
    parents = {run.parent.name for run in experiment.runs if run.parent}
    shown = [run.name for run in experiment.runs if run.name not in parents]
    plans = {run.data.name: run.data for run in experiment.runs}
    return Experiment(
        title=experiment.title,
        shown=experiment.figures.snapshot,
        runs=tuple(_reported_run(run, experiment, shown=run.name in shown) for run in experiment.runs),
        data=tuple(_reported_data(plan, experiment) for plan in plans.values()),
        tables=tuple(_reported_table(name, experiment) for name in tables),
        figures=tuple(_reported_figure(name, experiment) for name in drawn_figures(experiment)),
        style=experiment.figures.style,
    )


def drawn_figures(experiment: ExperimentPlan) -> tuple[FigureName, ...]:
    """The figures of an experiment: those that its settings name, or all that it has something for."""
    if experiment.figures.drawn is not None:
        return experiment.figures.drawn
    runs = experiment.runs
    parents = {run.parent.name for run in runs if run.parent}
    shown = [run for run in runs if run.name not in parents]
    moves = any(run.settings.source is not None or run.settings.training.num_frames > 1 for run in shown)
    has = {
        "ablation": len({run.model for run in shown}) > 1,
        "motion": any(protocol.settings.motion is not None for run in runs for protocol in run.protocols),
        "training": any(run.settings.source is None for run in runs),
    }
    has |= {name: moves for name, source in DRAWN_FROM.items() if source == "clips" and name != "spectra"}
    return tuple(name for name in DRAWN_FROM if has.get(name, True))


def look_of(run: RunPlan, experiment: ExperimentPlan) -> Look:
    """How an experiment shows a run."""
    figures = experiment.figures
    among = run.chooser if figures.snapshot == "best" else str(run.kimgs[-1])
    return Look(clips=figures.clips, fps=run.data.settings.display_fps, among=among)


def looked_at(run: RunPlan) -> Protocol | None:
    """The protocol whose nearest real clips are drawn beside a run's; none, if none of its protocols asks for them."""
    return next((protocol for protocol in run.protocols if protocol.settings.neighbours is not None), None)


def look_of_data(data: DataPlan, experiment: ExperimentPlan) -> Look:
    """How an experiment shows the real clips of a data set."""
    return Look(clips=experiment.figures.clips, fps=data.settings.display_fps, among=None)


def choice_of(run: RunPlan) -> str:
    """The file that names a run's best snapshot."""
    return paths.CHOICE.format(run=run.name, chooser=run.chooser)


def collection_of(run: RunPlan) -> str:
    """Name of the file of a run's scores: a key of their protocols and snapshots."""
    named = {"protocols": [protocol.id for protocol in run.protocols], "kimgs": list(run.kimgs)}
    last = {"last": [protocol.id for protocol in run.last_protocols]} if run.last_protocols else {}
    return recipe_key(named | last)


def scores_of(run: RunPlan) -> list[str]:
    """Files of all scores of a run."""
    return [paths.SCORE.format(run=run.name, kimg=kimg, protocol=protocol.id) for protocol, kimg in run.scored]


def candidates_of(run: RunPlan) -> list[str]:
    """Files of the scores that a run's best snapshot is chosen by."""
    (protocol, *_) = run.protocols
    return [paths.SCORE.format(run=run.name, kimg=kimg, protocol=protocol.id) for kimg in run.kimgs]


def asked_of(run: RunPlan, protocols: Sequence[Protocol]) -> dict[str, str]:
    """Names of protocols and snapshots as options of a command."""
    return {"protocols": _names(protocols), "kimgs": ",".join(str(kimg) for kimg in run.kimgs)}


def collection_options(run: RunPlan) -> dict[str, str]:
    """Those of all its scores; `last` has the protocols of its last snapshot alone."""
    return asked_of(run, run.protocols) | {"last": _names(run.last_protocols)}


def _names(protocols: Sequence[Protocol]) -> str:
    return ",".join(protocol.id for protocol in protocols)


def _reported_run(run: RunPlan, experiment: ExperimentPlan, *, shown: bool) -> ReportedRun:
    def at(pattern: str, kimg: int) -> str:
        return pattern.format(run=run.name, kimg=kimg)

    snapshots = (
        ReportedSnapshot(kimg=kimg, samples=at(paths.SAMPLES, kimg), log=at(paths.LOG, kimg) if kimg else None)
        for kimg in run.kimgs
    )
    seen = {"run": run.name, "look": look_of(run, experiment).key}
    protocol = looked_at(run)
    return ReportedRun(
        name=run.name,
        dataset=run.data.dataset,
        model=run.model,
        seed=run.seed,
        networks=at(paths.NETWORKS, run.kimgs[-1]),
        recipe=paths.RECIPE.format(run=run.name),
        choice=choice_of(run),
        scores=paths.SCORES.format(run=run.name, collection=collection_of(run)),
        snapshots=tuple(snapshots),
        clips=_clips(paths.SHOWN_CLIPS, paths.FILM, paths.ANIMATION, seen) if shown else None,
        decomposition=ReportedDecomposition(
            film=paths.DECOMPOSITION.format(**seen), animation=paths.DECOMPOSITION_ANIMATION.format(**seen)
        )
        if shown
        else None,
        nearest=paths.NEAREST.format(**seen, protocol=protocol.id) if shown and protocol else None,
    )


def _reported_table(name: str, experiment: ExperimentPlan) -> ReportedTable:
    found = {kind: file.format(experiment=experiment.name, table=name) for kind, file in paths.TABLE.items()}
    return ReportedTable(name=name, **found)


def _reported_figure(name: FigureName, experiment: ExperimentPlan) -> ReportedFigure:
    files = {"png": paths.FIGURE, "pdf": paths.FIGURE_PDF}
    found = {kind: file.format(experiment=experiment.name, figure=name) for kind, file in files.items()}
    return ReportedFigure(name=name, **found)


def _reported_data(data: DataPlan, experiment: ExperimentPlan) -> ReportedData:
    files = {"index": paths.INDEX, "sheet": paths.SHEET, "contact_sheet": paths.CONTACT_SHEET, "lengths": paths.LENGTHS}
    seen = {"data": data.name, "look": look_of_data(data, experiment).key}
    return ReportedData(
        name=data.name,
        dataset=data.dataset,
        licence=data.settings.licence,
        clips=_clips(paths.SHOWN_REAL_CLIPS, paths.REAL_FILM, paths.REAL_ANIMATION, seen),
        **{what: file.format(data=data.name) for what, file in files.items()},
    )


def _clips(shown: str, film: str, animation: str, names: dict[str, str]) -> ReportedClips:
    return ReportedClips(shown=shown.format(**names), film=film.format(**names), animation=animation.format(**names))

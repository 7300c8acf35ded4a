"""What an experiment's report is about: which files of which runs, and how their clips are shown."""

from collections.abc import Sequence

from stylesv.config.recipe import recipe_key
from stylesv.records.experiment import Experiment, ReportedClips, ReportedData, ReportedRun, ReportedSnapshot
from stylesv.records.look import Look
from stylesv.records.protocol import Protocol
from stylesv.workflow import paths
from stylesv.workflow.planned import ExperimentPlan, RunPlan


def reported(experiment: ExperimentPlan) -> Experiment:
    """The record of an experiment. Runs that another one starts from have no clips of their own in it."""
    parents = {run.parent.name for run in experiment.runs if run.parent}
    runs = tuple(_reported_run(run, experiment, shown=run.name not in parents) for run in experiment.runs)
    plans = {run.data.name: run.data for run in experiment.runs}
    files = {"index": paths.INDEX, "sheet": paths.SHEET, "contact_sheet": paths.CONTACT_SHEET, "lengths": paths.LENGTHS}
    data = tuple(
        ReportedData(name=name, licence=plan.settings.licence, **{w: f.format(data=name) for w, f in files.items()})
        for name, plan in plans.items()
    )
    return Experiment(title=experiment.title, shown=experiment.figures.snapshot, runs=runs, data=data)


def look_of(run: RunPlan, experiment: ExperimentPlan) -> Look:
    """How an experiment shows a run."""
    figures = experiment.figures
    among = run.chooser if figures.snapshot == "best" else str(run.kimgs[-1])
    return Look(figures=figures, fps=run.data.settings.display_fps, among=among)


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
    files = {"film": paths.FILM, "strip": paths.STRIP, "slices": paths.SLICES}
    key = look_of(run, experiment).key
    looked_at = next((protocol.id for protocol in run.protocols if protocol.settings.neighbours is not None), None)
    clips = ReportedClips(
        **{what: file.format(run=run.name, look=key) for what, file in files.items()},
        nearest=looked_at and paths.NEAREST.format(run=run.name, look=key, protocol=looked_at),
    )
    return ReportedRun(
        name=run.name,
        recipe=paths.RECIPE.format(run=run.name),
        choice=choice_of(run),
        scores=paths.SCORES.format(run=run.name, collection=collection_of(run)),
        snapshots=tuple(snapshots),
        clips=clips if shown else None,
    )

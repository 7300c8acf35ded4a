"""What the rule that makes an experiment's videos asks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stylesv.config.recipe import recipe_key
from stylesv.workflow import paths
from stylesv.workflow.call import CallOptions
from stylesv.workflow.named import Named, known
from stylesv.workflow.planned import ExperimentPlan, RunPlan

Wildcards = Any
"""A job's wildcards as attributes."""


@dataclass(frozen=True)
class RunFilms:
    """The videos of a run as an experiment has them made."""

    run: RunPlan
    options: dict[str, Any]
    """Options of generate.py, which with the snapshot decide the videos."""
    among: str
    """The snapshot: the choice that names it, or its kimg."""

    @property
    def key(self) -> str:
        """8 hex digits that stand for all of it."""
        return recipe_key({"options": self.options, "among": self.among})

    @property
    def names(self) -> dict[str, str]:
        """Of the run and of the videos, as they stand in paths."""
        return {"run": self.run.name, "films": self.key}

    @property
    def kimgs(self) -> tuple[int, ...]:
        """The snapshots that the one is among."""
        return (int(self.among),) if self.among.isdecimal() else self.run.kimgs


class FilmQuestions:
    """Answers about videos, for `stylesv.workflow.questions.Questions`."""

    named: Named
    options: CallOptions
    require_given_videos: Callable[[str], None]

    def films_of_call(self, _: Wildcards = None) -> list[str]:
        """Videos and grids of the experiment that the call names, of each of its runs that no other one starts from."""
        experiment = self.named.experiment(self.options.experiment)
        self.require_given_videos(experiment.name)
        found = films_of(experiment)
        return [path.format(**each.names) for each in found for path in (paths.FILMS_OF_RUN, paths.GRID_OF_RUN)]

    def film_options(self, wildcards: Wildcards) -> dict[str, Any]:
        """Options of generate.py."""
        return self._films(wildcards).options

    def film_choice(self, wildcards: Wildcards) -> str | None:
        """The choice of the snapshot; none where it is the last one."""
        films = self._films(wildcards)
        return None if films.among.isdecimal() else paths.CHOICE.format(run=wildcards.run, chooser=films.among)

    def film_networks(self, wildcards: Wildcards) -> list[str]:
        """The snapshots that the one is among."""
        return [paths.NETWORKS.format(run=wildcards.run, kimg=kimg) for kimg in self._films(wildcards).kimgs]

    def _films(self, wildcards: Wildcards) -> RunFilms:
        found = {
            (each.run.name, each.key): each
            for experiment in self.named.plan.experiments.values()
            for each in films_of(experiment)
        }
        return known("films", found, (wildcards.run, wildcards.films))


def films_of(experiment: ExperimentPlan) -> list[RunFilms]:
    """Of each of its runs that no other one starts from."""
    parents = {run.parent.name for run in experiment.runs if run.parent}
    return [_run_films(run, experiment) for run in experiment.runs if run.name not in parents]


def _run_films(run: RunPlan, experiment: ExperimentPlan) -> RunFilms:
    settings = experiment.films
    single = run.settings.source is None and run.settings.training.num_frames == 1
    options = {
        "num_videos": settings.num_videos,
        "grid": f"{settings.columns}x{settings.rows}",
        "frames": 1 if single else settings.num_frames,
        "start_frame": settings.start_frame,
        "time_step": settings.time_step,
        "truncation": settings.truncation,
        "seed": settings.seed,
        "decomposition": "--decomposition" if settings.decomposition else "--no-decomposition",
        "save": settings.save,
        "fps": run.data.settings.display_fps,
    }
    among = run.chooser if settings.snapshot == "best" else str(run.kimgs[-1])
    return RunFilms(run, options, among)

"""What the rules ask of the plan: which files a job reads and which settings it is given, by the wildcards of its outputs.

A question takes an object with a job's wildcards as attributes, and answers with paths (`stylesv.workflow.paths`), texts or
numbers. It is answered when the DAG is built, from the settings and the names of files that exist; nothing is computed.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from stylesv.errors import ConfigError
from stylesv.records.experiment import Experiment, experiment_yaml
from stylesv.records.protocol import protocol_yaml
from stylesv.records.speed import Speed
from stylesv.records.table_plan import TablePlan
from stylesv.workflow import paths
from stylesv.workflow.call import CallOptions
from stylesv.workflow.data_questions import DataQuestions
from stylesv.workflow.films import FilmQuestions
from stylesv.workflow.job_graph import PlannedJob
from stylesv.workflow.looks import LookQuestions, Wildcards
from stylesv.workflow.named import Named, known
from stylesv.workflow.planned import RunPlan
from stylesv.workflow.report_questions import ReportQuestions
from stylesv.workflow.reported import asked_of, candidates_of, collection_options, reported, scores_of
from stylesv.workflow.segments import Snapshots
from stylesv.workflow.shards import ShardQuestions
from stylesv.workflow.table_questions import TableQuestions
from stylesv.workflow.tabled import table_names
from stylesv.workflow.training_questions import TrainingQuestions


@dataclass(frozen=True)
class Questions(
    DataQuestions, ShardQuestions, TrainingQuestions, LookQuestions, FilmQuestions, ReportQuestions, TableQuestions
):
    """Answers from a plan and from the files that exist."""

    files_under: Callable[[str], Iterable[str]] = lambda folder: ()
    """Names of the files in the folders of a run's folder, relative to it."""
    jobs_are_forced: Callable[[], bool] = lambda: False
    """Whether the call makes jobs run whose results exist."""
    in_object_storage: Callable[[], bool] = lambda: False
    """Whether results lie there, and not on this disk."""
    place: Callable[[str], Path] = Path
    """Where a file of results lies on this disk."""
    unrecorded: Callable[[str], Path | None] = Path
    """Where a file is, if Snakemake does not know by which params it was made."""
    experiments_called: Callable[[], Collection[str]] = lambda: ()
    """Names of the experiments that the call is for."""
    given_videos: str | None = None
    """What the command line gives as `--config videos=`."""
    captions: Path = Path("rules/captions")
    """Where the captions of figures are."""
    jobs_of: Callable[[str], Sequence[PlannedJob]] = lambda experiment: ()
    """The jobs that make an experiment's report, as Snakemake plans them."""
    options: CallOptions = field(default_factory=CallOptions)
    """What the call says beside settings."""
    published: Callable[[], str] = lambda: ""
    """What stands in the file of published numbers."""
    speeds: Callable[[], tuple[Speed, ...]] = lambda: ()
    """What stands in the table of speeds."""
    _snapshots: dict[str, Snapshots] = field(default_factory=dict)
    _segments: dict[str, frozenset[int]] = field(default_factory=dict)
    _reports: dict[str, Experiment] = field(default_factory=dict)
    _tables: dict[str, TablePlan] = field(default_factory=dict)
    _shards: dict[str, int] = field(default_factory=dict)
    _clips: dict[str, list[str]] = field(default_factory=dict)

    @cached_property
    def named(self) -> Named:
        """The plan's parts by name."""
        return Named(self.plan, self.experiments_called)

    # ---- scores (data, training and looks: classes above) ----

    def protocol(self, wildcards: Wildcards) -> str:
        """A protocol, as a file holds it."""
        return protocol_yaml(self.named.protocol(wildcards.protocol))

    def reference(self, wildcards: Wildcards) -> str:
        """Features of the real clips that a run's snapshots are compared with."""
        reference = self.named.reference(wildcards.protocol)
        return paths.REFERENCE.format(data=self.named.run(wildcards.run).data.name, protocol=reference)

    def reference_of_data(self, wildcards: Wildcards) -> str:
        """Features of the real clips of a data set under a protocol."""
        reference = self.named.reference(wildcards.protocol)
        return paths.REFERENCE.format(data=self.named.data(wildcards.data).name, protocol=reference)

    def floor(self, wildcards: Wildcards) -> str | None:
        """What a perfect generator would score against a run's data set; none if the protocol does not ask for it."""
        if self.named.protocol(wildcards.protocol).settings.floor is None:
            return None
        return paths.FLOOR.format(data=self.named.run(wildcards.run).data.name, protocol=wildcards.protocol)

    def detector(self, wildcards: Wildcards) -> str | None:
        """The file of a protocol's detector; random-i3d and those of packages have none."""
        settings = self.named.protocol(wildcards.protocol).settings.detector
        return paths.DETECTOR.format(detector=settings.name) if settings.is_file else None

    def detector_address(self, wildcards: Wildcards) -> str:
        """Where a detector is fetched from; empty if nobody says."""
        return self.named.detector(wildcards.detector).url or ""

    def detector_hash(self, wildcards: Wildcards) -> str:
        """SHA-256 that a detector must have; empty if nobody says."""
        return self.named.detector(wildcards.detector).sha256 or ""

    def scored(self, wildcards: Wildcards) -> dict[str, str | int]:
        """What a score says of its run."""
        run = self.named.run(wildcards.run)
        return {"dataset": run.data.name, "model": run.model, "seed": run.seed}

    def candidates(self, wildcards: Wildcards) -> list[str]:
        """The scores among which a choice is made."""
        return candidates_of(self.named.chooser(wildcards.run, wildcards.chooser))

    def choice(self, wildcards: Wildcards) -> dict[str, str]:
        """Protocol and snapshots of these scores."""
        run = self.named.chooser(wildcards.run, wildcards.chooser)
        return asked_of(run, run.protocols[:1])

    def collected_scores(self, wildcards: Wildcards) -> list[str]:
        """The scores of a run that an experiment asks for."""
        return scores_of(self.named.collected(wildcards.run, wildcards.collection))

    def collection(self, wildcards: Wildcards) -> dict[str, str]:
        """Protocols and snapshots of these scores."""
        return collection_options(self.named.collected(wildcards.run, wildcards.collection))

    # ---- what people look at ----

    def experiment(self, wildcards: Wildcards) -> str:
        """What an experiment's report is about, as a file holds it."""
        return experiment_yaml(self._reported(wildcards.experiment))

    def experiment_file(self, wildcards: Wildcards) -> str:
        """The file that says what an experiment's report is about."""
        return paths.EXPERIMENT.format(experiment=wildcards.experiment, key=self.page_key(wildcards))

    def require_experiment(self, name: str) -> None:
        """Check that there is an experiment of this name; it may wait for its videos.

        Raises:
            ConfigError: there is none.
        """
        known("experiment", self.plan.experiments | dict.fromkeys(self.plan.waiting), name)

    def experiment_results(self, name: str) -> tuple[list[str], list[str]]:
        """All files of an experiment that are kept: what people read, and what that is made of, so that lost ones come back.

        The latter are every snapshot, all that the report is about, and the last states, to go on from.

        Raises:
            ConfigError: it cannot run, or the command line gives videos that it would not use.
        """
        experiment = self.named.experiment(name)
        self.require_given_videos(name)
        kept = self._reported(name).files
        for run in experiment.runs:
            kept += [_at(path, run, kimg) for path in (paths.NETWORKS, paths.SAMPLES) for kimg in run.kimgs]
            if run.name not in self.imported and run.kimgs[-1] in self._segments_of(run.name):
                kept.append(_at(paths.STATE, run, run.kimgs[-1]))
        return [*self._page_files(name), *self._figures_of(name), *self._tables_of(name)], [
            *kept,
            *self.all_again(name),
        ]

    def require_given_videos(self, name: str) -> None:
        """Check that an experiment uses the videos that the command line gives.

        Raises:
            ConfigError: it would not.
        """
        if self.given_videos is not None and name not in self.plan.given_videos_used_by:
            users = ", ".join(sorted(self.plan.given_videos_used_by)) or "none"
            raise ConfigError(
                f"{name}: --config videos={self.given_videos}: this experiment has its own videos; known to use it: {users}"
            )

    # ---- what the answers are made of ----

    def _reported(self, name: str) -> Experiment:
        """What an experiment's report is about."""
        if name not in self._reports:
            experiment = self.named.experiment(name)
            self._reports[name] = reported(experiment, table_names(experiment))
        return self._reports[name]


def _at(pattern: str, run: RunPlan, kimg: int, **more: str) -> str:
    return pattern.format(run=run.name, kimg=kimg, **more)

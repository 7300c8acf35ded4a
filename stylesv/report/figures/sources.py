"""What an experiment's figures are drawn from, read when a figure asks for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from stylesv.errors import DataError
from stylesv.files import project_of
from stylesv.records.experiment import Experiment, ReportedRun, read_experiment
from stylesv.records.log_line import LogLine, read_log
from stylesv.records.score import read_run_scores
from stylesv.records.shown_clips import ShownClips, read_shown_clips
from stylesv.report.score_row import score_row
from stylesv.report.score_table import ScoreTable, tabulate_protocols


@dataclass(frozen=True)
class Shown:
    """Clips under the name they have in figures: real, or a model; `number` is the model's, None for real clips."""

    name: str
    number: int | None
    clips: ShownClips


@dataclass(frozen=True)
class Sources:
    """An experiment's record, and its files relative to `root`, which holds `results`."""

    experiment: Experiment
    root: Path

    @classmethod
    def of(cls, file: Path) -> "Sources":
        """From the file of an experiment's record, at its place in results.

        Raises:
            ConfigError: it is missing or is none.
            DataError: it lies in no folder `results`.
        """
        return cls(read_experiment(file), project_of(file))

    @property
    def colours(self) -> tuple[str, ...]:
        """Colours of models, in order."""
        return self.experiment.style.colours

    @cached_property
    def models(self) -> dict[str, int]:
        """Every model and its number, in the order of the experiment."""
        names = dict.fromkeys(run.model for run in self.experiment.runs)
        return {name: number for number, name in enumerate(names)}

    @cached_property
    def score_tables(self) -> list[ScoreTable]:
        """A table of scores for each protocol.

        Raises:
            DataError: there are no scores of snapshots.
            ConfigError: scores of one protocol's name were made under different ones.
        """
        rows = [
            score_row(score)
            for run in self.experiment.runs
            for score in read_run_scores(self.root / run.scores)
            if score.scored.kimg is not None
        ]
        if not rows:
            raise DataError(f"{self.experiment.title}: no scores of snapshots to draw; score one")
        return tabulate_protocols(rows)

    @cached_property
    def tables_over_training(self) -> list[ScoreTable]:
        """The tables in which a run has scores of several snapshots; all where there is no such one.

        Raises:
            DataError, ConfigError: as `score_tables`.
        """
        found = [table for table in self.score_tables if _over_training(table)]
        return found or self.score_tables

    def dataset_of(self, run: str) -> str:
        """The data set of a run, without a key."""
        return next(each.dataset for each in self.experiment.runs if each.name == run)

    @cached_property
    def datasets(self) -> list[str]:
        """Data sets, without keys, in the order of the experiment."""
        return list(dict.fromkeys(run.dataset for run in self.experiment.runs))

    def logs(self) -> dict[str, list[LogLine]]:
        """Lines of the training log of every trained run."""
        return {run.name: read_log([self.root / log for log in run.logs]) for run in self.experiment.runs if run.logs}

    @cached_property
    def shown_runs(self) -> list[ReportedRun]:
        """Of each data set and model the run of the first seed, as far as clips are shown."""
        found: dict[tuple[str, str], ReportedRun] = {}
        for run in self.experiment.runs:
            if run.clips is not None:
                found.setdefault((run.dataset, run.model), run)
        return list(found.values())

    def shown(self, *, moving: bool = True) -> Iterator[tuple[str, list[Shown]]]:
        """Data sets, each with its real clips and those of its models; `moving`: only what has more than one frame."""
        for data in self.experiment.data:
            found = []
            if data.clips is not None:
                found.append(Shown("real", None, read_shown_clips(self.root / data.clips.shown)))
            for run in self.shown_runs:
                if run.dataset == data.dataset:
                    clips = read_shown_clips(self.root / run.clips.shown)
                    found.append(Shown(run.model, self.models[run.model], clips))
            found = [each for each in found if each.clips.moves or not moving]
            if any(each.number is not None for each in found):
                yield data.dataset, found


def _over_training(table: ScoreTable) -> bool:
    kimgs: dict[str, set[int]] = {}
    for row in table.rows:
        kimgs.setdefault(row.run, set()).add(row.kimg)
    return any(len(of_run) > 1 for of_run in kimgs.values())

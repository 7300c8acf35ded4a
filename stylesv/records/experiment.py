"""The record of an experiment: what its report is about, and where each part of it lies."""

from pathlib import Path
from typing import Literal

from stylesv.config.base import Settings
from stylesv.config.figures import DRAWN_FROM, FigureName, StyleSettings
from stylesv.errors import ConfigError
from stylesv.records.record_file import read_record, record_yaml


class ReportedSnapshot(Settings):
    """A snapshot of a run."""

    kimg: int
    """Thousands of frames shown to the discriminator."""
    samples: str
    """Picture of a few of its clips."""
    log: str | None
    """Log of the training that led to it; null for the first."""


class ReportedClips(Settings):
    """What is to be seen of a run, or of a data set's real clips."""

    shown: str
    """What figures are drawn from, safetensors."""
    film: str
    """Clips, MP4."""
    animation: str
    """The same, WebP."""


class ReportedDecomposition(Settings):
    """Clips of a run whose columns share content and whose rows share motion."""

    film: str
    """MP4."""
    animation: str
    """The same, WebP."""


class ReportedRun(Settings):
    """A run of the experiment."""

    name: str
    """Its name."""
    dataset: str
    """Its data set, without a key."""
    model: str
    """Its model."""
    seed: int
    """Its seed."""
    networks: str
    """The networks of its last snapshot."""
    recipe: str
    """Its recipe."""
    choice: str
    """The choice of its best snapshot."""
    scores: str
    """The scores of its snapshots."""
    snapshots: tuple[ReportedSnapshot, ...]
    """Its snapshots, the first one first."""
    clips: ReportedClips | None
    """What is to be seen of it; null for a run that another one starts from."""
    decomposition: ReportedDecomposition | None
    """Content and motion of it; null likewise."""
    nearest: str | None
    """Generated clips beside the nearest real ones, PNG; null where no protocol looks for them."""

    @property
    def logs(self) -> list[str]:
        """Logs of its training."""
        return [snapshot.log for snapshot in self.snapshots if snapshot.log is not None]


class ReportedData(Settings):
    """A data set of the experiment."""

    name: str
    """Its name."""
    dataset: str
    """The same without its key."""
    clips: ReportedClips | None
    """What is to be seen of its real clips; null: nothing is."""
    index: str
    """Index of its packed clips."""
    licence: str | None = None
    """Licence of its videos, which decides no result and so stands in no file with a key; null: nothing is known."""
    sheet: str | None = None
    """Its data sheet; null: none is shown."""
    contact_sheet: str | None = None
    """A frame of each of many clips, PNG."""
    lengths: str | None = None
    """Histogram of its clips' lengths, PNG."""


class ReportedTable(Settings):
    """A table of the experiment."""

    name: str
    """Its name: main, or that of a protocol."""
    csv: str
    """Every digit."""
    md: str
    """For people."""
    tex: str
    """For print."""
    html: str
    """For pages."""


class ReportedFigure(Settings):
    """A figure of the experiment."""

    name: FigureName
    """Its name."""
    png: str
    """For pages."""
    pdf: str
    """For print."""


class Experiment(Settings):
    """What a report is about. Files are given relative to the folder that holds `results`."""

    title: str
    """Title of tables, figures and report."""
    shown: Literal["best", "last"]
    """Which snapshot of a run its clips are of."""
    runs: tuple[ReportedRun, ...]
    """Its runs, parents before their children."""
    data: tuple[ReportedData, ...]
    """Its data sets."""

    tables: tuple[ReportedTable, ...]
    """Its tables."""
    figures: tuple[ReportedFigure, ...]
    """Its figures."""
    style: StyleSettings
    """How they are drawn."""

    @property
    def files(self) -> list[str]:
        """Every file that the report reads, but figures and tables."""
        found: list[str] = []
        for run in self.runs:
            found += [run.recipe, run.choice, run.scores, *run.logs, *_files(run.clips), *_files(run.decomposition)]
            found += [run.nearest] if run.nearest is not None else []
        for data in self.data:
            found += [file for file in (data.index, data.sheet, data.contact_sheet, data.lengths) if file is not None]
            found += _files(data.clips)
        return found

    def part_of(self, figure: FigureName) -> "Experiment":
        """What a figure has to know of it: nothing that could change and leave the figure as it is."""
        source = DRAWN_FROM[figure]
        blank = {"networks": "", "recipe": "", "choice": "", "scores": "", "snapshots": ()}
        blank |= {"clips": None, "decomposition": None, "nearest": None}
        kept = {"scores": "scores", "logs": "snapshots", "samples": "snapshots", "clips": "clips"}[source]
        runs = [
            run.model_copy(update={name: value for name, value in blank.items() if name != kept}) for run in self.runs
        ]
        if kept == "snapshots":
            unused = {"samples": ""} if source == "logs" else {"log": None}
            runs = [
                run.model_copy(update={"snapshots": tuple(each.model_copy(update=unused) for each in run.snapshots)})
                for run in runs
            ]
        data = [
            ReportedData(
                name=each.name, dataset=each.dataset, clips=each.clips if source == "clips" else None, index=""
            )
            for each in self.data
        ]
        more = {"title": "", "tables": (), "figures": ()}
        return self.model_copy(update={"runs": tuple(runs), "data": tuple(data), **more})

    def files_of(self, figure: FigureName) -> list[str]:
        """Every file that a figure is drawn from."""
        source = DRAWN_FROM[figure]
        if source == "scores":
            return [run.scores for run in self.runs]
        if source == "logs":
            return [log for run in self.runs for log in run.logs]
        if source == "samples":
            return [snapshot.samples for run in self.runs for snapshot in run.snapshots]
        return [each.clips.shown for each in (*self.data, *self.runs) if each.clips is not None]


def _files(part: Settings | None) -> list[str]:
    return [] if part is None else list(part.model_dump().values())


def read_experiment(path: Path) -> Experiment:
    """Read an experiment that the workflow wrote.

    Raises:
        ConfigError: it is missing or is not one.
    """
    advice = "delete it to make it again; experiments are files in config/experiments"
    return read_record(path, Experiment, what="experiment", advice=advice, error=ConfigError)


def experiment_yaml(experiment: Experiment) -> str:
    """An experiment as `read_experiment` reads it."""
    return record_yaml(experiment, "What a report is about; its settings are in config/experiments.")

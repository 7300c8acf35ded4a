"""The record of an experiment: what its report is about, and where each part of it lies."""

from pathlib import Path
from typing import Literal

from stylesv.config.base import Settings
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
    """What is to be seen of a run."""

    film: str
    """Real and generated clips, MP4."""
    strip: str
    """Frames over time, PNG."""
    slices: str
    """One column of pixels over time, PNG."""
    nearest: str | None
    """Generated clips beside the nearest real ones, PNG; null where no protocol looks for them."""


class ReportedRun(Settings):
    """A run of the experiment."""

    name: str
    """Its name."""
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


class ReportedData(Settings):
    """A data set of the experiment."""

    name: str
    """Its name."""
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

    @property
    def files(self) -> list[str]:
        """Every file that the report reads."""
        found = []
        for run in self.runs:
            found += [run.recipe, run.choice, run.scores]
            found += [file for each in run.snapshots for file in (each.samples, each.log) if file is not None]
            found += [file for file in run.clips.model_dump().values() if file is not None] if run.clips else []
        of_data = [file for each in self.data for file in (each.index, each.sheet, each.contact_sheet, each.lengths)]
        return found + [file for file in of_data if file is not None]


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

"""The record of an experiment's tables: which runs and protocols they are of, and where the numbers lie."""

from pathlib import Path

from pydantic import Field

from stylesv.config.base import Settings
from stylesv.config.protocol import ProtocolSettings
from stylesv.errors import ConfigError
from stylesv.records.beside import ARTEFACTS
from stylesv.records.published import PublishedMetric
from stylesv.records.record_file import read_record, record_yaml

LONG_SHARES = {"still": "share of clips that stand still", "repeating": "share of clips that repeat themselves"}
"""What tables of long videos say of how clips move."""


class TabledProtocol(Settings):
    """A protocol of the experiment."""

    id: str
    """Its name and key."""
    name: str
    """Its name."""
    label: str
    """Its measure as the papers write it: FVD16, eVD16."""
    published_as: PublishedMetric | None
    """The published measure that it computes; null: none."""
    last: bool
    """Whether it scores the last snapshot of a run alone."""
    long_video: tuple[str, ...]
    """Names of the numbers of long videos that it measures, such as sticking (`long_video_numbers`)."""


class TabledRun(Settings):
    """A run of the experiment."""

    name: str
    """Its name."""
    dataset: str
    """Name of its data set's settings: sky."""
    data: str
    """Name of its packed clips, with their key."""
    model: str
    """Its model."""
    seed: int
    """Its seed."""
    tabled: bool
    """Whether it is one of the experiment's models; false: only their parent."""
    kimgs: tuple[int, ...]
    """Its snapshots, the first one first."""
    protocols: tuple[str, ...]
    """Names and keys of the protocols that score it; the first one chooses its best snapshot."""
    choice: str
    """File of the choice of its best snapshot."""
    scores: str
    """File of its scores."""
    # neither is there where it is not used, so that names of plans from before them stay
    imported: bool = Field(default=False, exclude_if=lambda imported: not imported)
    """Whether its networks are a checkpoint that others published."""
    stands_for: str | None = Field(default=None, exclude_if=lambda model: model is None)
    """The model whose published numbers its own stand beside; null: its own model's."""


class TabledData(Settings):
    """A data set of the experiment."""

    name: str
    """Its name, with its key."""
    dataset: str
    """Name of its settings."""
    resolution: int
    """Height and width of its frames, pixels."""
    sheet: str
    """File of its data sheet."""


class PlannedStage(Settings):
    """Jobs of one rule for one data set, model and protocol."""

    stage: str
    """The rule."""
    dataset: str
    """Name of the data set's settings."""
    model: str
    """The model; empty: jobs of the data set."""
    name: str
    """Name of the protocol; empty: none."""
    resolution: int
    """Height and width of frames, pixels."""
    jobs: int
    """How many there are, from nothing."""
    kimg: int
    """Thousands of frames that they train on, together; 0: they train nothing."""
    kimgs: tuple[int, ...]
    """The snapshots that they make or score, in place of `{kimg}` in `benchmarks`; none: there is no such place."""
    benchmarks: tuple[str, ...]
    """Where Snakemake leaves what these jobs took and no others, each a file or a pattern of them below `benchmarks`."""


class TablePlan(Settings):
    """What tables are made of. Files are given relative to the folder that holds `results`."""

    experiment: str
    """Name of the experiment."""
    title: str
    """Its title."""
    models: tuple[str, ...]
    """Its models, in its order."""
    protocols: tuple[TabledProtocol, ...]
    """Its protocols, in its order."""
    runs: tuple[TabledRun, ...]
    """Its runs, parents before their children."""
    data: tuple[TabledData, ...]
    """Its data sets."""
    stages: tuple[PlannedStage, ...]
    """Its jobs, in the order of doing them."""
    speeds: tuple[str, ...]
    """Files of the speeds that are measured on the machine, for models that config/speeds.csv does not know."""

    @property
    def files(self) -> list[str]:
        """Every file that tables read."""
        of_runs = [file for run in self.runs for file in (run.choice, run.scores)]
        return of_runs + [data.sheet for data in self.data]

    def protocol(self, name: str) -> TabledProtocol:
        """The protocol of that name and key."""
        return next(protocol for protocol in self.protocols if protocol.id == name)

    def published_as(self, model: str) -> str:
        """The model of the published numbers that a model's own stand beside."""
        return next((run.stands_for for run in self.runs if run.model == model and run.stands_for), model)

    def of(self, dataset: str, model: str) -> tuple[TabledRun, ...]:
        """The runs of a model on a data set, a seed each."""
        return tuple(run for run in self.runs if (run.dataset, run.model, run.tabled) == (dataset, model, True))


def long_video_numbers(settings: ProtocolSettings) -> tuple[str, ...]:
    """What a protocol measures of long videos: late clips, sticking, jitter, repetition, and how they move; else nothing."""
    if settings.drift is None and settings.artefacts is None:
        return ()
    late = [late_number(start) for start in settings.drift.start_times] if settings.drift else []
    return (*late, *(ARTEFACTS if settings.artefacts else ()), *(LONG_SHARES if settings.measured_motion else ()))


def late_number(start_time: int) -> str:
    """Name of the score of clips that start at a frame."""
    return f"from frame {start_time}"


def read_table_plan(path: Path) -> TablePlan:
    """Read what an experiment's tables are made of.

    Raises:
        ConfigError: it is missing or is no such plan.
    """
    advice = "delete it to make it again; experiments are files in config/experiments"
    return read_record(path, TablePlan, what="plan of tables", advice=advice, error=ConfigError)


def table_plan_yaml(plan: TablePlan) -> str:
    """Such a plan as `read_table_plan` reads it."""
    return record_yaml(plan, "What an experiment's tables are made of; its settings are in config/experiments.")

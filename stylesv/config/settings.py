"""The whole of the settings: what `config/config.yaml` holds, and what an experiment file may say."""

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, NonNegativeInt, model_validator

from stylesv.config.base import Count, NonNegative, Positive, Seed, Settings
from stylesv.config.dataset import DatasetSettings
from stylesv.config.figures import FigureSettings
from stylesv.config.films import FilmSettings
from stylesv.config.model import DiscriminatorSettings, GeneratorSettings
from stylesv.config.protocol import ProtocolSettings
from stylesv.config.sources import Sha256
from stylesv.config.training import TrainingSettings
from stylesv.threads import MOST_CPU_THREADS

NAME_PATTERN = r"^[A-Za-z0-9_.-]+$"
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
TableName = Literal["main", "ablation", "protocols", "long_video", "cost"]
TABLES: tuple[str, ...] = get_args(TableName)


MOST_SEGMENTS = 10_000
"""Of a run: each is a job, and beyond it a plan takes longer than anyone waits."""


class LengthSettings(Settings):
    """How long a run is; not part of its recipe."""

    total_kimg: NonNegativeInt
    """Length of the run in thousands of frames shown to the discriminator; raising it continues the run."""
    segment_kimg: Count
    """Thousands of frames from one snapshot (and one job) to the next."""

    @model_validator(mode="after")
    def _is_planned_soon(self) -> "LengthSettings":
        count = -(-self.total_kimg // self.segment_kimg)
        if count > MOST_SEGMENTS:
            raise ValueError(
                f"total_kimg {self.total_kimg} and segment_kimg {self.segment_kimg}: {count:,} segments, each a job, and at most "
                f"{MOST_SEGMENTS:,} are planned; take longer ones"
            )
        return self


class CheckpointSettings(Settings):
    """A published checkpoint, imported instead of trained."""

    pickle: str
    """Its file, or its address (http, https, file), from which a rule fetches it."""
    sha256: Sha256 | None
    """SHA-256 of the file, which is its identity here; `sha256sum FILE` prints it. null: nobody has published that of an
    address; the first fetch names it and stops, and goes on once it is written in here."""
    stands_for: Name | None = None
    """The model of config/published.csv whose numbers its authors published for it; ours stand beside them. null: none."""

    @model_validator(mode="after")
    def _is_known(self) -> "CheckpointSettings":
        if self.sha256 is None and not self.is_address:
            raise ValueError(f"sha256 is null, but {self.pickle} is a file; give what `sha256sum {self.pickle}` prints")
        return self

    @property
    def is_address(self) -> bool:
        """Whether it has to be fetched."""
        return "://" in self.pickle

    @property
    def identity(self) -> str:
        """What stands for its content in a key."""
        return self.sha256 or self.pickle


class ModelSettings(Settings):
    """Networks and their training."""

    source: CheckpointSettings | None
    """Checkpoint to import; the model then has one snapshot, and its networks are the file's. null: it is trained."""
    parent: Name | None
    """Model that this one starts from a snapshot of (image pretraining); null starts from scratch."""
    parent_snapshot: Literal["best", "last"]
    """With a parent, which of its snapshots: the one with the best score, or the last, which waits for no score."""
    parent_dataset: Name | None
    """Data set that the parent is trained on; null: the same."""
    mismatched: Literal["fail", "new"]
    """Tensors of the parent that have another shape here: an error, or new ones in their place, listed in the log."""
    motion_mask: Literal["parent", "new"]
    """With a parent, where the learnt factor on the motion code starts: at the parent's, or as without a parent, at
    generator.synthesis.init_motion_mask. docs/model.md 10."""
    generator: GeneratorSettings
    """The generator."""
    discriminator: DiscriminatorSettings
    """The discriminator."""
    training: TrainingSettings
    """Loss, optimisers, augmentation and sampling."""
    length: LengthSettings
    """How long the run is."""

    @model_validator(mode="after")
    def _one_origin(self) -> "ModelSettings":
        if self.source is not None and self.parent is not None:
            raise ValueError(
                "source and parent exclude each other: an imported model is not trained; set parent to null"
            )
        if self.parent is None and self.parent_dataset is not None:
            raise ValueError("parent_dataset is for a model that has a parent; set it to null")
        if self.motion_mask == "new" and (self.parent is None or self.generator.synthesis is None):
            raise ValueError(
                "motion_mask new is for a model with a parent and the alias-free generator, which has a mask; set it to parent"
            )
        return self


class MachineSettings(Settings):
    """What a machine offers; decides speed, not results."""

    cpu_threads: Annotated[int, Field(ge=1, le=MOST_CPU_THREADS)]
    """Threads of one training or scoring process on a CPU; keep it when bytes must be equal to an earlier run's."""
    cpu_processes: Annotated[int, Field(ge=1, le=MOST_CPU_THREADS)]
    """Processes that train one run on a CPU, each its share of a batch, with memory of its own; as many of them as the batch
    can be cut for. GPUs have a process each, whatever this is."""
    num_workers: Annotated[int, Field(ge=0, le=MOST_CPU_THREADS)]
    """Threads that read and decode frames ahead of training, and processes that render and pack videos."""
    tick_kimg: Positive
    """Thousands of frames between two lines of a training log."""
    partial_every: NonNegative
    """Minutes between two partial states inside a segment: what a kill can cost at most."""
    accumulation: Count
    """Parts that a process takes its clips of a batch in, one after the other, when they do not fit into its memory."""


class ProtocolNames(Settings):
    """Which protocols score the snapshots; the first of a list also chooses the best snapshot."""

    image: tuple[Name, ...]
    """Protocols for models of single frames."""
    video: tuple[Name, ...]
    """Protocols for models of clips."""
    last: tuple[Name, ...] = ()
    """Protocols for the last snapshot of models of clips alone: what tables ask of one checkpoint, and not of all."""


class DatasetModels(Settings):
    """What models of an experiment are on one of its data sets."""

    model: dict[str, Any] = {}
    """Settings of every model on it."""
    per_model: dict[Name, dict[str, Any]] = {}
    """Settings of one model on it, by its name."""


class ExperimentSettings(Settings):
    """What one experiment runs: every model on every data set with every seed."""

    title: Annotated[str, Field(pattern=r"^[^\r\n]*$")]
    """Title of tables, figures and report, in one line."""
    datasets: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Names of files in config/datasets/."""
    models: Annotated[tuple[Name, ...], Field(min_length=1)]
    """Names of files in config/models/; parents are added."""
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1)]
    """Seeds; each is a run of its own."""
    protocols: ProtocolNames
    """Names of files in config/protocols/."""


class ExperimentFile(ExperimentSettings):
    """An experiment file: its runs, and settings that differ from config.yaml and the named files."""

    extends: Name | None = None
    """Another experiment whose file is read first."""
    dataset: dict[str, Any] = {}
    """Settings of every data set of this experiment."""
    model: dict[str, Any] = {}
    """Settings of every model of this experiment."""
    per_model: dict[Name, dict[str, Any]] = {}
    """Settings of one model of this experiment, by its name."""
    per_dataset: dict[Name, DatasetModels] = {}
    """Settings of models on one data set of this experiment, by its name; on top of those above."""
    protocol: dict[str, Any] = {}
    """Settings of every protocol of this experiment."""
    figures: dict[str, Any] = {}
    """Settings of its figures."""
    films: dict[str, Any] = {}
    """Settings of its videos."""
    tables: tuple[TableName, ...] | None = None
    """Its tables, beside one of each protocol's scores; null: those of config.yaml."""


class BaseSettings(Settings):
    """`config/config.yaml`: every setting, with its unit and source."""

    dataset: DatasetSettings
    """A data set, unless its file or an experiment says otherwise."""
    model: ModelSettings
    """A model, unless its file or an experiment says otherwise."""
    protocol: ProtocolSettings
    """A protocol of scoring, unless its file or an experiment says otherwise."""
    figures: FigureSettings
    """Films, strips and curves."""
    films: FilmSettings
    """Videos that the target `films` makes of the experiment's runs."""
    tables: tuple[TableName, ...]
    """Tables of an experiment that names none: main (paper and ours), ablation (models in rows, data sets in columns),
    protocols (one checkpoint under every protocol), long_video (late clips, and what a score misses), cost."""
    machine: MachineSettings
    """Threads and workers."""

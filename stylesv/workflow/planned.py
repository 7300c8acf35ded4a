"""What the settings come to: data sets, runs and experiments by name, and the recipes that runs are named after."""

from dataclasses import dataclass

from stylesv.config.dataset import DatasetSettings
from stylesv.config.figures import FigureSettings
from stylesv.config.films import FilmSettings
from stylesv.config.recipe import RECIPE_VERSIONS, recipe_key
from stylesv.config.settings import MachineSettings, ModelSettings
from stylesv.records.protocol import Protocol
from stylesv.records.recipe import DataRecipe, ImportedRecipe, ParentRecipe, Recipe, TrainedRecipe


@dataclass(frozen=True)
class DataPlan:
    """Packed clips: `name` is {dataset}-{key}; `videos` is the folder or zip of raw videos, which rules make or a user has.

    `fetched` is the name of what is fetched for it; several data sets may share one. Clips of a table lie in several zips,
    `videos` is then their folder. `num_shards` jobs pack it, if none has begun yet.
    """

    name: str
    dataset: str
    recipe: DataRecipe
    settings: DatasetSettings
    videos: str
    rendered: bool
    fetched: str | None
    num_shards: int


@dataclass(frozen=True)
class RunPlan:
    """A training run: `name` is {dataset}-{model}-s{seed}-{key}; `kimgs` are its snapshots, 0 first."""

    name: str
    model: str
    seed: int
    data: DataPlan
    recipe: Recipe
    settings: ModelSettings
    kimgs: tuple[int, ...]
    protocols: tuple[Protocol, ...]
    last_protocols: tuple[Protocol, ...]
    """Those that score its last snapshot alone."""
    parent: "RunPlan | None"

    @property
    def ancestors(self) -> "tuple[RunPlan, ...]":
        """Its parent and the parent's, the first of them first."""
        return () if self.parent is None else (*self.parent.ancestors, self.parent)

    @property
    def scored(self) -> "tuple[tuple[Protocol, int], ...]":
        """Protocol and snapshot of each of its scores."""
        every = ((protocol, kimg) for protocol in self.protocols for kimg in self.kimgs)
        return (*every, *((protocol, self.kimgs[-1]) for protocol in self.last_protocols))

    @property
    def chooser(self) -> str:
        """Name of the file that holds the best snapshot: what decides the choice, and a key of the candidates."""
        return f"{self.protocols[0].choice.id}-{recipe_key({'kimgs': list(self.kimgs)})}"


@dataclass(frozen=True)
class ExperimentPlan:
    """What a target such as `demo` makes; parents stand before their children in `runs`."""

    name: str
    title: str
    models: tuple[str, ...]
    """Those it is about; `runs` has their parents, too."""
    runs: tuple[RunPlan, ...]
    figures: FigureSettings
    films: FilmSettings
    tables: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """All experiments whose raw videos are known, and all they need, by name.

    Two experiments may share a run and differ in its length or protocols: `runs` then holds one of them, `kimgs` all
    snapshots that either asks for, and `choosers` the candidates of each choice of a best snapshot, as
    each experiment scores them.
    """

    experiments: dict[str, ExperimentPlan]
    runs: dict[str, RunPlan]
    kimgs: dict[str, frozenset[int]]
    choosers: dict[tuple[str, str], dict[str, RunPlan]]
    data: dict[str, DataPlan]
    protocols: dict[str, Protocol]
    references: dict[str, Protocol]
    """What protocols ask of real clips; several of them may share one."""
    machine: MachineSettings
    waiting: dict[str, str]
    """Experiments that cannot run yet, and what they wait for."""
    given_videos_used_by: frozenset[str]
    """Experiments with a data set whose videos `--config videos=` gives."""


def trained_recipe(settings: ModelSettings, data: DataPlan, seed: int, parent: RunPlan | None) -> TrainedRecipe:
    """All that decides a trained run's content."""
    origin = None
    if parent is not None:
        last = settings.parent_snapshot == "last"
        origin = ParentRecipe(
            run=parent.name,
            snapshot=settings.parent_snapshot,
            by=None if last else parent.protocols[0].choice.key,
            of_kimgs=parent.kimgs[-1:] if last else parent.kimgs,
            mismatched=settings.mismatched,
            motion_mask=settings.motion_mask,
        )
    return TrainedRecipe(
        version=RECIPE_VERSIONS["train"],
        data=data.recipe,
        seed=seed,
        generator=settings.generator,
        discriminator=settings.discriminator,
        training=settings.training,
        parent=origin,
    )


def imported_recipe(settings: ModelSettings, data: DataPlan) -> ImportedRecipe:
    """All that decides an imported run's content: the file, and the data it is compared with."""
    return ImportedRecipe(version=RECIPE_VERSIONS["import"], data=data.recipe, source=settings.source.identity)


def snapshot_kimgs(total_kimg: int, segment_kimg: int) -> tuple[int, ...]:
    """0, one segment, two segments, ..., total; the last segment may be shorter."""
    return (*range(0, total_kimg, segment_kimg), total_kimg)

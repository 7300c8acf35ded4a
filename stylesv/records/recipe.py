"""The record of a recipe: all that decides the content of a data set or of a run, and so its name.

What a recipe leaves out is said in `stylesv.config.recipe`. Its fields are what is hashed: a new one, or a new name of one,
gives every result a new name.
"""

import re
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from stylesv.config.base import Seed, Settings
from stylesv.config.dataset import PackSettings
from stylesv.config.model import DiscriminatorSettings, GeneratorSettings
from stylesv.config.recipe import recipe_key
from stylesv.config.sources import RenderSettings, ShotSettings
from stylesv.config.training import TrainingSettings
from stylesv.config.yaml_files import read_layer, write_yaml
from stylesv.errors import ConfigError
from stylesv.records.record_file import one_error, record_of

_ADVICE = "give the recipe.yaml that the workflow wrote, or delete it to make it again"


class RecipePart(Settings):
    """Whatever has a key of its own."""

    @property
    def key(self) -> str:
        """8 hex digits that stand for all of it."""
        return recipe_key(self.model_dump(mode="json"))


class RenderedVideos(RecipePart):
    """Raw videos that are rendered."""

    render: RenderSettings
    """Their scenes."""
    version: int
    """Of the code that renders them."""


class GivenVideos(RecipePart):
    """Raw videos that a user has."""

    fingerprint: str
    """Of their names and sizes."""


class FetchedFiles(RecipePart):
    """The parts of an archive, which data sets of different folders in it share."""

    parts: tuple[str, ...]
    """Of each its SHA-256, or its address where nobody knows that."""


class FetchedArchive(FetchedFiles):
    """Raw videos in an archive that is fetched."""

    inside: str | None
    """Folder in it that they lie in; null: all of it."""


class FetchedFilms(RecipePart):
    """A table of clips and the films it is about, which attempts share."""

    table: str
    """SHA-256 of the table, or its address where nobody knows that."""
    films: str
    """Address of a film, with {id} where its id stands."""
    film_format: str
    """Which of a film's files is taken."""
    partition: str | None
    """Rows that are taken; null: all."""


class FetchedClips(FetchedFilms):
    """Raw videos that are cut out of films that are fetched."""

    attempt: int
    """Which one it is to get them."""


class DataRecipe(RecipePart):
    """All that decides a data set's packed clips."""

    source: RenderedVideos | GivenVideos | FetchedArchive | FetchedClips
    """Its raw videos."""
    # what is not used is not there: names from before there were shots and lists stay (those from before there were labels, which
    # are among the settings of packing, do not)
    shots: ShotSettings | None = Field(default=None, exclude_if=lambda shots: shots is None)
    """How they are cut into shots; null: not at all."""
    leave_out: tuple[str, ...] = Field(default=(), exclude_if=lambda names: not names)
    """What is left out of them."""
    packing: PackSettings
    """How they are packed."""
    version: int
    """Of the code that packs them."""


class ParentRecipe(Settings):
    """The snapshot that a run starts from."""

    run: str
    """Name of its run."""
    snapshot: Literal["best", "last"]
    """Which one of them it is."""
    by: str | None
    """The score that tells the best: name and key of what decides the choice; null: the last one, which no score chooses."""
    of_kimgs: tuple[int, ...]
    """The snapshots that it is chosen from; or the last one."""
    mismatched: Literal["fail", "new"]
    """What becomes of tensors that have another shape here."""
    motion_mask: Literal["parent", "new"]
    """Whether the factor on the motion code is the snapshot's, or a new one."""

    @model_validator(mode="after")
    def _chosen_or_last(self) -> "ParentRecipe":
        if (self.snapshot == "last") != (self.by is None) or (self.by is None and len(self.of_kimgs) != 1):
            raise ValueError("the best snapshot is chosen by a score; the last one is one, and chosen by none")
        return self


class TrainedRecipe(RecipePart):
    """All that decides the content of a run that is trained."""

    version: int
    """Of the code that trains it."""
    data: DataRecipe
    """What it is trained on."""
    seed: Seed
    """Of its weights and of everything that is drawn."""
    generator: GeneratorSettings
    """Its generator."""
    discriminator: DiscriminatorSettings
    """Its discriminator."""
    training: TrainingSettings
    """How they are trained."""
    parent: ParentRecipe | None
    """What it starts from; null: fresh networks."""


class ImportedRecipe(RecipePart):
    """All that decides the content of a run whose networks are a published checkpoint."""

    version: int
    """Of the code that imports it."""
    data: DataRecipe
    """What it is compared with."""
    source: str
    """SHA-256 of the checkpoint's file, or its address where nobody knows that: nothing is imported then."""


Recipe = TrainedRecipe | ImportedRecipe


def recipe_yaml(recipe: DataRecipe | Recipe) -> str:
    """A recipe as its readers read it, its key in the first line."""
    values = recipe.model_dump(mode="json")
    return f"# recipe key: {recipe.key}\n" + write_yaml(values)


def read_recipe(path: Path) -> Recipe:
    """Read the recipe of a run, trained or imported.

    Raises:
        ConfigError: it is missing, is no such recipe, or was edited by hand (its key no longer fits).
    """
    what = "recipe of a run"
    values = _values(Path(path), what)
    kind = ImportedRecipe if "source" in values else TrainedRecipe
    return record_of(values, kind, path, what=what, advice=_ADVICE, error=ConfigError)


def read_trained_recipe(path: Path) -> TrainedRecipe:
    """Read the recipe of a run that is trained.

    Raises:
        ConfigError: see `read_recipe`; or the run is imported.
    """
    recipe = read_recipe(path)
    if isinstance(recipe, ImportedRecipe):
        raise ConfigError(
            f"{path}: is the recipe of a run that is imported, not trained; give the recipe.yaml of a trained run"
        )
    return recipe


def read_imported_recipe(path: Path) -> ImportedRecipe:
    """Read the recipe of a run that is imported.

    Raises:
        ConfigError: see `read_recipe`; or the run is trained.
    """
    recipe = read_recipe(path)
    if isinstance(recipe, TrainedRecipe):
        raise ConfigError(
            f"{path}: is the recipe of a run that is trained, not imported; give the recipe.yaml of an imported run"
        )
    return recipe


def read_data_recipe(path: Path) -> DataRecipe:
    """Read the recipe of a data set.

    Raises:
        ConfigError: it is missing, is no such recipe, or was edited by hand (its key no longer fits).
    """
    what = "recipe of a data set"
    return record_of(_values(Path(path), what), DataRecipe, path, what=what, advice=_ADVICE, error=ConfigError)


def read_clips_recipe(path: Path) -> DataRecipe:
    """Read the recipe of a data set of a table of clips.

    Raises:
        ConfigError: see `read_data_recipe`; or its videos come from elsewhere.
    """
    recipe = read_data_recipe(path)
    if not isinstance(recipe.source, FetchedClips):
        raise ConfigError(
            f"{path}: is the recipe of a data set without a table of clips; give that of one with clip_list"
        )
    return recipe


def read_shots_recipe(path: Path) -> DataRecipe:
    """Read the recipe of a data set that is cut into shots.

    Raises:
        ConfigError: see `read_data_recipe`; or it is not.
    """
    recipe = read_data_recipe(path)
    if recipe.shots is None:
        raise ConfigError(
            f"{path}: is the recipe of a data set that is not cut into shots; give that of one with shots"
        )
    return recipe


def _values(path: Path, what: str) -> dict[str, Any]:
    """What a recipe's file says, if its key fits."""
    with one_error(path, what=what, advice=_ADVICE, error=ConfigError):
        values = read_layer(path).values
        key = recipe_key(values)
        written = re.match(r"# recipe key: ([0-9a-f]{8})\n", path.read_text(encoding="utf-8"))
    if written and written[1] != key:
        raise ConfigError(
            f"{path}: its content has key {key} but it was written as {written[1]}; "
            "change settings in config/ (a changed setting is another run), not in recipe.yaml"
        )
    return values

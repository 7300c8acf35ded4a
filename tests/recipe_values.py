"""Recipes for tests: whole ones, of the settings in config/ with what a test changes."""

import json
from pathlib import Path
from typing import Any

from stylesv.config.dataset import PackSettings
from stylesv.config.yaml_files import Layer, merge, read_layer
from stylesv.records.recipe import DataRecipe, GivenVideos, ImportedRecipe, ParentRecipe, TrainedRecipe

CONFIG = Path(__file__).resolve().parents[1] / "config"
SHA256 = "ab" * 32


def changed(recipe: TrainedRecipe, changes: dict[str, Any]) -> TrainedRecipe:
    """A recipe with other values, which are given as they are nested in it."""
    return TrainedRecipe.model_validate_json(json.dumps(_merged(recipe.model_dump(mode="json"), changes)))


def data_recipe(**packing: Any) -> DataRecipe:
    """The recipe of a data set of a user's videos."""
    settings = {"resolution": 32, "crop": "center", "fps": None, "min_frames": 8, "max_frames": None}
    settings |= {"jpeg_quality": 95, "damaged": "drop", "labels": None}
    source = GivenVideos(fingerprint="0123456789abcdef")
    return DataRecipe(source=source, packing=PackSettings(**settings | packing), version=1)


def trained_recipe(*, resolution: int = 32, parent: str | None = None, **changes: Any) -> TrainedRecipe:
    """A recipe of config.yaml's model; `parent` is the run it starts from, `changes` are nested as in the recipe."""
    model = read_layer(CONFIG / "config.yaml").values["model"]
    origin = None
    if parent is not None:
        choice = {"snapshot": "best", "by": "rfid-0123abcd", "of_kimgs": (0, 4)}
        choice |= {"mismatched": "fail", "motion_mask": "parent"}
        origin = ParentRecipe(run=parent, **choice).model_dump(mode="json")
    values = {name: model[name] for name in ("generator", "discriminator", "training")}
    data = data_recipe(resolution=resolution).model_dump(mode="json")
    values |= {"version": 3, "data": data, "seed": 0, "parent": origin}
    return TrainedRecipe.model_validate_json(json.dumps(_merged(values, changes)))


def imported_recipe() -> ImportedRecipe:
    """A recipe of a published checkpoint."""
    return ImportedRecipe(version=1, data=data_recipe(), source=SHA256)


def _merged(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return merge(Layer(values, {}), Layer(changes, {})).values

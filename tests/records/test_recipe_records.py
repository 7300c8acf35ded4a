"""Recipes: what names results. Their files are read as they were written; one that was changed by hand is noticed."""

import json

import pytest
import yaml
from recipe_values import changed, data_recipe, imported_recipe, trained_recipe

from stylesv.config.dataset import PackSettings
from stylesv.config.recipe import RECIPE_VERSIONS, recipe_key
from stylesv.errors import ConfigError
from stylesv.records.recipe import (
    read_clips_recipe,
    read_data_recipe,
    read_imported_recipe,
    read_recipe,
    read_shots_recipe,
    read_trained_recipe,
    recipe_yaml,
)
from stylesv.workflow.plan import load_plan

RECIPES = {
    "trained": (trained_recipe(), read_trained_recipe),
    "finetuned": (trained_recipe(parent="sky-image-s0-00000000"), read_trained_recipe),
    "imported": (imported_recipe(), read_imported_recipe),
    "data": (data_recipe(fps=12.5), read_data_recipe),
}
DATA_TEXT = """\
# recipe key: 79907afc
packing:
  crop: center
  damaged: drop
  fps: 12.5
  jpeg_quality: 95
  labels: null
  max_frames: null
  min_frames: 8
  resolution: 32
source:
  fingerprint: 0123456789abcdef
version: 1
"""


@pytest.fixture
def file(tmp_path):
    def write(text):
        (tmp_path / "recipe.yaml").write_text(text, encoding="utf-8")
        return tmp_path / "recipe.yaml"

    return write


@pytest.mark.parametrize(("recipe", "read"), RECIPES.values(), ids=RECIPES)
def test_a_recipe_survives_its_file(file, recipe, read):
    found = read(file(recipe_yaml(recipe)))
    assert found == recipe and found.key == recipe.key
    assert recipe_yaml(found) == recipe_yaml(recipe)


def test_the_bytes_of_a_recipe_are_these(file):
    assert recipe_yaml(data_recipe(fps=12.5)) == DATA_TEXT
    assert recipe_yaml(imported_recipe()).startswith("# recipe key: 612becc7\ndata:\n  packing:\n    crop: center\n")


def test_names_are_made_of_settings_alone(root):
    """Against the recipe put together by hand from a plan's settings."""
    for run in load_plan(root / "config").runs.values():
        if not run.data.rendered:  # tests/workflow/test_fetched_plans.py
            continue
        data = run.data.settings.model_dump(mode="json")
        kept = {name: data[name] for name in PackSettings.model_fields}
        if kept["codec"] == "jpeg":  # names are older than the other one
            del kept["codec"]
        source = {"render": data["source"]["rendered"], "version": RECIPE_VERSIONS["videos"]}
        recipe = {"source": source, "packing": kept, "version": RECIPE_VERSIONS["data"]}
        assert run.data.videos == f"results/videos/{run.data.dataset}-{recipe_key(source)}"
        assert run.data.name == f"{run.data.dataset}-{recipe_key(recipe)}"
        model = run.settings.model_dump(mode="json")
        origin = None
        if run.parent is not None:
            choice = {"by": run.parent.protocols[0].choice.key, "of_kimgs": list(run.parent.kimgs)}
            if model["parent_snapshot"] == "last":
                choice = {"by": None, "of_kimgs": [run.parent.kimgs[-1]]}
            kept = {name: model[name] for name in ("mismatched", "motion_mask")}
            origin = {"run": run.parent.name, "snapshot": model["parent_snapshot"], **kept, **choice}
        values = {name: model[name] for name in ("generator", "discriminator", "training")}
        values |= {"version": RECIPE_VERSIONS["train"], "data": recipe, "seed": run.seed, "parent": origin}
        assert run.name == f"{run.data.dataset}-{run.model}-s{run.seed}-{recipe_key(values)}"
        text = yaml.safe_dump(values, sort_keys=True, allow_unicode=True)
        assert recipe_yaml(run.recipe) == f"# recipe key: {recipe_key(values)}\n{text}"


@pytest.mark.parametrize(("recipe", "read"), RECIPES.values(), ids=RECIPES)
def test_a_recipe_edited_by_hand_is_refused(file, recipe, read):
    text = recipe_yaml(recipe)
    with pytest.raises(ConfigError, match="a changed setting is another run"):
        read(file(text.replace("jpeg_quality: 95", "jpeg_quality: 96")))


@pytest.mark.parametrize(("recipe", "read"), RECIPES.values(), ids=RECIPES)
def test_a_file_that_is_no_such_recipe_is_one_error(file, tmp_path, recipe, read):
    whole = recipe.model_dump(mode="json")
    more = json.dumps(whole | {"note": 1})
    less = json.dumps({name: value for name, value in whole.items() if name != "version"})
    mistyped = json.dumps(whole | {"version": "1"})
    for text in ("", "{}", "[1]", "{", "a: 1\na: 2\n", "version: .inf", "version: 2026-01-01", more, less, mistyped):
        with pytest.raises(
            ConfigError, match=r"recipe\.yaml: is not a recipe of a (run|data set) \(.+\); give"
        ) as caught:
            read(file(text))
        assert "\n" not in str(caught.value)
    with pytest.raises(ConfigError, match=r"missing\.yaml: .*no such file"):
        read(tmp_path / "missing.yaml")


def test_a_recipe_of_another_kind_is_called_so(file):
    with pytest.raises(ConfigError, match="of a run that is imported, not trained"):
        read_trained_recipe(file(recipe_yaml(imported_recipe())))
    with pytest.raises(ConfigError, match="of a run that is trained, not imported"):
        read_imported_recipe(file(recipe_yaml(trained_recipe())))
    with pytest.raises(ConfigError, match="is not a recipe of a run"):
        read_recipe(file(recipe_yaml(data_recipe())))
    with pytest.raises(ConfigError, match="is not a recipe of a data set"):
        read_data_recipe(file(recipe_yaml(imported_recipe())))


@pytest.mark.parametrize(
    ("read", "words"),
    [(read_clips_recipe, "without a table of clips"), (read_shots_recipe, "that is not cut into shots")],
)
def test_a_recipe_of_other_data_is_called_so(tmp_path, read, words):
    (tmp_path / "recipe.yaml").write_text(recipe_yaml(data_recipe()))
    with pytest.raises(ConfigError, match=f"is the recipe of a data set {words}; give that of one with"):
        read(tmp_path / "recipe.yaml")


def test_a_changed_value_is_another_key():
    recipe = trained_recipe()
    assert changed(recipe, {"training": {"batch_size": recipe.training.batch_size}}).key == recipe.key
    assert changed(recipe, {"training": {"batch_size": recipe.training.batch_size + 1}}).key != recipe.key

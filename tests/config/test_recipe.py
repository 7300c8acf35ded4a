"""Recipes: equal values have equal keys, and a recipe edited by hand is noticed."""

import hashlib

import pytest

from stylesv.config.recipe import read_recipe, recipe_key, recipe_yaml
from stylesv.errors import ConfigError


def test_the_key_is_the_hash_of_sorted_json():
    text = '{"a":{"b":[1,2.5],"c":null},"z":"ü"}'
    assert recipe_key({"z": "ü", "a": {"c": None, "b": [1, 2.5]}}) == hashlib.sha256(text.encode()).hexdigest()[:8]


def test_a_recipe_survives_yaml(tmp_path):
    recipe = {"seed": 0, "lr": 1e-8, "name": "1e5", "list": [1.0, 2], "none": None, "yes": True}
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe_yaml(recipe))
    assert recipe_key(read_recipe(path)) == recipe_key(recipe)


def test_a_recipe_edited_by_hand_is_refused(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe_yaml({"seed": 0}).replace("seed: 0", "seed: 1"))
    with pytest.raises(ConfigError, match="a changed setting is another run"):
        read_recipe(path)


def test_a_recipe_with_a_number_that_is_not_finite_is_refused(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text(recipe_yaml({"lr": 0.5}).replace("0.5", ".inf"))
    with pytest.raises(ConfigError, match=r"recipe\.yaml: not a recipe: .*not JSON compliant"):
        read_recipe(path)

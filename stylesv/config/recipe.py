"""Recipes: every value that decides a result's content, and the short key that names the result.

A recipe leaves out what does not decide content: length, segment size, number of GPUs, threads and workers, paths,
logging. `RECIPE_VERSIONS` is raised by hand when a code change alters what a stage computes; results of the old code
then keep their old names.
"""

import hashlib
import re
from pathlib import Path
from typing import Any

import yaml

from stylesv.errors import ConfigError
from stylesv.files import canonical_json

RECIPE_VERSIONS = {"videos": 1, "data": 1, "train": 3, "import": 1, "score": 2}

Recipe = dict[str, Any]


def recipe_key(recipe: Recipe) -> str:
    """First 8 hex digits of the SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical_json(recipe).encode()).hexdigest()[:8]


def recipe_yaml(recipe: Recipe) -> str:
    """The recipe as readable YAML, its key in the first line."""
    return f"# recipe key: {recipe_key(recipe)}\n" + yaml.safe_dump(recipe, sort_keys=True, allow_unicode=True)


def read_recipe(path: Path) -> Recipe:
    """Read a `recipe.yaml`.

    Raises:
        ConfigError: it is missing, is not a mapping, or was edited by hand (its key no longer fits).
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); give the recipe.yaml of a run") from error
    try:
        recipe = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML ({' '.join(str(error).split())})") from error
    if not isinstance(recipe, dict):
        raise ConfigError(f"{path}: not a recipe: a mapping is expected")
    written = re.match(r"# recipe key: ([0-9a-f]{8})\n", text)
    try:
        key = recipe_key(recipe)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{path}: not a recipe: {error}; change settings in config/, not in recipe.yaml") from error
    if written and written[1] != key:
        raise ConfigError(
            f"{path}: its content has key {key} but it was written as {written[1]}; "
            "change settings in config/ (a changed setting is another run), not in recipe.yaml"
        )
    return recipe

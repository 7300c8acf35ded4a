"""The JSON schemas are current, and accept exactly the kind of file that names them."""

import copy
import json
import math
import re

import jsonschema
import pytest

from stylesv.config.schema import schemas
from stylesv.config.settings import BaseSettings
from stylesv.config.validation import validate
from stylesv.config.yaml_files import Layer, read_layer
from stylesv.errors import ConfigError


def files_of(root, schema):
    folder = {"config": ["config.yaml"]}.get(schema, [f"{schema}s/*.yaml"])
    return [path for pattern in folder for path in sorted((root / "config").glob(pattern))]


def test_the_committed_schemas_are_what_the_types_say(root):
    committed = {path.name: path.read_text() for path in (root / "config" / "schema").glob("*.json")}
    assert committed == schemas(), "run: python -m stylesv.config.schema"


@pytest.mark.parametrize("schema", ["config", "dataset", "model", "protocol", "experiment"])
def test_every_settings_file_names_its_schema_and_obeys_it(root, schema):
    validator = jsonschema.Draft202012Validator(json.loads(schemas()[f"{schema}.schema.json"]))
    paths = files_of(root, schema)
    assert paths
    for path in paths:
        first = path.read_text().splitlines()[0]
        assert first.startswith("# yaml-language-server: $schema=") and first.endswith(
            f"schema/{schema}.schema.json"
        ), path
        assert [error.message for error in validator.iter_errors(read_layer(path).values)] == []


def test_a_misspelt_key_breaks_the_schema(root):
    validator = jsonschema.Draft202012Validator(json.loads(schemas()["experiment.schema.json"]))
    layer = read_layer(root / "config" / "experiments" / "demo.yaml")
    layer.values["model"]["training"]["bach_size"] = 3
    assert not validator.is_valid(layer.values)


def numbers_in(values, path=()):
    if isinstance(values, dict):
        return [found for name, value in values.items() for found in numbers_in(value, (*path, name))]
    return [path] if isinstance(values, int | float) and not isinstance(values, bool) else []


def test_an_infinite_number_is_refused_at_every_key(root):
    plain = read_layer(root / "config" / "config.yaml").values
    paths = numbers_in(plain)
    assert len(paths) > 100
    for path in paths:
        values = copy.deepcopy(plain)
        place = values
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = math.inf
        with pytest.raises(ConfigError, match=re.escape(".".join(path))):
            validate(BaseSettings, Layer.from_values(values, "config.yaml"))

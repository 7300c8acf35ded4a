"""The JSON schemas are current, and accept exactly the kind of file that names them."""

import copy
import json
import math
import re

import jsonschema
import pytest
from referencing import Registry, Resource

from stylesv.config.schema import schemas
from stylesv.config.settings import BaseSettings
from stylesv.config.validation import validate
from stylesv.config.yaml_files import Layer, read_layer
from stylesv.errors import ConfigError


def validator_of(schema: str) -> jsonschema.Draft202012Validator:
    """Of the schema file that settings files name, which finds the others beside it."""
    files = {name: json.loads(text) for name, text in schemas().items()}
    beside = Registry().with_resources((name, Resource.from_contents(content)) for name, content in files.items())
    return jsonschema.Draft202012Validator(files[f"{schema}.schema.json"], registry=beside)


def files_of(root, schema):
    folder = {"config": ["config.yaml"]}.get(schema, [f"{schema}s/*.yaml"])
    return [path for pattern in folder for path in sorted((root / "config").glob(pattern))]


def test_the_committed_schemas_are_what_the_types_say(root):
    committed = {path.name: path.read_text() for path in (root / "config" / "schema").glob("*.json")}
    assert committed == schemas(), "run: python -m stylesv.config.schema"


@pytest.mark.parametrize("schema", ["config", "dataset", "model", "protocol", "experiment"])
def test_every_settings_file_names_its_schema_and_obeys_it(root, schema):
    validator = validator_of(schema)
    paths = files_of(root, schema)
    assert paths
    for path in paths:
        first = path.read_text().splitlines()[0]
        assert first.startswith("# yaml-language-server: $schema=") and first.endswith(
            f"schema/{schema}.schema.json"
        ), path
        assert [error.message for error in validator.iter_errors(read_layer(path).values)] == []


def test_a_misspelt_key_breaks_the_schema(root):
    layer = read_layer(root / "config" / "experiments" / "demo.yaml")
    assert not validator_of("experiment").is_valid(layer.values | {"machine": {"num_workers": 3}}), (
        "of config.yaml alone"
    )
    layer.values["model"]["training"]["bach_size"] = 3
    assert not validator_of("experiment").is_valid(layer.values)


@pytest.mark.parametrize("schema", ["dataset", "model", "protocol"])
def test_a_named_file_may_extend_another_and_needs_its_own_section(schema):
    validator = validator_of(schema)
    assert validator.is_valid({"extends": "other", schema: {}})
    for wrong in ({"extends": "other"}, {"extends": 3, schema: {}}, {"extend": "other", schema: {}}):
        assert not validator.is_valid(wrong), wrong


def keys_in(values, path=()):
    found = [(*path, name) for name in values]
    return found + [
        key for name, value in values.items() if isinstance(value, dict) for key in keys_in(value, (*path, name))
    ]


def test_a_missing_key_breaks_the_schema_of_the_whole_and_no_other(root):
    validator, plain = validator_of("config"), read_layer(root / "config" / "config.yaml").values
    assert validator.is_valid(plain)
    paths = keys_in(plain)
    assert len(paths) > 150
    for path in paths:
        values = copy.deepcopy(plain)
        place = values
        for name in path[:-1]:
            place = place[name]
        del place[path[-1]]
        assert not validator.is_valid(values), path
        if path[0] == "protocol" and len(path) > 1:
            assert validator_of("protocol").is_valid({"protocol": values["protocol"]}), path


def test_types_stand_once():
    """Five copies of them were 256 kB to look through in every change."""
    texts = schemas()
    assert [name for name, text in texts.items() if "GeneratorSettings" in text] == ["stylesv.schema.json"]
    assert texts["stylesv.schema.json"].count('"GeneratorSettings": {') == 1


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

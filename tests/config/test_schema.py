"""The JSON schemas are current, and accept exactly the kind of file that names them."""

import json

import jsonschema
import pytest

from stylesv.config.schema import schemas
from stylesv.config.yaml_files import read_layer


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

"""JSON that any reader can read: no NaN, no infinity, neither written nor read."""

import ast
from pathlib import Path

import pytest

from stylesv.files import canonical_json, load_json, readable_json

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = [*(ROOT / "stylesv").rglob("*.py"), *(ROOT / "workflow_scripts").glob("*.py")]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", '[1, {"a": NaN}]'])
def test_numbers_that_are_not_finite_are_not_read(text):
    with pytest.raises(ValueError, match="finite"):
        load_json(text)


def test_other_numbers_are_read_as_they_are():
    assert load_json('{"a": [1, 2.5, -1e-3, 1e308, null, "NaN"]}') == {"a": [1, 2.5, -1e-3, 1e308, None, "NaN"]}


@pytest.mark.parametrize("write", [canonical_json, readable_json])
@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_not_written(write, number):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write({"a": [number]})


def lenient_writers(source: str) -> list[int]:
    """Lines of calls of json.dump(s) that would write NaN; what a settings type reads back at once is no file."""
    tree = ast.parse(source)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    read_back = {
        id(argument) for call in calls if "model_validate_json" in ast.unparse(call.func) for argument in call.args
    }
    return [
        call.lineno
        for call in calls
        if ast.unparse(call.func) in ("json.dump", "json.dumps", "dump", "dumps")
        and id(call) not in read_back
        and "allow_nan=False" not in ast.unparse(call)
    ]


def test_every_writer_of_json_refuses_numbers_that_are_not_finite():
    found = {path.relative_to(ROOT): lenient_writers(path.read_text()) for path in PROGRAMS}
    # settings are checked by their type, which names the key
    assert {str(path) for path, lines in found.items() if lines} == {"stylesv/config/validation.py"}


def test_a_lenient_writer_would_be_found():
    assert lenient_writers("import json\njson.dump(a, file)\nprint(json.dumps(b, allow_nan=False))\n") == [2]

"""YAML with places: numbers are numbers, keys stand once, layers override key by key."""

from itertools import pairwise

import pytest

from stylesv.config.yaml_files import Layer, merge, read_layer, write_yaml
from stylesv.errors import ConfigError


def write(path, text):
    path.write_text(text)
    return path


def test_exponents_without_a_point_are_numbers(tmp_path):
    layer = read_layer(write(tmp_path / "a.yaml", "eps: 1e-8\nlr: 2.5E-3\nname: e5\n"))
    assert layer.values == {"eps": 1e-8, "lr": 2.5e-3, "name": "e5"}


def test_a_text_that_looks_like_a_number_stays_a_text(tmp_path):
    """The key of a protocol is one in seventy times of this kind."""
    values = {"key": "22e45988", "small": "1e-4", "plain": "sky", "number": 1e-4, "whole": 12, "digits": "12345678"}
    assert read_layer(write(tmp_path / "a.yaml", write_yaml(values))).values == values


def test_every_key_has_its_line(tmp_path):
    path = write(tmp_path / "a.yaml", "a: 1\nb:\n  c: 2\n  d: [1, 2]\n")
    layer = read_layer(path)
    assert layer.places[("b", "d")] == f"{path}:4"
    assert layer.section("b").places[("c",)] == f"{path}:3"


def test_a_key_given_twice_is_refused_with_both_lines(tmp_path):
    with pytest.raises(ConfigError, match=r"a.yaml:3: b.c: given twice \(first on line 2\)"):
        read_layer(write(tmp_path / "a.yaml", "b:\n  c: 1\n  c: 2\n"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1", "not valid YAML"),
        ("- 1\n", "must be a mapping"),
        ("a: !!python/name:os.system\n", "not valid"),
        ("\0\5\26\7", "not a text of YAML: unacceptable character"),
        ("a: 2024-13-45\n", "not valid YAML: month must be in 1..12"),
        ("a: !!int x\n", "not valid YAML: invalid literal"),
        ("a: &x\n  b: *x\n", "refers to itself"),
        ("a: &x [*x]\n", "refers to itself"),
        ("a: " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        (
            "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
            + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in pairwise("abcdefghi")),
            "more than 200,000 values",
        ),
    ],
)
def test_what_is_no_settings_file_is_refused(tmp_path, text, words):
    with pytest.raises(ConfigError, match=words):
        read_layer(write(tmp_path / "a.yaml", text))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none.yaml: no such file"):
        read_layer(tmp_path / "none.yaml")


def test_later_layers_win_key_by_key_and_replace_lists():
    low = Layer.from_values({"a": {"b": 1, "c": [1, 2]}, "d": None}, "low")
    high = Layer.from_values({"a": {"c": [3]}, "d": {"e": 1}}, "high")
    merged = merge(low, high)
    assert merged.values == {"a": {"b": 1, "c": [3]}, "d": {"e": 1}}
    assert (merged.places[("a", "b")], merged.places[("a", "c")]) == ("low", "high")

"""Named settings files: each on top of the one that it extends, with the place of every key."""

import pytest

from stylesv.config.named_files import named_section, section_of
from stylesv.errors import ConfigError


@pytest.fixture
def folder(tmp_path):
    """Three files of which each extends the one before."""
    folder = tmp_path / "protocols"
    folder.mkdir()
    (folder / "low.yaml").write_text("protocol:\n  real: {max_clips: 1, seed: 2}\n  kernel: null\n  starts: [0, 1]\n")
    (folder / "middle.yaml").write_text("extends: low\nprotocol:\n  real: {max_clips: 3}\n  kernel: {subsets: 4}\n")
    (folder / "high.yaml").write_text("extends: middle\nprotocol:\n  starts: [5]\n")
    return folder


def test_a_file_says_only_what_differs_from_the_one_it_extends(folder):
    found = named_section(folder, "high", "protocol", wanted_by="here")
    assert found.values == {"real": {"max_clips": 3, "seed": 2}, "kernel": {"subsets": 4}, "starts": [5]}
    files = {key: found.places[key].rsplit("/", 1)[1] for key in (("real", "seed"), ("real", "max_clips"), ("starts",))}
    assert files == {("real", "seed"): "low.yaml:2", ("real", "max_clips"): "middle.yaml:3", ("starts",): "high.yaml:3"}


def test_a_file_elsewhere_extends_one_of_the_folder_also_of_its_own_name(folder, tmp_path):
    own = tmp_path / "high.yaml"
    own.write_text("extends: high\nprotocol:\n  kernel: null\n")
    found = section_of(own, "protocol", folder=folder)
    assert found.values == {"real": {"max_clips": 3, "seed": 2}, "kernel": None, "starts": [5]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("extends: high\nprotocol: {}\n", r"\w+.yaml:1: extends: protocols extend each other in a circle: \w+( -> \w+){3}$"),
        ("protocol: {}\nextends: low\n", r"low.yaml:2: extends: .*circle: low -> low"),
        ("extends: hihg\nprotocol: {}\n", r"low.yaml:1: extends: hihg: no such file .*hihg.yaml; known: high, low, middle"),
        ("extends: 3\nprotocol: {}\n", r"low.yaml:1: extends: 3: must be the name of a file in .*protocols, without .yaml"),
        ("extends: [high]\nprotocol: {}\n", r"low.yaml:1: extends: \['high'\]: must be the name of a file"),
        ("extends: ../high\nprotocol: {}\n", r"low.yaml:1: extends: '../high': must be the name of a file"),
        ("extend: high\nprotocol: {}\n", r"low.yaml:1: extend: unknown; did you mean extends\? known here: protocol, extends"),
        ("extends: high\n", r"low.yaml:1: protocol: missing"),
    ],
)  # fmt: skip
def test_what_cannot_be_extended_is_named_with_its_line(folder, text, words):
    (folder / "low.yaml").write_text(text)
    with pytest.raises(ConfigError, match=words):
        named_section(folder, "low", "protocol", wanted_by="here")
    with pytest.raises(ConfigError, match=words):
        named_section(folder, "high", "protocol", wanted_by="here")


def test_a_name_without_a_file_is_refused_where_it_was_asked_for(folder):
    with pytest.raises(ConfigError, match=r"demo.yaml:4: protocols: hgih: no such file .*known: high, low, middle"):
        named_section(folder, "hgih", "protocol", wanted_by="demo.yaml:4: protocols")

"""What a finished segment leaves for a Snakemake that deletes its outputs, and takes back from there."""

import os

import pytest
import torch
from segment_run import TINY, recipes_of

from stylesv.training.partial import keep_finished, take_finished
from stylesv.training.state import TrainState

RECIPE = recipes_of(TINY)["image"]
KEY = RECIPE.key


@pytest.fixture(scope="module")
def state():
    return TrainState(RECIPE, torch.device("cpu"))


@pytest.fixture
def outputs(tmp_path, state):
    """The files of a segment that ends at kimg 4, and a partial state of it."""
    files = {"networks": "4/networks.safetensors", "state": "4/state.safetensors", "log": "4/log.jsonl"}
    found = {role: tmp_path / name for role, name in files.items()}
    state.save_networks(found["networks"], 4)
    state.save(found["state"], 4)
    found["log"].write_text("{}\n")
    folder = tmp_path / "partial" / "4"
    folder.mkdir(parents=True)
    (folder / "77.safetensors").write_bytes(b"partial")
    return found


def content(outputs):
    return {role: path.read_bytes() for role, path in outputs.items()}


def test_deleted_outputs_come_back_as_they_were(tmp_path, outputs):
    folder, before = tmp_path / "partial" / "4", content(outputs)
    keep_finished(folder, outputs)
    assert not list(folder.glob("*.safetensors"))
    assert outputs["state"].samefile(folder / "finished" / "state"), "it takes no space"
    for path in outputs.values():
        path.unlink()
    assert take_finished(folder, outputs, recipe_key=KEY, kimg=4)
    assert content(outputs) == before


def test_one_that_is_not_whole_is_not_taken(tmp_path, outputs):
    """As a kill leaves it between two links."""
    folder = tmp_path / "partial" / "4"
    keep_finished(folder, outputs)
    (folder / "finished" / "log").unlink()
    for path in outputs.values():
        path.unlink()
    assert not take_finished(folder, outputs, recipe_key=KEY, kimg=4)
    assert not any(path.exists() for path in outputs.values())


@pytest.mark.parametrize(("key", "kimg"), [("ffffffff", 4), (KEY, 8)])
def test_one_of_another_recipe_or_length_is_not_taken(tmp_path, outputs, key, kimg):
    folder = tmp_path / "partial" / "4"
    keep_finished(folder, outputs)
    assert not take_finished(folder, outputs, recipe_key=key, kimg=kimg)


def test_a_damaged_one_is_not_taken(tmp_path, outputs):
    folder = tmp_path / "partial" / "4"
    keep_finished(folder, outputs)
    with open(folder / "finished" / "networks", "r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\xff")
    assert not take_finished(folder, outputs, recipe_key=KEY, kimg=4)


def test_earlier_segments_give_up_theirs_and_unfinished_ones_stay(tmp_path, outputs):
    keep_finished(tmp_path / "partial" / "4", outputs)
    (tmp_path / "partial" / "2").mkdir()
    (tmp_path / "partial" / "2" / "5.safetensors").write_bytes(b"partial")
    (tmp_path / "partial" / "8").mkdir()
    keep_finished(tmp_path / "partial" / "8", outputs)
    assert sorted(path.name for path in (tmp_path / "partial").iterdir()) == ["2", "8"]
    assert (tmp_path / "partial" / "2" / "5.safetensors").exists()


def test_without_links_the_partial_states_go_all_the_same(tmp_path, outputs, monkeypatch):
    def refuse(*_):
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    folder = tmp_path / "partial" / "4"
    keep_finished(folder, outputs)
    assert list(folder.iterdir()) == []

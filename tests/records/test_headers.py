"""Headers of snapshots and states: read as they were written; one that says something else is one clear error."""

import json

import pytest
import torch
from recipe_values import SHA256, trained_recipe

import stylesv
from stylesv.checkpoint import read_networks, write_networks, write_tensors
from stylesv.errors import CheckpointError
from stylesv.files import canonical_json, read_header
from stylesv.records.snapshot import Origin, Snapshot, Transfer, read_snapshot_header, snapshot_of
from stylesv.records.state import LogSoFar, State, read_state_header

RECIPE = trained_recipe(parent="sky-image-s0-00")
FACTS = {"resolution": 32, "class_dim": 0, "num_frames": 3, "max_num_frames": 64, "uniform_times": False, "kimg": 4}
TRANSFER = Transfer(run="sky-image-s0-00", kimg=4, taken=7, repeated=("discriminator.b4.out.bias",), new=(), left=())
TRAINED = Snapshot(
    **{"generator": RECIPE.generator, "discriminator": RECIPE.discriminator, "step": 3, "transfer": TRANSFER},
    **{"recipe": RECIPE.model_dump(mode="json"), "recipe_key": RECIPE.key} | FACTS,
)
IMPORTED = Snapshot(
    **{"generator": RECIPE.generator, "discriminator": None} | FACTS | {"num_frames": None},
    origin=Origin(file="best.pkl", sha256=SHA256, frames_shown=4000),
)
STATE = State(
    **{"step": 3, "augment_probability": 0.25, "sign_sum": -2.0, "sign_count": 24, "path_length_mean": 0.0},
    **{"recipe_key": "01234567", "kimg": 0.5, "torch": "2.6.0"},
    log=LogSoFar(lines=({"kimg": 0.25, "loss_r1": None},), sums={"loss": 1.5, "norm": "inf"}, counts={"loss": 2}),
)
TENSORS = {"generator_ema": {"w_avg": torch.zeros(2)}}
STATE_TEXT = (
    '{"augment_probability":0.25,"format":"stylesv state 1","kimg":0.5,"log":{"counts":{"loss":2},'
    '"lines":[{"kimg":0.25,"loss_r1":null}],"sums":{"loss":1.5,"norm":"inf"}},"path_length_mean":0.0,'
    '"recipe_key":"01234567","sign_count":24,"sign_sum":-2.0,"step":3,"torch":"2.6.0"}'
)


@pytest.mark.parametrize("snapshot", [TRAINED, IMPORTED], ids=["trained", "imported"])
def test_a_snapshot_survives_its_file(tmp_path, snapshot):
    path = tmp_path / "networks.safetensors"
    write_networks(path, TENSORS, snapshot)
    assert read_networks(path)[1] == read_snapshot_header(path) == snapshot
    first = path.read_bytes()
    write_networks(path, *read_networks(path))
    assert path.read_bytes() == first


def test_the_text_of_a_snapshots_header_is_this():
    made = f'"stylesv":"{stylesv.__version__}","torch":"2.6.0"'
    generator, discriminator = (
        canonical_json(part.model_dump(mode="json")) for part in (RECIPE.generator, RECIPE.discriminator)
    )
    recipe = canonical_json(RECIPE.model_dump(mode="json"))
    assert canonical_json(TRAINED.header(torch="2.6.0")) == (
        f'{{"class_dim":0,"discriminator":{discriminator},"format":"stylesv networks 1","generator":{generator},"kimg":4,'
        f'"max_num_frames":64,"num_frames":3,"recipe":{recipe},"recipe_key":"{RECIPE.key}","resolution":32,"step":3,{made},'
        '"transfer":{"kimg":4,"left":[],"new":[],"repeated":["discriminator.b4.out.bias"],"run":"sky-image-s0-00","taken":7},'
        '"uniform_times":false}'
    )
    assert canonical_json(IMPORTED.header(torch="2.6.0")) == (
        f'{{"class_dim":0,"discriminator":null,"format":"stylesv networks 1","generator":{generator},"kimg":4,'
        f'"max_num_frames":64,"num_frames":null,"origin":{{"file":"best.pkl","frames_shown":4000,"sha256":"{SHA256}"}},'
        f'"resolution":32,{made},"uniform_times":false}}'
    )


def test_no_transfer_is_told_apart_from_nothing_said():
    """Training writes null, importing leaves it out, and so does whoever writes a file again."""
    fresh = TRAINED.model_copy(update={"transfer": None})
    assert fresh.header(torch="2.6.0")["transfer"] is None and "transfer" not in IMPORTED.header(torch="2.6.0")


def test_a_state_survives_its_file_and_its_text_is_this(tmp_path):
    path = tmp_path / "state.safetensors"
    write_tensors(path, {"w": torch.zeros(2)}, STATE.header())
    assert read_state_header(path) == STATE
    assert canonical_json(STATE.header()) == STATE_TEXT
    assert '"kimg":2,' in canonical_json(STATE.model_copy(update={"kimg": 2}).header()), "whole where it is"


WRONG = {
    "a fact too few": lambda header: header.pop("kimg"),
    "one too many": lambda header: header.update(note=1),
    "one mistyped": lambda header: header.update(kimg="4"),
    "null": lambda header: header.update(kimg=None),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_a_header_that_says_something_else_is_one_error(tmp_path, change):
    path = tmp_path / "x.safetensors"
    for header, read in ((TRAINED.header(torch="2.6.0"), read_networks), (STATE.header(), read_state_header)):
        change(header)
        write_tensors(path, {"generator_ema.w_avg": torch.zeros(2)}, header)
        with pytest.raises(
            CheckpointError, match=r"x\.safetensors: is not a .* that can be read \(.*\); use the version"
        ) as caught:
            read(path)
        assert "\n" not in str(caught.value)


def test_a_file_of_another_kind_is_called_so(tmp_path):
    write_tensors(tmp_path / "state", {"w": torch.zeros(2)}, STATE.header())
    with pytest.raises(CheckpointError, match="format 'stylesv state 1', expected 'stylesv networks 1'; give"):
        read_snapshot_header(tmp_path / "state")
    write_networks(tmp_path / "networks", TENSORS, TRAINED)
    with pytest.raises(CheckpointError, match="format 'stylesv networks 1', expected 'stylesv state 1'"):
        read_state_header(tmp_path / "networks")
    for read in (read_snapshot_header, read_state_header):
        with pytest.raises(CheckpointError, match="missing: no such file"):
            read(tmp_path / "missing")


def test_a_snapshot_of_a_recipe_with_other_settings_is_still_read(tmp_path):
    """Who samples from it needs the networks' settings alone."""
    header = TRAINED.header(torch="2.6.0")
    header["recipe"]["training"]["added_later"] = 1
    assert snapshot_of(json.loads(canonical_json(header)), tmp_path).recipe["training"]["added_later"] == 1


def test_a_header_is_read_without_its_hash(tmp_path):
    write_networks(tmp_path / "n", TENSORS, IMPORTED)
    assert read_header(tmp_path / "n")["sha256"] and read_snapshot_header(tmp_path / "n").origin.file == "best.pkl"

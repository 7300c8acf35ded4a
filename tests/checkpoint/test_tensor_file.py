"""Tensor files: the same content is the same bytes, damage is found, and a failed write leaves nothing."""

import numpy as np
import pytest
import torch
from small_disk import small_disk

from stylesv.checkpoint import read_networks, read_tensors, write_tensors
from stylesv.errors import CheckpointError, StyleSVError
from stylesv.files import write_bytes
from stylesv.records.array_file import write_arrays

TENSORS = {"b": torch.arange(6.0).reshape(2, 3), "a": torch.tensor(3, dtype=torch.int64), "empty": torch.zeros(0, 4)}
HEADER = {"kimg": 2, "name": "ü", "nested": {"list": [1, 2.5, None]}}


def test_what_is_written_is_read(tmp_path):
    digest = write_tensors(tmp_path / "x.safetensors", TENSORS, HEADER)
    tensors, header = read_tensors(tmp_path / "x.safetensors")
    assert header == HEADER and len(digest) == 64
    assert tensors.keys() == TENSORS.keys()
    assert all(
        torch.equal(tensors[name], TENSORS[name]) and tensors[name].dtype == TENSORS[name].dtype for name in TENSORS
    )


def test_the_same_content_is_the_same_bytes_in_any_order_and_any_number_of_times(tmp_path):
    written = set()
    for number in range(20):
        order = sorted(TENSORS, reverse=number % 2 == 0)
        write_tensors(tmp_path / "x", {name: TENSORS[name] for name in order}, HEADER)
        written.add((tmp_path / "x").read_bytes())
    assert len(written) == 1


@pytest.mark.parametrize("position", [9, 40, -1])
def test_a_flipped_byte_is_found_wherever_it_is(tmp_path, position):
    path = tmp_path / "x.safetensors"
    write_tensors(path, TENSORS, HEADER)
    content = bytearray(path.read_bytes())
    content[position] ^= 4
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged"):
        read_tensors(path)


def test_a_truncated_file_is_named(tmp_path):
    path = tmp_path / "x.safetensors"
    write_tensors(path, TENSORS, HEADER)
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(CheckpointError, match=r"x.safetensors: damaged"):
        read_tensors(path)


def test_a_whole_file_of_another_kind_is_not_called_damaged(tmp_path):
    path = tmp_path / "networks.safetensors"
    write_arrays(path, {"steps": np.zeros(3)}, {"format": "stylesv directions 1"})
    with pytest.raises(CheckpointError, match="format 'stylesv directions 1', expected 'stylesv networks 1'"):
        read_networks(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"none\.safetensors: no such file"):
        read_tensors(tmp_path / "none.safetensors")


def test_a_full_disk_leaves_the_earlier_file_and_nothing_else(tmp_path):
    with small_disk(tmp_path / "disk", "64k") as disk:
        write_bytes(disk / "file", b"good" * 1000)
        with pytest.raises(StyleSVError, match=r"No space left on device; 1,000,000 bytes needed"):
            write_bytes(disk / "file", b"0" * 1_000_000)
        assert (disk / "file").read_bytes() == b"good" * 1000
        assert [path.name for path in disk.iterdir()] == ["file"]

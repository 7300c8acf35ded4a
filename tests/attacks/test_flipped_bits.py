"""A bit flipped on a disk: what one job keeps for another is refused or made again, and never silently another number."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from report_values import score, used

from stylesv.checkpoint import read_tensors, write_tensors
from stylesv.errors import StyleSVError
from stylesv.metrics.features import (
    FeatureOrigin,
    FeatureSet,
    collect_features,
    describe_generated_clips,
    read_features,
    write_features,
)
from stylesv.metrics.shards import Shards, measure_shards
from stylesv.records.array_file import read_arrays, write_arrays
from stylesv.records.choice import Choice, read_choice, write_choice
from stylesv.records.score import read_run_scores, read_score, write_run_scores, write_score

FLIPS = 100
CHOICE = Choice(
    run="sky-D-s0-00000000", kimg=4, networks="4/networks.safetensors", metric="FID", value=2.5, protocol="a-00000000",
    of_kimgs=(0, 4), moving_kimgs=(4,), reason="the lowest FID",
)  # fmt: skip
ROWS = np.random.default_rng(0).standard_normal((6, 5)).astype(np.float32)


def features() -> FeatureSet:
    settings = used(generated={"num_clips": 6})
    clips = describe_generated_clips(source="run", protocol=settings, resolution_px=32)
    kept, moments = collect_features([ROWS], keep=True)
    return FeatureSet(kept, moments, FeatureOrigin(protocol=settings, clips=clips), np.arange(6))


def facts_of(found: FeatureSet) -> list[Any]:
    return [found.features.tobytes(), found.moments.mean.tobytes(), found.moments.scatter.tobytes(), found.origin]


def tensors_of(path: Path) -> list[Any]:
    tensors, header = read_tensors(path)
    return [header, {name: tensor.numpy().tobytes() for name, tensor in tensors.items()}]


def arrays_of(path: Path) -> list[Any]:
    arrays, header = read_arrays(path, what="file", advice="remake it")
    return [header, {name: (array.dtype, array.shape, array.tobytes()) for name, array in arrays.items()}]


@dataclass(frozen=True)
class Kept:
    """A kind of file: how it is written, and what is read of it."""

    write: Callable[[Path], object]
    read: Callable[[Path], object]


KINDS = {
    "features": Kept(lambda path: write_features(path, features()), lambda path: facts_of(read_features(path))),
    "arrays": Kept(lambda path: write_arrays(path, {"x": ROWS}, {"of": "clips"}), arrays_of),
    "networks": Kept(lambda path: write_tensors(path, {"w": torch.from_numpy(ROWS)}, {"kimg": 4}), tensors_of),
    "score": Kept(lambda path: write_score(path, score()), read_score),
    "scores of a run": Kept(lambda path: write_run_scores(path, [score(0), score(4)]), read_run_scores),
    "choice": Kept(lambda path: write_choice(path, CHOICE), read_choice),
}


def flip(content: bytes, draws: random.Random) -> bytes:
    changed = bytearray(content)
    changed[draws.randrange(len(content))] ^= 1 << draws.randrange(8)
    return bytes(changed)


@pytest.mark.parametrize("kind", KINDS)
def test_none_is_silently_another_number(tmp_path, kind):
    """A flip may leave everything as it was, as that of a space between two words of JSON does."""
    path, draws = tmp_path / ("file.json" if "o" in kind else "file"), random.Random(kind)
    KINDS[kind].write(path)
    whole, right = path.read_bytes(), KINDS[kind].read(path)
    refused = 0
    for _ in range(FLIPS):
        path.write_bytes(flip(whole, draws))
        try:
            assert KINDS[kind].read(path) == right
        except StyleSVError as error:
            assert str(path) in str(error)
            refused += 1
    assert refused > FLIPS * 0.8


class Numbered:
    """Clips that are their numbers."""

    count, num_frames = 4, 512

    def batches(self, start: int, end: int):
        for number in range(start, end):
            yield torch.full((1, 512, 3, 1, 1), number, dtype=torch.uint8)


def test_a_shard_is_measured_again(tmp_path, capsys):
    def rows() -> list[float]:
        measure = measure_shards(
            Numbered(), lambda clips: clips[:, 0, :, 0, 0].numpy().astype(np.float32), name="features", shards=shards
        )
        return np.concatenate(list(measure))[:, 0].tolist()

    shards, draws = Shards(tmp_path), random.Random(0)
    right = rows()
    path = sorted(tmp_path.glob("*.safetensors"))[1]
    whole = path.read_bytes()
    for _ in range(FLIPS):
        path.write_bytes(flip(whole, draws))
        assert rows() == right
    assert path.read_bytes() == whole
    assert capsys.readouterr().err.count("measured again") > FLIPS * 0.8

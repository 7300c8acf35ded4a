"""A bit flipped on a disk: what one job keeps for another is refused or made again, and never silently another number."""

import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from experiment_files import GRAPH
from film_making import settings, write_lossy
from recipe_values import data_recipe, trained_recipe
from report_values import log_line, score, used
from shown_clips_values import shown_clips

from stylesv.checkpoint import read_networks, read_tensors, write_tensors
from stylesv.config.figures import ClipSettings
from stylesv.data.packed import PackedClips
from stylesv.data.packing import pack_videos
from stylesv.data.shard import Shard
from stylesv.data.sharding import index_shards
from stylesv.errors import CheckpointError, StyleSVError
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
from stylesv.records.floor import Floor
from stylesv.records.log_line import log_text, read_log
from stylesv.records.look import Look, look_yaml, read_look
from stylesv.records.measured_floor import MeasuredFloor, read_measured_floor, write_measured_floor
from stylesv.records.packed_shards import shard_names
from stylesv.records.recipe import read_data_recipe, read_trained_recipe, recipe_yaml
from stylesv.records.rule_graph import read_rule_graph, rule_graph_yaml
from stylesv.records.score import read_run_scores, read_score, write_run_scores, write_score
from stylesv.records.shots import Shot, read_shots, write_shots
from stylesv.records.shown_clips import write_shown_clips
from stylesv.training.state import TrainState

FLIPS = int(os.environ.get("STYLESV_FLIPS", 100))  # `make attack` asks for more
CHOICE = Choice(
    run="sky-D-s0-00000000", kimg=4, networks="4/networks.safetensors", metric="FID", value=2.5, protocol="a-00000000",
    of_kimgs=(0, 4), moving_kimgs=(4,), reason="the lowest FID",
)  # fmt: skip
SHOWN = {"num_clips": 9, "columns": 3, "num_frames": 48, "strip_clips": 4, "strip_frames": 8, "long_clips": 4}
LOOK = Look(clips=ClipSettings(**SHOWN, long_frames=160, decomposition=3, truncation=1.0, seed=0), fps=10.0, among=None)
FLOOR = MeasuredFloor(
    floor=Floor(
        **{"value": 2.5, "low": 2.0, "high": 3.0, "error": 0.1, "level": 0.95, "draws": 9, "method": "halves"},
        **{"halves_distance": 5.0, "correction": 1.1, "real_clips": 24, "generated_clips": 8},
    ),
    protocol=used(),
    real=score().real,
)  # fmt: skip
SHOTS = [Shot(video=f"film{number}.mp4", start=10 * number, end=10 * number + 9) for number in range(9)]
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


def logs_of(path: Path) -> list[Any]:
    return read_log([path])


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
    "networks or state": Kept(lambda path: write_tensors(path, {"w": torch.from_numpy(ROWS)}, {"kimg": 4}), tensors_of),
    "log": Kept(lambda path: path.write_text(log_text([log_line(4.0, loss=1.5), log_line(8.0, loss=0.25)])), logs_of),
    "shown clips": Kept(lambda path: write_shown_clips(path, shown_clips()), lambda path: arrays_of(path)),
    "floor": Kept(lambda path: write_measured_floor(path, FLOOR), read_measured_floor),
    "recipe.yaml": Kept(lambda path: path.write_text(recipe_yaml(trained_recipe())), read_trained_recipe),
    "recipe of data.yaml": Kept(lambda path: path.write_text(recipe_yaml(data_recipe())), read_data_recipe),
    "look.yaml": Kept(lambda path: path.write_text(look_yaml(LOOK)), read_look),
    "graph of rules.yaml": Kept(lambda path: path.write_text(rule_graph_yaml(GRAPH)), read_rule_graph),
    "shots.csv": Kept(lambda path: write_shots(path, SHOTS), read_shots),
    "score": Kept(lambda path: write_score(path, score()), read_score),
    "scores of a run": Kept(lambda path: write_run_scores(path, [score(0), score(4)]), read_run_scores),
    "choice": Kept(lambda path: write_choice(path, CHOICE), read_choice),
}


def flip(content: bytes, draws: random.Random) -> bytes:
    changed = bytearray(content)
    changed[draws.randrange(len(content))] ^= 1 << draws.randrange(8)
    return bytes(changed)


@contextmanager
def flipped(path: Path, draws: random.Random) -> Iterator[None]:
    """A bit of a file that is too large to be written again each time."""
    with path.open("r+b", buffering=0) as file:
        place = file.seek(draws.randrange(path.stat().st_size))
        byte = file.read(1)
        file.seek(place)
        file.write(flip(byte, draws))
        yield
        file.seek(place)
        file.write(byte)


@pytest.mark.parametrize("kind", KINDS)
def test_none_is_silently_another_number(tmp_path, kind):
    """A flip may leave everything as it was, as that of a space between two words of JSON does."""
    path, draws = tmp_path / f"file{Path(kind).suffix}", random.Random(kind)
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
    assert refused > FLIPS * 0.6
    print(f"tried: bits flipped in {kind}: {FLIPS}")


@pytest.fixture(scope="module")
def packed(tmp_path_factory) -> Path:
    """Two films, packed by one job, and by two into shards; and raw."""
    folder = tmp_path_factory.mktemp("packed")
    for name, noise in (("a", 40), ("b", 90)):
        write_lossy(folder / "films" / f"{name}.mp4", 6, size=(24, 16), noise=noise)
    pack_videos(folder / "films", folder / "jpeg", settings=settings(16))
    pack_videos(folder / "films", folder / "raw", settings=settings(16, codec="raw"))
    names = shard_names(2)
    for number, name in enumerate(names):
        out = folder / "sharded" / "shards" / name
        pack_videos(folder / "films", out, settings=settings(16), shard=Shard(number, 2))
    index_shards(folder / "sharded", [f"shards/{name}" for name in names])
    return folder


def clips_of(folder: Path) -> list[Any]:
    """Everything that training, scores and pages read of packed clips."""
    clips = PackedClips(folder)
    frames = [clips.read(clip, range(clips.num_frames(clip))).tobytes() for clip in range(clips.num_clips)]
    return [clips.index, clips.digest, clips.names, frames]


@pytest.mark.parametrize(
    "file",
    ["jpeg/clips.zip", "jpeg/offsets.npy", "jpeg/index.json", "raw/clips.zip", "sharded/shards.json",
     "sharded/shards/0000of0002/clips.zip"],
)  # fmt: skip
def test_packed_clips_are_never_other_clips(packed, tmp_path, file):
    """A flip in what nobody reads, such as the table of contents at a zip's end, may leave everything as it was."""
    kind, _, name = file.partition("/")
    folder = shutil.copytree(packed / kind, tmp_path / "copy")
    right, whole, draws, refused = clips_of(folder), (folder / name).read_bytes(), random.Random(file), 0
    for _ in range(FLIPS):
        (folder / name).write_bytes(flip(whole, draws))
        try:
            assert clips_of(folder) == right
        except StyleSVError as error:
            assert str(folder) in str(error)
            refused += 1
    assert refused > FLIPS * 0.4
    print(f"tried: bits flipped in {file}: {FLIPS}")


@pytest.mark.parametrize("file", ["networks", "state"])
def test_a_segment_goes_on_from_no_other_weights(tmp_path, file):
    """A state at its real size: the headers that training writes, too."""
    path, draws = tmp_path / file, random.Random(file)
    state = TrainState(trained_recipe(), torch.device("cpu"))
    (state.save_networks if file == "networks" else state.save)(path, 0)
    read = read_networks if file == "networks" else state.load
    refused = 0
    for _ in range(FLIPS // 10):
        with flipped(path, draws), pytest.raises(CheckpointError):
            read(path)
        refused += 1
    print(f"tried: bits flipped in {file} as trained: {refused}")


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
    print(f"tried: bits flipped in a shard of features: {FLIPS}")

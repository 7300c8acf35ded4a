"""The clips of a batch: the same bytes for any number of workers, after a resume, and from two processes together."""

from pathlib import Path

import numpy as np
import pytest
import torch
from segment_run import TINY, recipes_of

from stylesv.data.packed import PackedClips
from stylesv.data.packing import pack_videos
from stylesv.data.shard import Shard
from stylesv.data.sharding import index_shards
from stylesv.distributed.processes import clip_shares
from stylesv.media.frame_files import write_frames
from stylesv.records.packed_shards import shard_names
from stylesv.training.batches import ClipBatch, RealClips

STEPS = 5


@pytest.fixture(scope="module")
def recipe():
    recipe = recipes_of(TINY)["D"]
    return recipe.model_copy(update={"training": recipe.training.model_copy(update={"batch_size": 16})})


@pytest.fixture(scope="module")
def frames(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("frames")
    rng = np.random.default_rng(0)
    for number, length in enumerate((12, 30, 9, 17, 8, 25)):
        write_frames(folder / f"v{number}", rng.integers(0, 255, (length, 3, 16, 16), np.uint8), first_number=0)
    return folder


@pytest.fixture(scope="module", params=["jpeg", "raw"])
def packed(request, frames, recipe, tmp_path_factory) -> dict[str, Path]:
    """The same clips, packed by one job and by three."""
    folder = tmp_path_factory.mktemp(request.param)
    settings = recipe.data.packing.model_copy(update={"codec": request.param})
    pack_videos(frames, folder / "one", settings=settings)
    names = [f"shards/{name}" for name in shard_names(3)]
    for number, name in enumerate(names):
        pack_videos(frames, folder / "three" / name, settings=settings, shard=Shard(number, 3))
    index_shards(folder / "three", names)
    return {"one": folder / "one", "three": folder / "three"}


def real_clips(folder: Path, recipe) -> RealClips:
    return RealClips(PackedClips(folder), recipe.training, recipe.seed)


def same(found: list[ClipBatch], expected: list[ClipBatch]) -> bool:
    pairs = list(zip(found, expected, strict=True))
    return all(torch.equal(a.frames, b.frames) and torch.equal(a.times, b.times) for a, b in pairs)


def test_batches_are_those_of_any_number_of_workers_of_a_resume_and_of_shards(packed, recipe):
    once = list(real_clips(packed["one"], recipe).batches(0, STEPS, num_workers=0))
    assert len({batch.frames.numpy().tobytes() for batch in once}) == STEPS
    for folder in packed.values():
        for workers in (0, 1, 4):
            assert same(list(real_clips(folder, recipe).batches(0, STEPS, num_workers=workers)), once)
            resumed = real_clips(folder, recipe).batches(2, STEPS, num_workers=workers)
            assert same(list(resumed), once[2:])


def test_two_processes_read_the_batch_of_one_between_them(packed, recipe):
    (whole,) = real_clips(packed["one"], recipe).batches(3, 4, num_workers=0)
    size, group = recipe.training.batch_size, recipe.discriminator.mbstd_group_size
    shares = clip_shares(size, group_size=group, num_shares=2)
    together = torch.empty_like(whole.frames)
    for places in shares:
        (batch,) = real_clips(packed["three"], recipe).batches(3, 4, num_workers=4, places=places)
        together[places] = batch.frames
    assert len(shares[0]) == size // 2 and torch.equal(together, whole.frames)

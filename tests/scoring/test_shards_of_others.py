"""Finished shards belong to one set of clips, one detector and one protocol; those of others are not taken for them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from stylesv.errors import DataError
from stylesv.metrics.clip_selection import ClipSelection
from stylesv.metrics.features import describe_real_clips
from stylesv.metrics.shards import measure_shards
from stylesv.records.named_protocol import named_protocol
from stylesv.scoring.measure import shards_of
from stylesv.scoring.sides import Side

CONFIG = Path(__file__).parents[2] / "config"
USED = named_protocol(CONFIG, "rfvd_16f").used("a" * 64)


class Numbered:
    """Clips that are their numbers; remembers which were asked for."""

    count, num_frames = 4, 512

    def __init__(self):
        self.asked = []

    def batches(self, start, end):
        for number in range(start, end):
            self.asked.append(number)
            yield torch.full((1, 512, 3, 1, 1), number, dtype=torch.uint8)


def first_pixel(batch):
    return batch[:, 0, :, 0, 0].numpy().astype(np.float32)


def side(fingerprint="skies", resolution_px=32):
    selection = ClipSelection(((0, 0), (1, 0)), tuple(range(16)), 0)
    record = describe_real_clips(selection, films=(0, 1), dataset="sky", protocol=USED, resolution_px=resolution_px)
    return Side(Numbered(), record, fingerprint, (0, 1), None, 0)


def measured(folder, one, protocol=USED, kind="real"):
    """Which clips had to be measured."""
    for _ in measure_shards(
        one.clips, first_pixel, name="features", shards=shards_of(one, protocol, folder, kind=kind)
    ):
        pass
    return one.clips.asked


@pytest.mark.parametrize(
    ("other", "protocol", "kind"),
    [
        (side("other skies"), USED, "real"),
        (side(resolution_px=64), USED, "real"),
        (side(), USED.model_copy(update={"detector_sha256": "b" * 64}), "real"),
        (side(), USED.model_copy(update={"key": "89efcdab"}), "real"),
        (side(), USED, "generated"),
    ],
    ids=["videos", "resolution", "detector", "protocol", "kind"],
)
def test_shards_of_others_are_not_used(tmp_path, other, protocol, kind):
    assert measured(tmp_path, side()) == [0, 1, 2, 3]
    assert measured(tmp_path, replace(other, clips=Numbered()), protocol, kind) == [0, 1, 2, 3]
    assert measured(tmp_path, side()) == [], "its own are still there"


@pytest.mark.parametrize("content", [b"", b"not an array", "fewer"], ids=["empty", "other", "fewer rows"])
def test_a_shard_that_is_not_whole_is_named(tmp_path, content):
    measured(tmp_path, side())
    shard = sorted(tmp_path.rglob("features-*.npy"))[1]
    if content == "fewer":
        np.save(shard, np.load(shard)[:1])
    else:
        shard.write_bytes(content)
    with pytest.raises(DataError, match=rf"{shard.name}: is not the rows of clips 2 to 4 .*delete it"):
        measured(tmp_path, side())

"""Finished shards belong to one set of clips, one detector and one protocol; those of others are not taken for them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from stylesv.metrics.clip_selection import ClipSelection
from stylesv.metrics.features import describe_real_clips
from stylesv.metrics.shards import measure_shards
from stylesv.records.array_file import read_arrays, write_arrays
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
def test_a_shard_that_is_not_whole_is_named_and_measured_again(tmp_path, content, capsys):
    measured(tmp_path, side())
    shard = sorted(tmp_path.rglob("features-*.safetensors"))[1]
    whole = shard.read_bytes()
    if content == "fewer":
        write_arrays(shard, {"rows": read_arrays(shard, what="shard", advice="")[0]["rows"][:1]})
    else:
        shard.write_bytes(content)
    assert measured(tmp_path, side()) == [2, 3]
    assert f"{shard.name}: " in capsys.readouterr().err
    assert shard.read_bytes() == whole

"""A floor is measured once and is that of every snapshot's score; copies of real clips are shown beside what they copy."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from small_snapshot import SIZE, merged, write_snapshot

from stylesv.config.dataset import PackSettings
from stylesv.data.packing import pack_videos
from stylesv.errors import ConfigError, DataError
from stylesv.metrics.features import read_features
from stylesv.metrics.neighbours import nearest_real
from stylesv.ops import active_backend
from stylesv.records.measured_floor import read_measured_floor, write_measured_floor
from stylesv.records.named_protocol import named_protocol
from stylesv.records.protocol import Protocol
from stylesv.records.score import ScoredRun, write_score
from stylesv.scoring.clip_sources import open_videos
from stylesv.scoring.floor_of_reference import measure_floor
from stylesv.scoring.measure import (
    load_protocols_detector,
    measure_reference,
    measure_side,
    score_snapshot,
)
from stylesv.scoring.nearest_pictures import draw_nearest
from stylesv.scoring.sides import real_side, snapshot_side

FEW = {
    "num_frames": 8,
    "real": {"max_clips": 24, "max_clips_per_video": 2},
    "generated": {"num_clips": 8},
    "bootstrap": {"resamples": 4},
    "detector": {"resize_px": 32},
    "floor": {"draws": 20},
    "motion": None,
}
SCORED = ScoredRun(run="run", dataset="packed", model="D", seed=0, kimg=0)


def protocol_of(root, **changes) -> Protocol:
    plan = named_protocol(root / "config", "rfvd_16f")
    values = merged(plan.settings.model_dump(mode="json"), FEW | changes)
    return Protocol.of("rfvd_8f", type(plan.settings).model_validate_json(json.dumps(values)))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Packed clips of twelve videos of noise that moves."""
    folder = tmp_path_factory.mktemp("data")
    for video in range(12):
        whole = np.random.default_rng(video).integers(0, 256, (SIZE, SIZE + 24, 3), np.uint8)
        (folder / "videos" / f"{video}").mkdir(parents=True)
        for frame in range(24):
            Image.fromarray(whole[:, frame : frame + SIZE]).save(folder / "videos" / f"{video}" / f"{frame:02d}.png")
    return pack(folder / "videos", folder / "packed", max_frames=None)


def pack(videos, out, *, max_frames, resolution=SIZE):
    values = {"crop": "center", "fps": None, "min_frames": 1, "max_frames": max_frames, "damaged": "drop"}
    settings = PackSettings(resolution=resolution, jpeg_quality=100, labels=None, **values)
    pack_videos(videos, out, settings=settings)
    return out


@pytest.fixture(scope="module")
def networks(tmp_path_factory, root):
    return write_snapshot(tmp_path_factory.mktemp("networks") / "networks.safetensors", root)


def test_a_floor_is_measured_once_for_all_snapshots(data, networks, root, tmp_path):
    protocol = protocol_of(root)
    reference, floor = tmp_path / "reference.safetensors", tmp_path / "floor.json"
    measure_reference(data, protocol.reference, reference, detector=None, shards=tmp_path / "shards")
    write_measured_floor(floor, measure_floor(reference, protocol))
    options = {"detector": None, "shards": tmp_path / "shards"}
    given = score_snapshot(networks, reference, protocol, SCORED, floor=floor, **options)
    alone = score_snapshot(networks, reference, protocol, SCORED, **options)
    assert given.floor == read_measured_floor(floor).floor
    assert given.floor.value == pytest.approx(alone.floor.value, rel=1e-9)
    assert (given.floor.method, given.floor.real_clips, given.floor.generated_clips) == ("halves", 24, 8)
    other = protocol_of(root, generated={"num_clips": 9})
    with pytest.raises(DataError, match=r"floor.json: is the floor of other clips or of another protocol; delete it"):
        score_snapshot(networks, reference, other, SCORED, floor=floor, **options)
    with pytest.raises(ConfigError, match="frame_stride: 1 and 2"):
        measure_floor(reference, protocol_of(root, frame_stride=2))


def test_a_snapshot_of_another_size_is_refused_before_its_clips_are_made(data, networks, root, tmp_path, monkeypatch):
    protocol, reference = protocol_of(root), tmp_path / "reference.safetensors"
    packed = pack(data.parent / "videos", tmp_path / "packed", max_frames=None, resolution=SIZE // 2)
    measure_reference(packed, protocol.reference, reference, detector=None, shards=tmp_path / "shards")
    monkeypatch.setattr("stylesv.scoring.measure.measure_side", None)
    with pytest.raises(DataError, match="real frames have 16 px and generated ones 32"):
        score_snapshot(networks, reference, protocol, SCORED, detector=None, shards=tmp_path / "shards")


def test_motion_is_measured_on_clips_as_long_as_those_of_the_reference(data, networks, root, tmp_path):
    protocol = protocol_of(root, motion={"num_clips": 4, "num_frames": 32, "decides": False})
    options = {"detector": None, "shards": tmp_path / "shards"}
    measure_reference(data, protocol.reference, tmp_path / "reference.safetensors", **options)
    motion = score_snapshot(networks, tmp_path / "reference.safetensors", protocol, SCORED, **options).motion
    assert (motion.real_frames, motion.generated_frames) == (24, 24)


def test_pieces_of_one_film_are_one_video_in_statistics_and_several_in_the_choice_of_clips(data, root, tmp_path):
    packed = pack(data.parent / "videos", tmp_path / "packed", max_frames=8)
    used = load_protocols_detector(protocol_of(root, real={"max_clips": 30, "max_clips_per_video": 1}), None)[1]
    side = real_side(open_videos(packed, None), used, name="sky")
    assert [video for video, _ in side.clips.selection.clips] == list(range(30)), "of 12 films in 3 pieces"
    assert side.videos == tuple(clip // 3 for clip in range(30))
    assert (side.record.count, side.record.num_videos, side.record.max_clips_per_video) == (30, 10, 3)


def test_pictures_show_the_pairs_of_the_score(data, networks, root, tmp_path):
    used = load_protocols_detector(protocol_of(root), None)[1]
    protocol = protocol_of(root)
    reference = tmp_path / "reference.safetensors"
    measure_reference(data, protocol.reference, reference, detector=None, shards=tmp_path / "shards")
    score = score_snapshot(networks, reference, protocol, SCORED, detector=None, shards=tmp_path / "shards")
    write_score(tmp_path / "score.json", score)
    draw_nearest(networks, data, tmp_path / "score.json", tmp_path / "nearest.png")
    picture = np.asarray(Image.open(tmp_path / "nearest.png"))
    detector, _ = load_protocols_detector(protocol, None)
    sides = [real_side(open_videos(data, None), used, name="sky"), snapshot_side(networks, used, name="run/4")]
    real, made = (measure_side(side, detector, used, None) for side in sides)
    found = nearest_real(real.features, real.videos, made.features)
    first = score.memorisation.pairs[0]
    assert first.generated == int(found.distance.argmin()) and first.real == int(found.real[first.generated])
    (clip,) = (batch[0].numpy() for batch in sides[1].clips.batches(first.generated, first.generated + 1))
    factor = 64 // SIZE
    shown = picture[32 : 32 + 64 : factor, :64:factor]
    assert np.array_equal(shown, clip[0].transpose(1, 2, 0)), "the nearest pair's generated clip comes first"
    bare = protocol_of(root, neighbours=None)
    write_score(
        tmp_path / "bare.json",
        score_snapshot(networks, reference, bare, SCORED, detector=None, shards=tmp_path / "shards"),
    )
    with pytest.raises(DataError, match=r"bare.json: its protocol looks for no neighbours; set protocol.neighbours"):
        draw_nearest(networks, data, tmp_path / "bare.json", tmp_path / "nearest.png")


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ({"kimg": 4}, r"networks\.safetensors: is of kimg 0, not of 4; give the right file, or mend --kimg"),
        ({"dataset": "sky"}, r"reference\.safetensors: is of data set packed, not of sky; .* mend --dataset"),
        ({"run": "sky-D-s0-00000001"}, r"networks\.safetensors: is of recipe 0000beef, not of 00000001; .* mend --run"),
    ],
)
def test_a_score_of_something_else_than_it_says_is_refused(data, root, tmp_path, claim, words):
    protocol, reference = protocol_of(root), tmp_path / "reference.safetensors"
    networks = write_snapshot(tmp_path / "networks.safetensors", root, recipe_key="0000beef")
    measure_reference(data, protocol.reference, reference, detector=None, shards=tmp_path / "shards")
    with pytest.raises(DataError, match=words):
        score_snapshot(
            networks, reference, protocol, SCORED.model_copy(update=claim), detector=None, shards=tmp_path / "shards"
        )


@pytest.mark.parametrize(
    ("detector", "said"),
    [
        ({}, False),
        ({"kind": "content_and_change", "name": "content-and-change", "feature_dim": 83, "resize_px": 64}, True),
    ],
)
def test_features_of_real_clips_say_which_form_of_operations_made_them_where_one_did(
    detector, said, data, root, tmp_path
):
    changes = {"num_frames": 9, "real": {"max_clips": 3}, "detector": detector, "floor": None}
    protocol, reference = protocol_of(root, **changes), tmp_path / "reference.safetensors"
    measure_reference(data, protocol.reference, reference, detector=None, shards=tmp_path / "shards")
    made = read_features(reference).origin.computed_with
    assert made["threads"] == str(torch.get_num_threads())
    assert made.get("operations") == (active_backend("cpu")[0] if said else None)


def test_a_score_says_how_it_was_computed_and_its_snapshot_trained(data, root, tmp_path):
    protocol, reference = protocol_of(root, floor=None), tmp_path / "reference.safetensors"
    made = {"operations": "torch", "threads": "7"}
    networks = write_snapshot(tmp_path / "networks.safetensors", root, computed_with=made)
    options = {"detector": None, "shards": tmp_path / "shards"}
    measure_reference(data, protocol.reference, reference, **options)
    versions = score_snapshot(networks, reference, protocol, SCORED, **options).versions
    assert (versions["training operations"], versions["training threads"]) == ("torch", "7")
    assert versions["operations"] == active_backend("cpu")[0] and versions["threads"] == str(torch.get_num_threads())
    assert versions["processor"] and versions["device"] and not any(name.startswith("reference") for name in versions)

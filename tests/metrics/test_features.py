"""Features on disk: with their moments and their origin, never a part of them; and no more of them than a score needs."""

import numpy as np
import pytest
from protocol_values import protocol, used

from stylesv.errors import CheckpointError, DataError, DetectorError
from stylesv.metrics.clip_selection import select_real_clips
from stylesv.metrics.features import (
    FeatureOrigin,
    FeatureSet,
    collect_features,
    describe_generated_clips,
    describe_real_clips,
    needs_features,
    read_features,
    write_features,
)
from stylesv.records.array_file import read_arrays, write_arrays


def feature_set(count, *, features=True, chosen=None):
    rows = np.random.default_rng(0).standard_normal((count, 3)).astype(np.float32)
    settings = used(generated={"num_clips": chosen or count})
    clips = describe_generated_clips(source="run", protocol=settings, resolution_px=32)
    kept, moments = collect_features(np.array_split(rows, 3), keep=features)
    return FeatureSet(
        kept,
        moments,
        FeatureOrigin(protocol=settings, clips=clips),
        np.arange(count) if features else None,
        np.ones((2, 8)) if features else None,
        {128: rows[:2], 0: rows[:0]} if features else {},
    )


def test_no_clips_are_refused():
    with pytest.raises(DataError, match="no clips"):
        collect_features([], keep=True)


def test_shards_make_one_set_in_their_order():
    rows = np.random.default_rng(0).standard_normal((50, 4)).astype(np.float32)
    kept, moments = collect_features(np.split(rows, [20, 21]), keep=True)
    np.testing.assert_array_equal(kept, rows)
    np.testing.assert_allclose(moments.covariance("sample"), np.cov(rows.T.astype(float)), rtol=1e-10)
    none, same = collect_features(np.split(rows, [20, 21]), keep=False)
    assert none is None and np.array_equal(same.scatter, moments.scatter)


def test_features_are_kept_where_a_score_needs_them():
    many = {"detector": {"feature_dim": 400}, "bootstrap": {"resamples": 0}, "kernel": None, "neighbours": None}
    assert not needs_features(protocol(**many), 2048)
    assert needs_features(protocol(**many), 1600)  # few clips: singular values of features
    assert needs_features(protocol(bootstrap={"resamples": 1}), 9999)
    kernel = {"metric": "kernel_image", "kernel": {"subsets": 1, "max_subset_size": 9, "seed": 0}}
    assert needs_features(protocol("rfid", **kernel, bootstrap={"resamples": 0}), 9999)


@pytest.mark.parametrize("features", [True, False])
def test_a_file_gives_back_everything(tmp_path, features):
    whole = feature_set(6, features=features)
    write_features(tmp_path / "f.safetensors", whole)
    found = read_features(tmp_path / "f.safetensors")
    for name in ("features", "videos", "artefacts"):
        np.testing.assert_array_equal(getattr(found, name), getattr(whole, name))
    assert found.late.keys() == whole.late.keys()
    assert all(np.array_equal(rows, whole.late[start]) for start, rows in found.late.items())
    assert (found.moments.count, found.origin) == (6, whole.origin)
    np.testing.assert_array_equal(found.moments.scatter, whole.moments.scatter)


def test_a_file_is_the_same_bytes_each_time(tmp_path):
    for name in "ab":
        write_features(tmp_path / name, feature_set(6))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_part_of_the_clips_is_refused(tmp_path):
    with pytest.raises(DataError, match="5 clips have features, but 6 were chosen"):
        write_features(tmp_path / "f", feature_set(5, chosen=6))
    assert not (tmp_path / "f").exists()


def test_the_record_of_real_clips_says_what_was_left_out():
    settings = used(real={"max_clips": 5, "max_clips_per_video": 2, "first_frames": "spread"})
    selection = select_real_clips([40, 10, 16, 99, 3], settings.settings)
    record = describe_real_clips(selection, films=range(5), dataset="sky-0000", protocol=settings, resolution_px=32)
    assert (record.count, record.num_videos, record.short_videos, record.max_clips_per_video) == (5, 3, 2, 2)
    assert (record.first_frames, record.frame_stride, record.selection_sha256) == ("spread", 1, selection.sha256)


def test_damaged_files_are_refused(tmp_path):
    path = tmp_path / "f.safetensors"
    with pytest.raises(CheckpointError, match="no such file"):
        read_features(path)
    write_features(path, feature_set(6))
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    with pytest.raises(DataError, match="not a whole file of features"):
        read_features(path)
    path.write_bytes(b"something else")
    with pytest.raises(CheckpointError, match="not a file of this project"):
        read_features(path)


@pytest.mark.parametrize("name", ["features", "mean", "scatter", "late_128"])
def test_a_file_whose_features_are_not_finite_is_refused_by_name(tmp_path, name):
    path = tmp_path / "f.safetensors"
    write_features(path, feature_set(6))
    arrays, header = read_arrays(path, what="file", advice="")
    arrays[name][1, ...] = np.nan
    write_arrays(path, arrays, header)
    with pytest.raises(DetectorError, match=r"f\.safetensors: .* not finite .*delete it and run again"):
        read_features(path)

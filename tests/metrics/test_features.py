"""Features on disk: with their moments and their origin, never a part of them."""

import numpy as np
import pytest
import torch
from protocol_values import used

from stylesv.errors import CheckpointError, DataError
from stylesv.metrics.clip_selection import select_real_clips
from stylesv.metrics.detector import Detector
from stylesv.metrics.features import (
    FeatureOrigin,
    describe_generated_clips,
    describe_real_clips,
    extract_features,
    read_features,
    write_features,
)


@pytest.fixture
def colour_means():
    """A detector that gives the mean of each colour."""
    return Detector("net", "0" * 64, 3, torch.device("cpu"), lambda clips: clips.float().mean(dim=(1, 3, 4)))


def clips(count):
    random = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 4, 3, 8, 8), dtype=torch.uint8, generator=random)


def origin(count):
    protocol = used(generated={"num_clips": count})
    return FeatureOrigin(protocol=protocol, clips=describe_generated_clips(source="run", protocol=protocol))


def test_clips_keep_their_order_whatever_the_batches(colour_means):
    x = clips(7)
    expected = x.double().mean(dim=(1, 3, 4)).numpy()
    for size in (1, 3, 7):
        found = extract_features(colour_means, x.split(size))
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_no_clips_are_refused(colour_means):
    with pytest.raises(DataError, match="no clips for detector net"):
        extract_features(colour_means, [])


def test_a_file_gives_back_features_moments_and_origin(tmp_path, colour_means):
    features = extract_features(colour_means, [clips(6)])
    write_features(tmp_path / "f.safetensors", features, origin(6))
    found = read_features(tmp_path / "f.safetensors")
    np.testing.assert_array_equal(found.features, features)
    np.testing.assert_allclose(found.moments.covariance("sample"), np.cov(features.T.astype(float)), rtol=1e-10)
    assert found.moments.count == 6
    assert found.origin == origin(6)


def test_a_file_is_the_same_bytes_each_time(tmp_path, colour_means):
    features = extract_features(colour_means, [clips(6)])
    for name in "ab":
        write_features(tmp_path / name, features, origin(6))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_part_of_the_clips_is_refused(tmp_path, colour_means):
    features = extract_features(colour_means, [clips(5)])
    with pytest.raises(DataError, match="5 clips have features, but 6 were chosen"):
        write_features(tmp_path / "f", features, origin(6))
    assert not (tmp_path / "f").exists()


def test_the_record_of_real_clips_says_what_was_left_out():
    protocol = used(real={"max_clips": 5, "max_clips_per_video": 2, "first_frames": "spread"})
    selection = select_real_clips([40, 10, 16, 99, 3], protocol.settings)
    record = describe_real_clips(selection, dataset="sky-0000", protocol=protocol)
    assert (record.count, record.num_videos, record.short_videos, record.max_clips_per_video) == (5, 3, 2, 2)
    assert (record.first_frames, record.frame_stride, record.selection_sha256) == ("spread", 1, selection.sha256)


def test_damaged_files_are_refused(tmp_path, colour_means):
    path = tmp_path / "f.safetensors"
    with pytest.raises(CheckpointError, match="no such file"):
        read_features(path)
    write_features(path, extract_features(colour_means, [clips(6)]), origin(6))
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    with pytest.raises(DataError, match="not a whole file of features"):
        read_features(path)
    path.write_bytes(b"something else")
    with pytest.raises(CheckpointError, match="not a file of this project"):
        read_features(path)

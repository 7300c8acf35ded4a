"""Frame times: what may be drawn, by exhaustive counting, and what is refused."""

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylesv.config.training import FrameSamplingSettings
from stylesv.errors import ConfigError, DataError
from stylesv.training.frame_times import (
    allowed_distances,
    frame_times_for_batch,
    min_clip_length,
    sample_frame_times,
    window_starts,
)


def settings(kind="random", distances=None, max_distance=None, published_spans=False):
    return FrameSamplingSettings(
        kind=kind,
        distances=distances and tuple(distances),
        max_distance=max_distance,
        published_spans=published_spans,
    )


def draws(count, **options):
    rng = np.random.default_rng(0)
    return np.array([sample_frame_times(rng, **options) for _ in range(count)])


def test_every_allowed_random_clip_comes_up_as_often_as_counting_says():
    sampling = settings(distances=[2, 4], max_distance=4)
    expected = Counter()
    for span in (2, 4):
        clips = [(start, start + middle, start + span) for start in range(7 - span) for middle in range(1, span)]
        expected.update({clip: 1 / 2 / len(clips) for clip in clips})
    found = Counter(map(tuple, draws(20000, clip_length=7, num_frames=3, sampling=sampling).tolist()))
    assert set(found) == set(expected)
    for clip, probability in expected.items():
        error = np.sqrt(20000 * probability * (1 - probability))
        assert abs(found[clip] - 20000 * probability) < 5 * error, clip


def test_a_single_frame_is_any_frame_of_the_video_with_equal_probability():
    for kind in ("random", "uniform"):
        found = draws(8000, clip_length=8, num_frames=1, sampling=settings(kind, [2, 4], 4))[:, 0]
        counts = np.bincount(found, minlength=8)
        assert abs(counts - 1000).max() < 5 * np.sqrt(8000 * 1 / 8 * 7 / 8)


def test_a_single_frame_as_published_rarely_shows_the_last_frames():
    sampling = settings(distances=[1, 2, 4], max_distance=4, published_spans=True)
    counts = np.bincount(draws(9000, clip_length=8, num_frames=1, sampling=sampling)[:, 0], minlength=8)
    assert counts[7] == 0
    assert counts[6] < counts[0] / 2


def test_the_largest_distance_can_be_drawn_and_as_published_it_cannot():
    for published, largest in ((False, 5), (True, 4)):
        sampling = settings(max_distance=5, published_spans=published)
        found = draws(2000, clip_length=40, num_frames=3, sampling=sampling)
        assert (found[:, -1] - found[:, 0]).max() == largest


@given(
    st.sampled_from(["random", "uniform"]),
    st.integers(1, 6),
    st.integers(1, 80),
    st.one_of(st.none(), st.lists(st.integers(1, 30), min_size=1, max_size=4)),
    st.one_of(st.none(), st.integers(1, 40)),
    st.booleans(),
    st.booleans(),
)
def test_times_ascend_and_stay_within_the_video(
    kind, num_frames, clip_length, distances, max_distance, published, fractional
):
    sampling = settings(kind, distances, max_distance, published)
    try:
        needed = min_clip_length(num_frames, sampling)
    except ConfigError:
        return
    rng = np.random.default_rng(1)
    options = {"num_frames": num_frames, "sampling": sampling, "fractional": fractional}
    if clip_length < needed:
        with pytest.raises(DataError, match=f"a video of {clip_length} frames is too short"):
            sample_frame_times(rng, clip_length=clip_length, **options)
        return
    times = sample_frame_times(rng, clip_length=clip_length, **options)
    assert times.dtype == (np.float64 if fractional else np.int64)
    assert times.shape == (num_frames,)
    assert times[0] >= 0 and times[-1] <= clip_length - 1
    gaps = np.diff(times)
    assert (gaps > 0.5).all()
    assert np.allclose(gaps, gaps.round())
    if kind == "uniform" and num_frames > 1:
        assert round(gaps[0]) in allowed_distances(clip_length, num_frames, sampling)
        assert np.allclose(gaps, gaps[0])
    if kind == "random" and num_frames > 1:
        assert round(times[-1] - times[0]) in allowed_distances(clip_length, num_frames, sampling)


def test_the_shortest_length_is_the_first_at_which_drawing_works():
    for kind, num_frames, published in itertools.product(("random", "uniform"), (1, 2, 3, 5), (False, True)):
        for distances, largest in ((None, None), (None, 9), ([2, 4, 8], 8), ([7], None)):
            sampling = settings(kind, distances, largest, published)
            needed = min_clip_length(num_frames, sampling)
            assert len(allowed_distances(needed, num_frames, sampling)) >= 1
            with pytest.raises(DataError):
                allowed_distances(needed - 1, num_frames, sampling)


def test_settings_that_can_never_hold_the_clip_are_refused_with_the_reason():
    with pytest.raises(ConfigError, match=r"none of the distances \(1, 2, 4\).*can hold 6 frames"):
        min_clip_length(6, settings(distances=[1, 2, 4]))
    with pytest.raises(ConfigError, match="max_distance 3 can hold 6 frames"):
        min_clip_length(6, settings(max_distance=3))


def test_a_clip_of_a_batch_depends_on_its_number_alone():
    options = {"num_frames": 3, "sampling": settings(distances=[2, 4, 8]), "max_num_frames": 64}
    whole = frame_times_for_batch(7, "real", clip_numbers=range(6), clip_lengths=[30, 90] * 3, **options)
    last = frame_times_for_batch(7, "real", clip_numbers=[5], clip_lengths=[90], **options)
    assert whole.shape == (6, 3)
    assert (whole[5] == last[0]).all()
    other = frame_times_for_batch(8, "real", clip_numbers=range(6), clip_lengths=[30, 90] * 3, **options)
    fake = frame_times_for_batch(7, "fake", clip_numbers=range(6), clip_lengths=[30, 90] * 3, **options)
    assert (whole != other).any() and (whole != fake).any()


def test_long_videos_are_used_to_their_ends_through_a_window():
    numbers = range(500)
    options = {"clip_numbers": numbers, "clip_lengths": [20] * 500, "max_num_frames": 16}
    starts = window_starts(3, "real", **options)
    times = frame_times_for_batch(3, "real", num_frames=1, sampling=settings(distances=[1]), **options)
    assert set(starts) == {0, 1, 2, 3, 4}
    assert times.max() == 15
    assert set((starts[:, None] + times).ravel()) == set(range(20))
    short = window_starts(3, "real", clip_numbers=[0, 1], clip_lengths=[5, 16], max_num_frames=16)
    assert short.tolist() == [0, 0]

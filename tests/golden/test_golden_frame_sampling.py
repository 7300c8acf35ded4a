"""The frame samplers draw the published spans, gaps and offsets with the published frequencies."""

from collections import Counter

import numpy as np
import pytest
from golden_reader import Case
from pydantic import ValidationError
from scipy.stats import chi2_contingency

from stylesv.config.training import FrameSamplingSettings
from stylesv.errors import ConfigError, DataError
from stylesv.training.frame_times import sample_frame_times

DRAWS = 6000


def settings_from_published(config: dict) -> FrameSamplingSettings:
    """The published sampling configuration, in our names."""
    if config["type"] == "random":
        distances, largest = config.get("total_dists"), config.get("max_dist")
    elif config.get("dists_between_frames") is not None:
        distances, largest = config["dists_between_frames"], config["max_dist_between_frames"]
    else:
        distances, largest = None, config.get("max_dist")
    return FrameSamplingSettings(
        kind=config["type"], distances=distances and tuple(distances), max_distance=largest, published_spans=True
    )


def assert_same_distribution(ours: Counter, published: Counter, what: str) -> None:
    """The supports agree except for rare values, and a chi-square test of both counts does not tell them apart."""
    values = sorted(set(ours) | set(published))
    table = np.array([[ours[v] for v in values], [published[v] for v in values]], dtype=float)
    for value, (a, b) in zip(values, table.T, strict=True):
        assert min(a, b) > 0 or max(a, b) < 25, f"{what} {value}: ours {a}, published {b}"
    rare = table.min(axis=0) < 20
    table = np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] > 1:
        assert chi2_contingency(table).pvalue > 1e-5, what


@pytest.fixture
def golden(golden_dir) -> Case:
    return Case(golden_dir, "frame_sampling")


def test_spans_gaps_and_offsets_have_the_published_distribution(golden):
    for case in golden.info["cases"]:
        name = f"case {case['index']}"
        sampling = settings_from_published(case["cfg"])
        rng = np.random.default_rng(case["index"])
        num_frames = case["cfg"]["num_frames_per_video"]
        times = np.array(
            [
                sample_frame_times(
                    rng,
                    clip_length=case["total_video_len"],
                    num_frames=num_frames,
                    sampling=sampling,
                    fractional=case["use_fractional_t"],
                )
                for _ in range(DRAWS)
            ]
        )
        assert str(times.dtype) == case["dtype"]
        assert times.min() >= 0 and times.max() <= case["total_video_len"] - 1

        spans = Counter(np.rint(times[:, -1] - times[:, 0]).astype(int).tolist())
        published = Counter({round(float(k)): v for k, v in case["span_hist"].items()})
        assert set(spans) == set(published), name
        assert_same_distribution(spans, published, f"{name} span")
        for position, histogram in enumerate(case["gap_hist_per_position"]):
            gaps = np.rint(times[:, position + 1] - times[:, position]).astype(int).tolist()
            published = Counter({round(float(k)): v for k, v in histogram.items()})
            assert_same_distribution(Counter(gaps), published, f"{name} gap {position}")
        for label, values, rounded in (("offset", times[:, 0], np.floor), ("frame", times.ravel(), np.rint)):
            ours = np.bincount(rounded(values).astype(int), minlength=case["total_video_len"])
            theirs = golden.arrays[f"c{case['index']}_{label}_hist"]
            if label == "offset":
                bins = np.arange(0, len(ours), max(len(ours) // 64, 1))
                ours, theirs = np.add.reduceat(ours, bins), np.add.reduceat(theirs, bins)
                assert_same_distribution(
                    Counter(dict(enumerate(ours.tolist()))),
                    Counter(dict(enumerate(theirs.tolist()))),
                    f"{name} offset",
                )
            else:
                # frames of one clip are not independent, so the cumulated shares are compared
                gap = np.abs(np.cumsum(ours) / ours.sum() - np.cumsum(theirs) / theirs.sum()).max()
                assert gap < 0.03, f"{name} frame"


def test_the_recorded_draws_are_allowed_by_the_settings(golden):
    for case in golden.info["cases"]:
        drawn = golden.arrays[f"c{case['index']}_first64"]
        assert drawn.shape == (64, case["cfg"]["num_frames_per_video"])
        assert drawn.min() >= 0 and drawn.max() <= case["total_video_len"] - 1


def test_inputs_on_which_the_published_code_fails_are_refused_with_a_reason(golden):
    for case in golden.info["failing_inputs"]:
        with pytest.raises(
            (ConfigError, DataError, ValidationError), match=r"too short for clips|can hold|greater than or equal"
        ):
            sample_frame_times(
                np.random.default_rng(0),
                clip_length=case["len"],
                num_frames=case["cfg"]["num_frames_per_video"],
                sampling=settings_from_published(case["cfg"]),
            )

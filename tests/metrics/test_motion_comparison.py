"""Motion of generated against real clips: what is called still, slow, fast, morphing, repeating, collapsed, wrong."""

import numpy as np
import pytest
import torch
from moving_pictures import fading, shifting
from others_data import real_films

from stylesv.metrics.motion import ClipMotion, measure_motion
from stylesv.metrics.motion_comparison import compare_motion, direction_cosine, distribution
from stylesv.metrics.motion_warnings import motion_warnings
from stylesv.scoring.clip_sources import open_videos

SIZE, FRAMES = 32, 32


def motion_of(clips):
    return ClipMotion.from_rows(measure_motion(torch.stack(list(clips))))


def drifting(seeds, speed=0.5, angle=0.0):
    shift = (speed * np.cos(angle), speed * np.sin(angle))
    return [shifting(FRAMES, SIZE, shift, seed=seed) for seed in seeds]


@pytest.fixture(scope="module")
def real():
    return motion_of(drifting(range(8)))


def compared(real, clips):
    score = compare_motion(real, motion_of(clips), width_px=SIZE)
    return score, {warning.code: warning.sentence for warning in motion_warnings(score)}


def test_clips_that_move_like_real_ones_are_not_warned_of(real):
    score, warnings = compared(real, drifting(range(20, 28)))
    assert warnings == {}
    assert score.difference_ratio == pytest.approx(1, abs=0.15) and score.flow_ratio == pytest.approx(1, abs=0.05)
    assert score.direction_cosine > 0.99 and score.certain_cells > 0.9


def test_still_clips_are_still_and_nothing_else(real):
    still = [shifting(1, SIZE, (0, 0), seed=seed).expand(FRAMES, -1, -1, -1) for seed in range(20, 28)]
    score, warnings = compared(real, still)
    assert list(warnings) == ["still"] and warnings["still"].startswith("100 % of its clips stand still (real: 0 %)")
    assert score.share("still").generated == 1
    _, warnings = compared(real, [*still[:4], *drifting(range(24, 28))])
    assert "50 % of its clips stand still" in warnings["still"]


def test_too_slow_and_too_fast_clips_are_called_so(real):
    _, slow = compared(real, drifting(range(20, 28), speed=0.2))
    assert list(slow) == ["slow"]
    _, fast = compared(real, drifting(range(20, 28), speed=1.5))
    assert list(fast) == ["fast"]


def test_clips_that_fade_into_others_morph():
    real = motion_of(drifting(range(8), speed=0.2))
    score, warnings = compared(real, [fading(FRAMES, SIZE, seed=seed) for seed in range(20, 28)])
    assert score.difference_ratio > 0.5
    assert "morphs" in warnings and "still" not in warnings and "slow" not in warnings


@pytest.mark.parametrize(("angle", "cosine"), [(np.pi, -1), (np.pi / 2, 0), (np.pi / 4, np.sqrt(0.5))])
def test_the_cosine_is_that_of_the_angle_between_the_directions(real, angle, cosine):
    score, warnings = compared(real, drifting(range(20, 28), angle=angle))
    assert score.direction_cosine == pytest.approx(cosine, abs=0.05)
    assert ("wrong_direction" in warnings) == (cosine < 0.5)


def test_where_real_clips_go_everywhere_no_direction_is_wrong():
    everywhere = motion_of([clip for n in range(12) for clip in drifting([n], angle=n * np.pi / 6)])
    score, warnings = compared(everywhere, drifting(range(20, 32)))
    assert "wrong_direction" not in warnings and score.certain_cells < 0.05
    assert direction_cosine(everywhere, everywhere, min_px=100.0) == (None, 0.0)


def test_clips_that_begin_again_repeat(real):
    halves = [clip[: FRAMES // 2] for clip in drifting(range(20, 28))]
    score, warnings = compared(real, [torch.cat([half, half]) for half in halves])
    assert list(warnings) == ["repeats"] and score.share("repeating").generated == 1


def test_contents_that_are_nearly_the_same_are_collapsed(real):
    random = np.random.default_rng(0)
    one = drifting([20])[0].short()
    nearly = [(one + torch.from_numpy(random.integers(-3, 4, one.shape))).clamp(0, 255).byte() for _ in range(8)]
    score, warnings = compared(real, nearly)
    assert "collapsed" in warnings and score.share("collapsed").generated == 1
    assert score.share("collapsed").real == 0


def test_a_distribution_leaves_out_clips_without_the_number():
    values = np.array([1, 2, np.nan, 6], np.float32)
    found = distribution(values)
    assert (found.mean, found.median, found.clips) == (3, 2, 3)
    assert found.error == pytest.approx(np.std([1, 2, 6], ddof=1) / np.sqrt(3))
    assert distribution(values[2:3]) is None


def test_few_clips_say_nothing_of_collapse_or_direction(real):
    score, warnings = compared(real, drifting([20, 21]))
    assert score.share("collapsed").generated is None and score.direction_cosine is None
    assert warnings == {}


def real_clips(folder, *, stride=1, size=64):
    """Every clip of 32 frames of the films, without overlap."""
    videos = open_videos(real_films(folder), size)
    span = 31 * stride + 1
    return [
        torch.from_numpy(np.asarray(videos.read(video, list(range(first, first + span, stride)))))
        for video, length in enumerate(videos.lengths)
        for first in range(0, length - span + 1, span)
    ]


@pytest.mark.slow
def test_other_real_clips_are_not_warned_of():
    clips = real_clips("sky")
    for order in range(4):
        shuffled = np.random.default_rng(order).permutation(len(clips))
        half = len(clips) // 2
        kept = motion_of([clips[i] for i in shuffled[:half]])
        _, warnings = compared(kept, [clips[i] for i in shuffled[half:]])
        assert set(warnings) <= {"fast", "morphs"}, (
            warnings
        )  # in 9 of 200 orders: 12 films of clouds differ much in speed
        assert len(warnings) <= 1


@pytest.mark.slow
def test_a_film_backwards_goes_the_wrong_way_and_one_in_quick_motion_is_fast():
    clips = real_clips("driving")
    kept = motion_of(clips)
    _, backwards = compared(kept, [clip.flip(0) for clip in clips])
    assert list(backwards) == ["wrong_direction"]
    _, held = compared(kept, [clip[:1].expand(32, -1, -1, -1) for clip in clips])
    assert list(held) == ["still"]
    _, begun_again = compared(kept, [torch.cat([clip[:16], clip[:16]]) for clip in clips])
    assert "repeats" in begun_again

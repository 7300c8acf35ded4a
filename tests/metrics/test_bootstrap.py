"""The interval of a score: seeded, around the score, and as wide as scores of other clips really vary."""

import jaxtyping
import numpy as np
import pytest

from stylesv.metrics.bootstrap import bootstrap_interval
from stylesv.metrics.frechet import frechet_distance_of_features


def distance(real, generated):
    return frechet_distance_of_features(real, generated, covariance="population")


def draw(seed, count=200, length=5):
    random = np.random.default_rng(seed)
    return random.standard_normal((count, length)), 1.3 * random.standard_normal((count, length)) + 0.4


def interval(real, generated, *, resamples=100, level=0.9, seed=0):
    return bootstrap_interval(real, generated, distance=distance, resamples=resamples, level=level, seed=seed)


def test_a_seed_gives_one_interval():
    sets = draw(0)
    assert interval(*sets) == interval(*sets)
    assert interval(*sets) != interval(*sets, seed=1)


def test_the_score_lies_inside():
    for count, length in ((200, 5), (20, 40)):  # with few clips, resampling moves all distances up
        sets = draw(1, count, length)
        low, high = interval(*sets)
        assert 0 <= low < distance(*sets) < high


def test_it_is_as_wide_as_scores_of_other_clips_vary():
    scores = [distance(*draw(seed)) for seed in range(100, 400)]
    low, high = np.quantile(scores, [0.05, 0.95])
    widths = [np.diff(interval(*draw(seed)))[0] for seed in range(8)]
    assert 0.75 < np.mean(widths) / (high - low) < 1.35


def test_a_higher_level_is_wider():
    sets = draw(2)
    low, high = interval(*sets, level=0.5)
    lower, higher = interval(*sets, level=0.99)
    assert lower < low < high < higher


def test_equal_clips_have_an_interval_of_no_width():
    same = np.ones((10, 3))
    assert interval(same, same + 1) == (3.0, 3.0)


@pytest.mark.slow
@pytest.mark.parametrize(("count", "length"), [pytest.param(200, 5, marks=pytest.mark.long), (100, 20)])
def test_95_per_cent_intervals_hold_90_to_99_per_cent(count, length, monkeypatch):
    """What they hold is the expected score of this many clips, by simulation of 1,000 other sets."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # 60,000 distances
    expected = np.mean([distance(*draw(10_000 + seed, count, length)) for seed in range(1000)])
    trials, held = 200, 0
    for seed in range(trials):
        low, high = interval(*draw(seed, count, length), resamples=100, level=0.95)
        held += low <= expected <= high
    print(f"{100 * held / trials:.1f} per cent hold")
    assert 0.90 <= held / trials <= 0.99


def test_clips_of_one_video_are_drawn_together():
    random = np.random.default_rng(0)
    videos = random.standard_normal((20, 3))
    real = np.repeat(videos, 10, axis=0) + 0.01 * random.standard_normal((200, 3))
    generated = random.standard_normal((200, 3)) + 0.5
    groups = (np.repeat(np.arange(20), 10), np.arange(200))
    low, high = interval(real, generated)
    wide_low, wide_high = bootstrap_interval(
        real, generated, distance=distance, resamples=100, level=0.9, seed=0, groups=groups
    )
    assert wide_high - wide_low > 2 * (high - low), "ten near copies of a clip are not ten clips"

"""Resampled distances equal those of gathered features; intervals come out the same; infinity is a line's end."""

import numpy as np
import pytest

from stylesv.errors import DataError
from stylesv.metrics import resampling
from stylesv.metrics.bootstrap import bootstrap_interval, frechet_interval
from stylesv.metrics.frechet import frechet_distance_of_features
from stylesv.metrics.infinity import extrapolate
from stylesv.metrics.resampling import RealSide, ResampledFrechet, counts_of, once


def sets(counts, length, seed=0):
    random = np.random.default_rng(seed)
    return [random.standard_normal((count, length)) * (1 + 0.3 * n) + 3 + n for n, count in enumerate(counts)]


@pytest.mark.parametrize("covariance", ["population", "sample"])
@pytest.mark.parametrize(("counts", "length"), [((80, 60), 12), ((20, 50), 30), ((50, 20), 30)])
def test_counted_clips_are_repeated_clips(counts, length, covariance):
    real, generated = sets(counts, length)
    clips = ResampledFrechet(RealSide(real, covariance), generated)
    random = np.random.default_rng(1)
    for _ in range(3):
        places = [random.integers(count, size=count) for count in counts]
        expected = frechet_distance_of_features(real[places[0]], generated[places[1]], covariance=covariance)
        found = clips.distance(*(counts_of(p, count) for p, count in zip(places, counts, strict=True)))
        assert found == pytest.approx(expected, rel=1e-7)
    whole = frechet_distance_of_features(real, generated, covariance=covariance)
    assert clips.distance(once(counts[0]), once(counts[1])) == pytest.approx(whole, rel=1e-7)


@pytest.mark.parametrize(("counts", "length"), [((80, 60), 5), ((20, 16), 30)])
def test_intervals_are_those_of_gathered_features(counts, length):
    real, generated = sets(counts, length)
    groups = (np.arange(counts[0]) // 2, np.arange(counts[1]))
    options = {"groups": groups, "resamples": 20, "level": 0.9, "seed": 3}
    expected = bootstrap_interval(
        real,
        generated,
        distance=lambda a, b: frechet_distance_of_features(a, b, covariance="population"),
        **options,
    )
    found = frechet_interval(ResampledFrechet(RealSide(real, "population"), generated), **options)
    assert found == pytest.approx(expected, rel=1e-7)


def test_snapshots_share_what_the_real_side_has_decomposed(monkeypatch):
    """100 resamples of a second snapshot decompose no real covariance again."""
    decomposed = []
    monkeypatch.setattr(resampling, "factor_of", lambda c, f=resampling.factor_of: decomposed.append(1) or f(c))
    real, first, second = sets((60, 50, 40), 4)
    side = RealSide(real, "population")
    for generated in (first, second):
        groups = (np.arange(60), np.arange(len(generated)))
        frechet_interval(ResampledFrechet(side, generated), groups=groups, resamples=100, level=0.9, seed=0)
    assert len(decomposed) == 101
    scarce = RealSide(real, "population", kept_bytes=0)
    for _ in range(2):
        ResampledFrechet(scarce, first).distance(once(60), once(50))
    assert len(decomposed) == 103


def test_what_cannot_be_compared_is_refused():
    real, generated = sets((9, 8), 3)
    with pytest.raises(DataError, match="length 3 and 2"):
        ResampledFrechet(RealSide(real, "population"), generated[:, :2])
    with pytest.raises(DataError, match="1 clips have no covariance"):
        ResampledFrechet(RealSide(real, "population"), generated).distance(once(9), counts_of([3], 8))


def infinity(real, generated, parts=3, groups=None):
    groups = groups or (np.arange(len(real)), np.arange(len(generated)))
    return extrapolate(ResampledFrechet(RealSide(real, "population"), generated), groups=groups, parts=parts, seed=0)


def test_infinitely_many_clips_have_the_distance_of_the_distributions():
    """Normal distributions: |m1 - m2|^2 + sum (s1 - s2)^2 = 4 + 10 x 0.5^2, where few clips score more."""
    values, scores = [], []
    for seed in range(12):
        random = np.random.default_rng(seed)
        x, y = random.standard_normal((120, 10)), 1.5 * random.standard_normal((90, 10))
        y[:, 0] += 2
        values.append(infinity(x, y).value)
        scores.append(frechet_distance_of_features(x, y, covariance="population"))
    error = np.std(values) / 12**0.5
    assert abs(np.mean(values) - 6.5) < 4 * error < np.mean(scores) - 6.5


def test_the_line_goes_through_the_points():
    real, generated = sets((60, 40), 4)
    found = infinity(real, generated, parts=4)
    assert [(p.real_clips, p.generated_clips) for p in found.points] == [(60, 40), (30, 20), (20, 13), (15, 10)]
    distances = [point.distance for point in found.points]
    assert found.value == pytest.approx(np.polynomial.Polynomial.fit([1, 2, 3, 4], distances, 1)(0.0), rel=1e-9)


def test_no_video_is_cut_in_two_and_too_few_have_no_line():
    real, generated = sets((40, 40), 4)
    videos = np.repeat(np.arange(2), 20)
    found = infinity(real, generated, parts=5, groups=(videos, np.arange(40)))
    assert len(found.points) == 2, "two videos make no three parts"
    assert infinity(real[:20], generated, groups=(np.zeros(20, int), np.arange(40))) is None

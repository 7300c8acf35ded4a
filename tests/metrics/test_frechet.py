"""The Fréchet distance: closed forms, SciPy's matrix square root, and its two forms against each other."""

import numpy as np
import pytest
import scipy.linalg

from stylesv.errors import DataError
from stylesv.metrics.frechet import (
    frechet_distance,
    frechet_distance_of_features,
    frechet_distance_of_few,
    has_few_clips,
)
from stylesv.metrics.moments import Moments


def correlated(count, length, seed, shift=0.0):
    random = np.random.default_rng(seed)
    return random.standard_normal((count, length)) @ random.standard_normal((length, length)) + shift


def by_scipy(x, y, ddof):
    """The papers' formula, with a general matrix square root."""
    c1, c2 = np.cov(x.T, ddof=ddof), np.cov(y.T, ddof=ddof)
    root = scipy.linalg.sqrtm(c1 @ c2)
    return np.square(x.mean(0) - y.mean(0)).sum() + np.trace(c1 + c2 - 2 * root.real)


def moments(x, y):
    return Moments.from_features(x), Moments.from_features(y)


@pytest.mark.parametrize(("covariance", "ddof"), [("population", 0), ("sample", 1)])
def test_both_forms_equal_scipys_square_root(covariance, ddof):
    x, y = correlated(90, 12, 0), correlated(70, 12, 1, shift=0.5)
    expected = by_scipy(x, y, ddof)
    assert frechet_distance(*moments(x, y), covariance=covariance) == pytest.approx(expected, rel=1e-10)
    assert frechet_distance_of_few(x, y, covariance=covariance) == pytest.approx(expected, rel=1e-10)


def test_independent_dimensions_have_a_closed_form():
    # For diagonal covariances the distance is sum (m1 - m2)^2 + (s1 - s2)^2.
    base = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])  # mean 0, population covariance 1
    x, y = base * [1, 2], base * [3, 0.5] + [4, 0]
    expected = 4**2 + (1 - 3) ** 2 + (2 - 0.5) ** 2
    assert frechet_distance(*moments(x, y), covariance="population") == pytest.approx(expected, rel=1e-12)
    assert frechet_distance_of_few(x, y, covariance="population") == pytest.approx(expected, rel=1e-12)


def test_fewer_clips_than_dimensions_agree_with_a_rotation_of_them():
    # Two sets of 8 and 6 clips span at most 12 of 40 dimensions: in those 12 nothing is lost.
    x, y = correlated(8, 40, 2), correlated(6, 40, 3)
    centred = np.vstack([x - x.mean(0), y - y.mean(0), (x.mean(0) - y.mean(0))[None]])
    basis = np.linalg.svd(centred, full_matrices=False)[2][:13]
    expected = frechet_distance_of_few(x @ basis.T, y @ basis.T, covariance="population")
    found = frechet_distance_of_few(x, y, covariance="population")
    assert found == pytest.approx(expected, rel=1e-12)
    assert frechet_distance(*moments(x, y), covariance="population") == pytest.approx(found, rel=1e-5)


def test_a_set_is_at_distance_zero_from_itself():
    for count in (60, 9):
        x = correlated(count, 12, 4)
        assert frechet_distance_of_features(x, x, covariance="population") == pytest.approx(0, abs=1e-9)


def test_a_shift_adds_its_square():
    x, y = correlated(50, 6, 5), correlated(50, 6, 6)
    x, y = x - x.mean(0), y - y.mean(0)
    before = frechet_distance_of_features(x, y, covariance="sample")
    after = frechet_distance_of_features(x, y + np.array([3, 4, 0, 0, 0, 0]), covariance="sample")
    assert after - before == pytest.approx(25, rel=1e-10)


def test_order_of_the_sets_does_not_matter():
    for count in (50, 10):
        x, y = correlated(count, 12, 7), correlated(count + 3, 12, 8)
        forth = frechet_distance_of_features(x, y, covariance="population")
        assert forth == pytest.approx(frechet_distance_of_features(y, x, covariance="population"), rel=1e-10)


def test_few_means_a_singular_covariance():
    assert has_few_clips(400, 5000, feature_dim=400) and has_few_clips(5000, 400, feature_dim=400)
    assert not has_few_clips(401, 401, feature_dim=400)


def test_one_clip_is_refused():
    x = correlated(20, 3, 0)
    for y in (x[:1], np.empty((0, 3))):
        with pytest.raises(DataError, match="at least"):
            frechet_distance_of_features(x, y, covariance="population")
    with pytest.raises(DataError, match="no covariance"):
        frechet_distance(*moments(x, x[:1]), covariance="sample")


def test_features_of_two_detectors_are_refused():
    with pytest.raises(DataError, match="length 3 and 4"):
        frechet_distance_of_features(correlated(9, 3, 0), correlated(9, 4, 0), covariance="population")


def test_singular_covariances_are_handled_from_moments_too():
    x, y = correlated(30, 64, 9), correlated(25, 64, 10)
    from_features = frechet_distance_of_few(x, y, covariance="population")
    assert frechet_distance(*moments(x, y), covariance="population") == pytest.approx(from_features, rel=1e-6)
    constant = np.hstack([correlated(90, 8, 11), np.ones((90, 2))])  # two dimensions that never change
    other = np.hstack([correlated(90, 8, 12), np.ones((90, 2))])
    expected = frechet_distance_of_few(constant, other, covariance="sample")
    assert frechet_distance(*moments(constant, other), covariance="sample") == pytest.approx(expected, rel=1e-6)


@pytest.mark.slow
def test_many_dimensions_equal_scipys_square_root():
    x, y = correlated(700, 512, 13), correlated(600, 512, 14, shift=0.1)
    assert frechet_distance(*moments(x, y), covariance="population") == pytest.approx(by_scipy(x, y, 0), rel=1e-6)

"""Moments: NumPy's mean and covariance, whatever the batches, shards and their order."""

import functools
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stylesv.errors import DataError, DetectorError
from stylesv.metrics.moments import Moments


def features(count, length, offset=0.0, seed=0):
    random = np.random.default_rng(seed)
    return random.standard_normal((count, length)) @ random.standard_normal((length, length)) + offset


def moments_of(batches):
    """Moments of all batches together, as shards are put together."""
    first, *others = batches
    return functools.reduce(Moments.update, others, Moments.from_features(first))


@pytest.mark.parametrize(("normalisation", "ddof"), [("population", 0), ("sample", 1)])
def test_equal_to_numpy(normalisation, ddof):
    x = features(50, 7)
    moments = Moments.from_features(x)
    assert moments.count == 50
    np.testing.assert_allclose(moments.mean, x.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(moments.covariance(normalisation), np.cov(x.T, ddof=ddof), rtol=1e-12, atol=1e-13)


@settings(deadline=None, max_examples=50)
@given(cuts=st.lists(st.integers(1, 59), max_size=8), order=st.randoms(use_true_random=False))
def test_batches_and_their_order_do_not_matter(cuts, order):
    x = features(60, 5, offset=1000.0)
    edges = [0, *sorted(set(cuts)), 60]
    batches = [x[a:b] for a, b in pairwise(edges)]
    order.shuffle(batches)
    whole, parts = Moments.from_features(x), moments_of(batches)
    assert parts.count == whole.count
    np.testing.assert_allclose(parts.mean, whole.mean, rtol=1e-12)
    np.testing.assert_allclose(parts.scatter, whole.scatter, rtol=0, atol=1e-12 * np.abs(whole.scatter).max())


def test_shards_merge_like_a_tree():
    x = features(64, 4)
    a, b, c, d = (Moments.from_features(part) for part in np.split(x, 4))
    tree, chain = a.merge(b).merge(c.merge(d)), a.merge(b).merge(c).merge(d)
    np.testing.assert_allclose(tree.scatter, chain.scatter, rtol=1e-12, atol=1e-12)


def test_a_mean_far_from_zero_costs_no_digits():
    x = features(200, 3)
    # Added to float64, the offset itself rounds x by 1e8 * 2**-53, about 1e-8.
    far = moments_of(np.array_split(x + 1e8, 7)).covariance("population")
    np.testing.assert_allclose(far, np.cov(x.T, ddof=0), rtol=0, atol=1e-6)
    naive = (x + 1e8).T @ (x + 1e8) / 200 - np.outer((x + 1e8).mean(0), (x + 1e8).mean(0))
    assert np.abs(naive - np.cov(x.T, ddof=0)).max() > 0.1  # what the sums of the published code give


def test_single_precision_features_are_summed_in_double():
    x = (features(5000, 2) + 100).astype(np.float32)
    np.testing.assert_allclose(Moments.from_features(x).mean, x.astype(np.float64).mean(axis=0), rtol=1e-14)


def test_one_clip_has_no_covariance():
    moments = Moments.from_features(features(1, 3))
    for normalisation in ("population", "sample"):
        with pytest.raises(DataError, match="1 clips have no covariance; at least 2"):
            moments.covariance(normalisation)


def test_nothing_has_no_moments():
    with pytest.raises(DataError, match="no features"):
        Moments.from_features(np.empty((0, 3)))


def test_features_that_are_not_finite_are_refused():
    x = features(5, 3)
    x[2, 1] = np.inf
    with pytest.raises(DetectorError, match="features of 1 of 5 clips are not finite"):
        Moments.from_features(x)


def test_features_of_different_length_do_not_merge():
    with pytest.raises(DataError, match="length 3 and 4"):
        Moments.from_features(features(5, 3)).merge(Moments.from_features(features(5, 4)))

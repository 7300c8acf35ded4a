"""The kernel distance: a loop over pairs, and an unbiased zero."""

import numpy as np
import pytest

from stylesv.errors import DataError
from stylesv.metrics import kernel
from stylesv.metrics.kernel import kernel_distance, squared_discrepancy


def draw(count, length=6, shift=0.0, seed=0):
    return np.random.default_rng(seed).standard_normal((count, length)) + shift


def by_loop(x, y):
    def mean_kernel(a, b, same):
        pairs = [(p, q) for p in range(len(a)) for q in range(len(b)) if not (same and p == q)]
        return np.mean([(a[p] @ b[q] / a.shape[1] + 1) ** 3 for p, q in pairs])

    return mean_kernel(x, x, True) + mean_kernel(y, y, True) - 2 * mean_kernel(x, y, False)


def test_one_subset_is_a_mean_over_pairs():
    x, y = draw(9), draw(9, shift=0.3, seed=1)
    assert squared_discrepancy(x, y) == pytest.approx(by_loop(x, y), rel=1e-10)


def test_a_subset_of_all_clips_is_the_whole_distance_times_1000():
    x, y = draw(40), draw(40, shift=0.3, seed=1)
    found = kernel_distance(y, x, subsets=3, max_subset_size=1000, random=np.random.default_rng(0))
    assert found == pytest.approx(1000 * squared_discrepancy(x, y), rel=1e-10)


def test_sets_of_one_distribution_have_an_expected_distance_of_zero():
    random = np.random.default_rng(0)
    values = [
        kernel_distance(draw(50, seed=2 * s), draw(50, seed=2 * s + 1), subsets=1, max_subset_size=50, random=random)
        for s in range(300)
    ]
    assert abs(np.mean(values)) < 3 * np.std(values) / 300**0.5
    assert min(values) < 0, "an unbiased estimate may fall below zero"


def test_subsets_from_all_pairs_are_subsets_one_by_one(monkeypatch):
    x, y = draw(50), draw(40, shift=0.3, seed=1)
    found = []
    for many in (4096, 1):
        monkeypatch.setattr(kernel, "MANY_CLIPS", many)
        found.append(kernel_distance(x, y, subsets=7, max_subset_size=30, random=np.random.default_rng(0)))
    assert found[0] == pytest.approx(found[1], rel=1e-10)


def test_what_cannot_be_compared_is_refused():
    random = np.random.default_rng(0)
    with pytest.raises(DataError, match="length 6 and 7"):
        kernel_distance(draw(5), draw(5, 7), subsets=1, max_subset_size=5, random=random)
    with pytest.raises(DataError, match="1 clips have no kernel distance"):
        kernel_distance(draw(5), draw(1), subsets=1, max_subset_size=5, random=random)

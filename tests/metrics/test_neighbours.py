"""Precision, recall, density and coverage: loops over pairs, the authors' package; and copies of real clips."""

import numpy as np
import pytest

from stylesv.errors import DataError
from stylesv.metrics.neighbours import fidelity, nearest_real


def by_loops(real, generated, k):
    """The definitions of Naeem et al. 2020, equations 1 to 4, one pair at a time."""

    def radius(side, i):
        return sorted(np.linalg.norm(side[i] - side[j]) for j in range(len(side)) if j != i)[k - 1]

    balls = [[np.linalg.norm(x - y) for y in generated] for x in real]
    r, g = ([radius(side, i) for i in range(len(side))] for side in (real, generated))
    n, m = len(real), len(generated)
    return {
        "precision": sum(any(balls[i][j] < r[i] for i in range(n)) for j in range(m)) / m,
        "recall": sum(any(balls[i][j] < g[j] for j in range(m)) for i in range(n)) / n,
        "density": sum(balls[i][j] < r[i] for i in range(n) for j in range(m)) / (k * m),
        "coverage": sum(min(balls[i]) < r[i] for i in range(n)) / n,
    }


def sets(n=25, m=20, shift=0.6, seed=0):
    random = np.random.default_rng(seed)
    return random.standard_normal((n, 5)) + 100, 0.7 * random.standard_normal((m, 5)) + 100 + shift


@pytest.mark.parametrize("k", [1, 3])
def test_the_definitions_pair_by_pair(k):
    real, generated = sets()
    assert fidelity(real, generated, nearest=k) == pytest.approx(by_loops(real, generated, k), rel=1e-12)


def test_what_is_missing_and_what_is_wrong_are_told_apart():
    random = np.random.default_rng(0)
    kinds = np.repeat([0.0, 20.0], 50)[:, None] + random.standard_normal((100, 4))
    same = np.repeat([0.0, 20.0], 50)[:, None] + random.standard_normal((100, 4))
    one_kind, wrong = same[:50], same + 60
    both, half, none = (fidelity(kinds, made, nearest=5) for made in (same, one_kind, wrong))
    assert min(both.values()) > 0.7
    assert half["precision"] > 0.7 and half["recall"] <= 0.5 and half["coverage"] <= 0.5
    assert none == {"precision": 0, "recall": 0, "density": 0, "coverage": 0}


def test_too_few_clips_are_refused():
    real, generated = sets(4, 9)
    with pytest.raises(DataError, match="4 real and 9 generated clips have no 4-th neighbours"):
        fidelity(real, generated, nearest=4)


def test_copies_are_found_and_clips_of_the_same_video_are_not_the_measure():
    random = np.random.default_rng(0)
    videos = np.repeat(np.arange(10), 3)
    real = np.repeat(random.standard_normal((10, 8)), 3, axis=0) + 0.001 * random.standard_normal((30, 8)) + 50
    generated = 2 * random.standard_normal((20, 8)) + 50
    generated[7] = real[13] + 1e-6
    found = nearest_real(real, videos, generated)
    assert np.flatnonzero(found.copies).tolist() == [7] and found.real[7] == 13
    expected = [min(np.linalg.norm(y - x) for x in real) for y in generated]
    assert found.distance == pytest.approx(expected, abs=1e-6)
    others = [min(np.linalg.norm(x - z) for z in real[videos != videos[i]]) for i, x in enumerate(real)]
    assert found.between_real == pytest.approx(others, rel=1e-9)


def test_a_single_real_video_tells_exact_copies_only():
    real, generated = sets()
    generated[3] = real[4]
    found = nearest_real(real, np.zeros(len(real), int), generated)
    assert found.copy_distance == 0 and found.copies[3] and found.copies.sum() == 1


def test_real_clips_that_are_alike_themselves_excuse_generated_ones():
    random = np.random.default_rng(0)
    real = random.standard_normal((40, 8)) + 50
    real[1:20:2] = real[0:20:2] + 0.01
    found = nearest_real(real, np.arange(40), random.standard_normal((20, 8)) + 50)
    assert found.real_share == 0.5

"""Floors: equal to closed forms, to brute force and to published numbers; also with heavy tails and clips of one video."""

import numpy as np
import pytest
from others_data import others_statistics

from stylesv.config.beside import FloorSettings
from stylesv.metrics.floor import GeneratedClips, floor_of_features, floor_of_moments
from stylesv.metrics.frechet import frechet_distance_of_features
from stylesv.metrics.gaussian_floor import gaussian_scores
from stylesv.metrics.moments import Moments

SPECTRUM = 1 / np.arange(1, 21)


def settings(draws=100, seed=0):
    return FloorSettings(draws=draws, level=0.95, parts=3, seed=seed)


def distance(x, y):
    return frechet_distance_of_features(x, y, covariance="population")


def clips(random, videos, per_video, *, tails=None):
    """Clips whose features share four fifths of their standard deviation within a video where there are several."""
    z = random.standard_normal((videos * per_video, len(SPECTRUM)))
    if per_video > 1:
        z = 0.8 * np.repeat(random.standard_normal((videos, len(SPECTRUM))), per_video, axis=0) + 0.6 * z
    if tails is not None:
        z /= np.sqrt(random.chisquare(tails, (len(z), 1)) / (tails - 2))
    return z * np.sqrt(SPECTRUM)


def simulate(eigenvalues, real, generated, draws):
    counts = {"num_real": real, "num_generated": generated}
    return gaussian_scores(np.asarray(eigenvalues), **counts, covariance="population", draws=draws, seed=0)


def first_order_floor(eigenvalues, *, num_real, num_generated):
    """The expected distance for many more clips than dimensions, in closed form.

    The mean adds tr(C); an error E of the covariance adds sum E_ij^2 / (2 (l_i + l_j)) with E[E_ij^2] = l_i l_j (1 + [i = j]),
    the second order of the Bures distance; both over the number of clips, and both sides add up.
    """
    kept = eigenvalues[eigenvalues > 0]
    pairs = np.outer(kept, kept) / np.add.outer(kept, kept)
    return float((kept.sum() + (pairs.sum() + np.trace(pairs)) / 2) * (1 / num_real + 1 / num_generated))


def test_many_normal_clips_have_the_closed_form():
    found = simulate(SPECTRUM, 4000, 2500, 200)
    expected = first_order_floor(SPECTRUM, num_real=4000, num_generated=2500)
    assert found.mean() == pytest.approx(expected, abs=4 * found.std() / 200**0.5 + 0.01 * expected)


@pytest.mark.parametrize("counts", [(60, 45), (12, 30), (9, 7)])
def test_drawn_moments_are_those_of_drawn_clips(counts):
    """Bartlett's factor above as many dimensions, vectors below, against the distance of samples."""
    random = np.random.default_rng(1)
    brute = np.array([distance(*(clips(random, count, 1) for count in counts)) for _ in range(200)])
    found = simulate(SPECTRUM, *counts, 200)
    error = np.hypot(brute.std(), found.std()) / 200**0.5
    assert abs(found.mean() - brute.mean()) < 4 * error
    assert found.std() == pytest.approx(brute.std(), rel=0.3)


PUBLISHED = {
    "i3d_sky_full_res256_len16_skip1": (6.52, 12.97, 103.42),
    "i3d_sky_full_res256_len128_skip1": (7.80, 23.11, 117.68),
    "i3d_taichi_full_res256_len128_skip4": (20.78, 41.26, 325.01),
    "i3d_ffs_full_res256_len16_skip1": (4.36, 16.99, 71.35),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_table_of_floors_follows_from_published_moments(name):
    found = np.load(others_statistics(f"{name}.npz"))
    eigenvalues = np.linalg.eigvalsh(found["cov"].astype(np.float64))
    real = min(int(found["n"]), 2048)
    for (one, other), expected in zip(((10**7, 2048), (real, 2048), (256, 256)), PUBLISHED[name], strict=True):
        scores = simulate(eigenvalues, one, other, 12)
        assert abs(scores.mean() - expected) < 3 * scores.std(ddof=1), "the notes have one draw each"
        many_more = first_order_floor(eigenvalues, num_real=one, num_generated=other)
        assert scores.mean() == pytest.approx(many_more, rel=0.06)


@pytest.mark.parametrize(
    ("videos", "per_video", "generated", "tails", "closeness"),
    [(150, 1, 100, None, 0.1), (40, 5, 120, None, 0.15), (200, 1, 200, 5.0, 0.2)],
)
def test_floors_from_features_are_what_perfect_generators_score(videos, per_video, generated, tails, closeness):
    random = np.random.default_rng(0)
    brute = [
        distance(clips(random, videos, per_video, tails=tails), clips(random, generated, 1, tails=tails))
        for _ in range(150)
    ]
    numbers = np.repeat(np.arange(videos), per_video)
    found = [
        floor_of_features(
            clips(random, videos, per_video, tails=tails),
            numbers,
            GeneratedClips(generated, 1),
            covariance="population",
            settings=settings(40),
        )
        for _ in range(12)
    ]
    assert np.mean([floor.value for floor in found]) == pytest.approx(np.mean(brute), rel=closeness)
    inside = [np.mean([floor.low <= score <= floor.high for score in brute]) for floor in found]
    assert np.mean(inside) > (0.8 if tails is None else 0.6), "with heavy tails the interval is too narrow"


def test_a_normal_distribution_is_too_low_where_clips_share_videos_or_tails_are_heavy():
    for per_video, tails in ((6, None), (1, 4.5)):
        random = np.random.default_rng(2)
        real = clips(random, 60, per_video, tails=tails)
        numbers = np.repeat(np.arange(60), per_video)
        options = {"generated": GeneratedClips(100, 1), "covariance": "population", "settings": settings(40)}
        assert (
            floor_of_moments(Moments.from_features(real), 1, **options).value
            < 0.8 * floor_of_features(real, numbers, **options).value
        )


def test_a_floor_says_how_it_was_found():
    random = np.random.default_rng(0)
    real = clips(random, 30, 1)
    options = {"generated": GeneratedClips(20, 4), "covariance": "sample", "settings": settings(20)}
    found = floor_of_features(real, np.arange(30), **options)
    assert (found.method, found.real_clips, found.generated_clips, found.draws) == ("halves", 30, 20, 20)
    assert found.correction > 1 and found.low < found.value < found.high and found.error < 0.2 * found.value
    assert floor_of_features(real, np.arange(30), **options) == found, "seeded"
    few = floor_of_features(real[:7], np.arange(7), **options | {"generated": GeneratedClips(20, 1)})
    assert (few.method, few.correction, few.halves_distance) == ("gaussian", None, None)
    other = options | {"settings": settings(20, seed=1)}
    assert floor_of_features(real, np.arange(30), **other).value != found.value


def test_a_normal_distribution_is_not_drawn_from_where_clips_share_a_video_or_latent():
    real, options = clips(np.random.default_rng(0), 30, 1), {"covariance": "population", "settings": settings(20)}
    moments = Moments.from_features(real)
    for videos, per_latent in ((np.arange(30) // 5, 1), (np.arange(30) // 5, 4)):
        assert floor_of_features(real, videos, GeneratedClips(20, per_latent), **options) is None
    assert floor_of_features(real[:7], np.arange(7), GeneratedClips(20, 4), **options) is None
    assert floor_of_moments(moments, 2, GeneratedClips(20, 1), **options) is None
    assert floor_of_moments(moments, 1, GeneratedClips(20, 4), **options) is None
    assert floor_of_moments(moments, 1, GeneratedClips(20, 1), **options).method == "gaussian"


def test_clips_that_are_all_alike_have_a_floor_of_zero():
    found = floor_of_features(
        np.ones((20, 3)), np.arange(20), GeneratedClips(9, 1), covariance="population", settings=settings(20)
    )
    assert (found.value, found.low, found.high, found.correction) == (0, 0, 0, 1)

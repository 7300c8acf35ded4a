"""The floor of a Fréchet distance: what a perfect generator would score with as many clips (docs/protocols.md 8.1).

Perfect generators are drawn from the real clips themselves: whole videos again for the real side, single clips for the
generated one, both with replacement, so that heavy tails and clips of one video are what they are. Such sets share clips,
and what is drawn from few clips spans fewer dimensions, so these scores are too low. By how much is measured: on disjoint
halves of the videos, whose distance is a perfect generator's by construction, against halves drawn in the same way.
Where only moments are known, both sides are drawn from a normal distribution, whose vectors are independent: only where every
clip is of a video of its own. Clips of one video are alike, and moments do not say how much.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int

from stylesv.config.beside import FloorSettings
from stylesv.metrics.gaussian_floor import gaussian_scores
from stylesv.metrics.moments import Covariance, Moments
from stylesv.metrics.resampling import RealSide, ResampledFrechet, counts_of, members_of
from stylesv.records.floor import Floor
from stylesv.seeding import numpy_generator

ENOUGH_VIDEOS = 8  # below, halves of the videos say little
_DRAWS_A_SPLIT = 4  # splits into halves cost as much as draws; a quarter of them is enough for their mean


@dataclass(frozen=True)
class GeneratedClips:
    """How many clips a perfect generator makes, and how many of them come from one video."""

    count: int
    per_video: int


def floor_of_features(
    real: Float[np.ndarray, "n d"],
    videos: Int[np.ndarray, "n"],
    generated: GeneratedClips,
    *,
    covariance: Covariance,
    settings: FloorSettings,
) -> Floor | None:
    """Floor from all features of the real clips; of fewer than eight videos by their moments.

    None where there are fewer, and clips share a video on either side.

    Raises:
        DataError: there are fewer than two clips on a side.
    """
    places = members_of(videos)
    if len(places) < ENOUGH_VIDEOS:
        moments, most = Moments.from_features(real), max(len(place) for place in places)
        return floor_of_moments(moments, most, generated, covariance=covariance, settings=settings)
    same = ResampledFrechet(RealSide(real, covariance, kept_bytes=0), real)
    drawn = np.empty(settings.draws)
    for number in range(settings.draws):
        random = numpy_generator(settings.seed, "floor", number)
        sides = _draw_videos(places, len(places), random), _draw_clips(places, generated, random)
        drawn[number] = same.distance(*(counts_of(side, len(real)) for side in sides))
    measured, simulated = _halves(same, places, len(real), settings)
    factor = float(measured.mean() / simulated.mean()) if simulated.mean() > 0 else 1.0
    low, high = np.quantile(drawn * factor, [(1 - settings.level) / 2, (1 + settings.level) / 2])
    relative = sum(_relative_error(values) ** 2 for values in (drawn, measured, simulated)) ** 0.5
    value = float(drawn.mean() * factor)
    return Floor(
        value=value,
        low=float(low),
        high=float(high),
        error=value * relative,
        level=settings.level,
        draws=settings.draws,
        method="halves",
        halves_distance=float(measured.mean()),
        correction=factor,
        real_clips=len(real),
        generated_clips=generated.count,
    )


def floor_of_moments(
    real: Moments, per_video: int, generated: GeneratedClips, *, covariance: Covariance, settings: FloorSettings
) -> Floor | None:
    """Floor of normally distributed features with the real covariance; None where clips share a video on either side.

    `per_video` is the most real clips of one video.

    Raises:
        DataError: there are fewer than two clips on a side.
    """
    if max(per_video, generated.per_video) > 1:
        return None
    eigenvalues = np.linalg.eigvalsh(real.covariance("sample"))
    scores = gaussian_scores(
        eigenvalues,
        num_real=real.count,
        num_generated=generated.count,
        covariance=covariance,
        draws=settings.draws,
        seed=settings.seed,
    )
    low, high = np.quantile(scores, [(1 - settings.level) / 2, (1 + settings.level) / 2])
    return Floor(
        value=float(scores.mean()),
        low=float(low),
        high=float(high),
        error=float(scores.mean()) * _relative_error(scores),
        level=settings.level,
        draws=settings.draws,
        method="gaussian",
        halves_distance=None,
        correction=None,
        real_clips=real.count,
        generated_clips=generated.count,
    )


def _halves(
    same: ResampledFrechet, places: list[Int[np.ndarray, "_"]], count: int, settings: FloorSettings
) -> tuple[Float64[np.ndarray, "s"], Float64[np.ndarray, "s"]]:
    """Distances of disjoint halves of the videos, and of halves drawn with replacement from all of them."""
    splits = max(2, settings.draws // _DRAWS_A_SPLIT)
    measured, simulated = np.empty(splits), np.empty(splits)
    half = len(places) // 2
    for number in range(splits):
        random = numpy_generator(settings.seed, "floor halves", number)
        order = random.permutation(len(places))
        parts = [np.concatenate([places[i] for i in chosen]) for chosen in (order[:half], order[half:])]
        measured[number] = same.distance(*(counts_of(part, count) for part in parts))
        drawn = [_draw_videos(places, size, random) for size in (half, len(places) - half)]
        simulated[number] = same.distance(*(counts_of(part, count) for part in drawn))
    return measured, simulated


def _draw_videos(places: list[Int[np.ndarray, "_"]], number: int, random: np.random.Generator) -> Int[np.ndarray, "_"]:
    return np.concatenate([places[i] for i in random.integers(len(places), size=number)])


def _draw_clips(
    places: list[Int[np.ndarray, "_"]], generated: GeneratedClips, random: np.random.Generator
) -> Int[np.ndarray, "_"]:
    """Clips of a perfect generator: `per_video` of each of its videos, every real clip alike probable."""
    sizes = np.array([len(place) for place in places])
    wanted = -(-generated.count // generated.per_video)
    chosen = random.choice(len(places), size=wanted, p=sizes / sizes.sum())
    clips = [places[video][random.integers(sizes[video], size=generated.per_video)] for video in chosen]
    return np.concatenate(clips)[: generated.count]


def _relative_error(values: Float64[np.ndarray, "n"]) -> float:
    mean = float(values.mean())
    return float(values.std(ddof=1) / np.sqrt(len(values)) / mean) if mean > 0 and len(values) > 1 else 0.0

"""How far a score would move with other clips, by drawing the clips at hand again (Efron and Tibshirani 1993)."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Float64, Int

from stylesv.metrics.resampling import ResampledFrechet, counts_of, members_of, once
from stylesv.seeding import numpy_generator

Distance = Callable[[Float[np.ndarray, "n d"], Float[np.ndarray, "m d"]], float]
Groups = Int[np.ndarray, "_"]


def bootstrap_interval(
    real: Float[np.ndarray, "n d"],
    generated: Float[np.ndarray, "m d"],
    *,
    distance: Distance,
    resamples: int,
    level: float,
    seed: int,
    groups: tuple[Groups, Groups] | None = None,
) -> tuple[float, float]:
    """Interval of a distance between two sets, from `resamples` draws of both with replacement.

    `groups` has the video of every real and generated clip: videos are drawn again, with all their clips, because the
    clips of one video are not independent.

    The spread is that of the resampled distances, and it is laid around the distance itself: a set drawn with
    replacement has fewer distinct clips, which moves every resampled distance up, so the plain percentiles need not
    contain the distance. The interval is of the score at this number of clips, whose expectation is above that of
    endlessly many.
    """
    value = distance(real, generated)
    members = [members_of(np.arange(len(x))) for x in (real, generated)]
    if groups is not None:
        members = [members_of(group) for group in groups]
    draws = np.empty(resamples)
    for number in range(resamples):
        random = numpy_generator(seed, "bootstrap", number)
        chosen = [_draw_again(videos, random) for videos in members]
        draws[number] = distance(real[chosen[0]], generated[chosen[1]])
    return _around(value, draws, level)


def frechet_interval(
    clips: ResampledFrechet, *, groups: tuple[Groups, Groups], resamples: int, level: float, seed: int
) -> tuple[float, float]:
    """`bootstrap_interval` of a Fréchet distance, without gathering and decomposing features for every resample."""
    members = [members_of(group) for group in groups]
    sizes = [len(group) for group in groups]
    draws = np.empty(resamples)
    for number in range(resamples):
        random = numpy_generator(seed, "bootstrap", number)
        counts = [counts_of(_draw_again(videos, random), size) for videos, size in zip(members, sizes, strict=True)]
        draws[number] = clips.distance(*counts)
    return _around(clips.distance(*map(once, sizes)), draws, level)


def _around(value: float, draws: Float64[np.ndarray, "_"], level: float) -> tuple[float, float]:
    low, high = np.quantile(draws - draws.mean(), [(1 - level) / 2, (1 + level) / 2])
    return max(float(value + low), 0.0), float(value + high)


def _draw_again(videos: list[Groups], random: np.random.Generator) -> Groups:
    return np.concatenate([videos[i] for i in random.integers(len(videos), size=len(videos))])

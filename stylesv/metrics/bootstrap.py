"""How far a score would move with other clips, by drawing the clips at hand again (Efron and Tibshirani 1993)."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from stylesv.seeding import numpy_generator

Distance = Callable[[Float[np.ndarray, "n d"], Float[np.ndarray, "m d"]], float]


def bootstrap_interval(
    real: Float[np.ndarray, "n d"],
    generated: Float[np.ndarray, "m d"],
    *,
    distance: Distance,
    resamples: int,
    level: float,
    seed: int,
) -> tuple[float, float]:
    """Interval of a distance between two sets, from `resamples` draws of both with replacement.

    The spread is that of the resampled distances, and it is laid around the distance itself: a set drawn with
    replacement has fewer distinct clips, which moves every resampled distance up, so the plain percentiles need not
    contain the distance. Clips of one video count as independent, so the interval is rather too narrow.
    """
    value = distance(real, generated)
    draws = np.empty(resamples)
    for number in range(resamples):
        random = numpy_generator(seed, "bootstrap", number)
        chosen_real = real[random.integers(len(real), size=len(real))]
        draws[number] = distance(chosen_real, generated[random.integers(len(generated), size=len(generated))])
    low, high = np.quantile(draws - draws.mean(), [(1 - level) / 2, (1 + level) / 2])
    return max(float(value + low), 0.0), float(value + high)

"""Kernel distance: the unbiased squared maximum mean discrepancy under a cubic kernel (Binkowski et al. 2018)."""

import numpy as np
from jaxtyping import Float, Float64

from stylesv.errors import DataError

Random = np.random.Generator | np.random.RandomState


def kernel_distance(
    real: Float[np.ndarray, "n d"],
    generated: Float[np.ndarray, "m e"],
    *,
    subsets: int,
    max_subset_size: int,
    random: Random,
) -> float:
    """Mean over random subsets of the distance, times 1000 as the papers give it (docs/protocols.md 4.3).

    Each subset draws generated clips first and real ones second, without repetition, as many as `max_subset_size` or
    as the smaller set has.

    Raises:
        DataError: a set has fewer than two clips, or feature lengths differ.
    """
    if real.shape[1] != generated.shape[1]:
        raise DataError(f"features of length {real.shape[1]} and {generated.shape[1]} cannot be compared")
    size = min(len(real), len(generated), max_subset_size)
    if size < 2:
        raise DataError(f"{size} clips have no kernel distance; at least 2 real and 2 generated ones are needed")
    total = 0.0
    for _ in range(subsets):
        x = generated[random.choice(len(generated), size, replace=False)]
        y = real[random.choice(len(real), size, replace=False)]
        total += squared_discrepancy(np.asarray(x, np.float64), np.asarray(y, np.float64))
    return 1000 * total / subsets


def squared_discrepancy(x: Float64[np.ndarray, "n d"], y: Float64[np.ndarray, "m d"]) -> float:
    """Mean kernel of pairs within x and within y, each clip with others only, less twice that between x and y."""
    return _mean_of_others(cubic_kernel(x, x)) + _mean_of_others(cubic_kernel(y, y)) - 2 * cubic_kernel(x, y).mean()


def cubic_kernel(x: Float64[np.ndarray, "n d"], y: Float64[np.ndarray, "m d"]) -> Float64[np.ndarray, "n m"]:
    """(x . y / d + 1)^3 of all pairs."""
    return (x @ y.T / x.shape[1] + 1) ** 3


def _mean_of_others(kernel: Float64[np.ndarray, "n n"]) -> float:
    count = len(kernel)
    return float((kernel.sum() - np.trace(kernel)) / (count * (count - 1)))

"""Kernel distance: the unbiased squared maximum mean discrepancy under a cubic kernel (Binkowski et al. 2018)."""

import numpy as np
from jaxtyping import Float, Float64

from stylesv.errors import DataError

MANY_CLIPS = 4096  # from which on kernels of all pairs would take too much memory

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
    sides = [np.asarray(side, np.float64) for side in (generated, real)]
    chosen = [[random.choice(len(side), size, replace=False) for side in sides] for _ in range(subsets)]
    if max(len(real), len(generated)) <= MANY_CLIPS:
        return 1000 * float(np.mean(_discrepancies_of_counts(*sides, chosen, size)))
    return 1000 * float(np.mean([squared_discrepancy(sides[0][x], sides[1][y]) for x, y in chosen]))


def squared_discrepancy(x: Float64[np.ndarray, "n d"], y: Float64[np.ndarray, "m d"]) -> float:
    """Mean kernel of pairs within x and within y, each clip with others only, less twice that between x and y."""
    return _mean_of_others(cubic_kernel(x, x)) + _mean_of_others(cubic_kernel(y, y)) - 2 * cubic_kernel(x, y).mean()


def _discrepancies_of_counts(
    x: Float64[np.ndarray, "n d"], y: Float64[np.ndarray, "m d"], chosen: list[list[np.ndarray]], size: int
) -> Float64[np.ndarray, "subsets"]:
    """`squared_discrepancy` of every subset from the kernels of all pairs, which are computed once.

    With 1 in v for each clip of a subset, the sum of its pairs is vT K v.
    """
    in_x, in_y = (np.zeros((len(chosen), len(side))) for side in (x, y))
    for number, (of_x, of_y) in enumerate(chosen):
        in_x[number, of_x] = in_y[number, of_y] = 1
    within = [
        ((inside @ np.where(np.eye(len(side), dtype=bool), 0, cubic_kernel(side, side))) * inside).sum(axis=1)
        for side, inside in ((x, in_x), (y, in_y))
    ]
    between = ((in_x @ cubic_kernel(x, y)) * in_y).sum(axis=1)
    return sum(within) / (size * (size - 1)) - 2 * between / size**2


def cubic_kernel(x: Float64[np.ndarray, "n d"], y: Float64[np.ndarray, "m d"]) -> Float64[np.ndarray, "n m"]:
    """(x . y / d + 1)^3 of all pairs."""
    return (x @ y.T / x.shape[1] + 1) ** 3


def _mean_of_others(kernel: Float64[np.ndarray, "n n"]) -> float:
    count = len(kernel)
    return float((kernel.sum() - np.trace(kernel)) / (count * (count - 1)))

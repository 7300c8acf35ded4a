"""Fréchet distances of two sets of features in which a clip counts several times, or not at all.

Intervals, floors and extrapolations take hundreds of distances of the same clips. What does not change between them is
computed once: centred features and, with few clips, all their scalar products, from which the sum of the roots follows
without touching the features again. The real side's decomposition is kept for as long as its clips count the same, so
that several generated sets share it.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Float64, Int
from torch import Tensor

from stylesv.errors import DataError
from stylesv.metrics.frechet import combine, factor_of, has_few_clips
from stylesv.metrics.moments import Covariance, degrees

Counts = Int[np.ndarray, "_"]
_KEPT_BYTES = 2**28  # decompositions of the real side that are kept: 100 resamples of 400 features take half of it


class RealSide:
    """Real features, to be compared with any number of generated sets.

    Raises:
        DataError: there are fewer than two clips.
    """

    def __init__(
        self, features: Float[np.ndarray, "n d"], covariance: Covariance, *, kept_bytes: int = _KEPT_BYTES
    ) -> None:
        self.covariance = covariance
        self._kept_bytes = kept_bytes
        degrees(len(features), covariance)
        values = np.asarray(features, np.float64)
        self.centre = values.mean(axis=0)
        self.features = torch.from_numpy(values - self.centre)
        self._factors: dict[bytes, tuple[Tensor, Tensor, float]] = {}

    def decomposed(self, counts: Counts) -> tuple[Float64[Tensor, "d"], Float64[Tensor, "d r"], float]:
        """Mean, a factor A with covariance = A AT, and trace, of clips that count so often."""
        key = np.asarray(counts, np.uint32).tobytes()
        if key not in self._factors:
            mean, covariance = _moments(self.features, counts, self.covariance)
            found = (mean, factor_of(covariance), float(covariance.trace()))
            if (len(self._factors) + 1) * covariance.nbytes > self._kept_bytes:
                return found
            self._factors[key] = found
        return self._factors[key]


class ResampledFrechet:
    """Fréchet distances between real and generated clips by how often each of them counts.

    Raises:
        DataError: a set has fewer than two clips, or feature lengths differ.
    """

    def __init__(self, real: RealSide, generated: Float[np.ndarray, "m e"]) -> None:
        degrees(len(generated), real.covariance)
        if generated.shape[1] != real.features.shape[1]:
            raise DataError(f"features of length {real.features.shape[1]} and {generated.shape[1]} cannot be compared")
        self._real = real
        self._generated = torch.from_numpy(np.asarray(generated, np.float64) - real.centre)
        few = has_few_clips(len(real.features), len(generated), feature_dim=generated.shape[1])
        self._products = real.features @ self._generated.T if few else None

    def distance(self, real: Counts, generated: Counts) -> float:
        """The distance where clips count `real` and `generated` times; all once is the score.

        Raises:
            DataError: fewer than two clips count.
        """
        if self._products is None:
            mean, factor, trace = self._real.decomposed(real)
            other, covariance = _moments(self._generated, generated, self._real.covariance)
            cross = _sum_of_roots(factor.T @ covariance @ factor)
            return combine((mean - other).numpy(), trace, float(covariance.trace()), cross)
        return self._from_products(real, generated)

    def _from_products(self, real: Counts, generated: Counts) -> float:
        """By singular values of the centred products: few clips, exact for any number of dimensions."""
        weights, rows = [], []
        for counts in (real, generated):
            rows.append(torch.from_numpy(np.flatnonzero(counts)))
            weights.append(torch.from_numpy(counts[counts > 0].astype(np.float64)))
        sizes = [float(weight.sum()) for weight in weights]
        divisors = [degrees(round(size), self._real.covariance) for size in sizes]
        x, y = self._real.features[rows[0]], self._generated[rows[1]]
        products = self._products[rows[0]][:, rows[1]]
        of_x, of_y = products @ weights[1] / sizes[1], weights[0] @ products / sizes[0]
        centred = products - of_x[:, None] - of_y + weights[0] @ of_x / sizes[0]
        scaled = weights[0].sqrt()[:, None] * centred * weights[1].sqrt()
        gram = scaled @ scaled.T if len(x) <= len(y) else scaled.T @ scaled
        cross = _sum_of_roots(gram) / (divisors[0] * divisors[1]) ** 0.5
        means = [weight @ side / size for weight, side, size in zip(weights, (x, y), sizes, strict=True)]
        traces = [
            float(weight @ side.square().sum(dim=1) - size * mean.square().sum()) / divisor
            for weight, side, size, mean, divisor in zip(weights, (x, y), sizes, means, divisors, strict=True)
        ]
        return combine((means[0] - means[1]).numpy(), *traces, cross)


def once(count: int) -> Counts:
    """Every clip counts once."""
    return np.ones(count, np.int64)


def counts_of(places: Sequence[int] | Counts, count: int) -> Counts:
    """How often each of `count` clips is among the places."""
    return np.bincount(places, minlength=count)


def members_of(groups: Counts) -> list[Counts]:
    """Places of each group's clips."""
    order = np.argsort(groups, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)


def _moments(
    features: Float64[Tensor, "n d"], counts: Counts, covariance: Covariance
) -> tuple[Float64[Tensor, "d"], Float64[Tensor, "d d"]]:
    divisor = degrees(int(counts.sum()), covariance)
    rows = torch.from_numpy(np.flatnonzero(counts))
    weights = torch.from_numpy(counts[counts > 0].astype(np.float64))
    chosen = features[rows]
    mean = weights @ chosen / weights.sum()
    centred = (chosen - mean) * weights.sqrt()[:, None]
    return mean, centred.T @ centred / divisor


def _sum_of_roots(matrix: Float64[Tensor, "d d"]) -> float:
    return float(torch.linalg.eigvalsh((matrix + matrix.T) / 2).clamp(min=0).sqrt().sum())

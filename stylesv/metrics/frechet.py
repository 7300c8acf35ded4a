"""Fréchet distance between two sets of features, taken as normal distributions (Heusel et al. 2017, equation 6).

|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)), without a matrix square root of a product that is not symmetric: with
C1 = A AT, the trace is the sum of the roots of the eigenvalues of AT C2 A, which is. With fewer clips than feature
dimensions the covariances are singular, and the trace is the sum of singular values of X1 X2T for centred features X1
and X2. Decompositions run in torch, whose LAPACK is several times faster here than NumPy's.
"""

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from stylesv.errors import DataError
from stylesv.metrics.moments import Covariance, Moments, degrees


def frechet_distance(real: Moments, generated: Moments, *, covariance: Covariance) -> float:
    """Fréchet distance from moments. Singular covariances cost digits: 1e-5 relative, where features give 1e-12.

    Raises:
        DataError: a set has fewer than two clips, or feature lengths differ.
    """
    _require_same_length(len(real.mean), len(generated.mean))
    c1, c2 = real.covariance(covariance), generated.covariance(covariance)
    return frechet_distance_of_statistics((real.mean, c1), (generated.mean, c2))


def frechet_distance_of_statistics(
    first: tuple[Float64[np.ndarray, "d"], Float64[np.ndarray, "d d"]],
    second: tuple[Float64[np.ndarray, "d"], Float64[np.ndarray, "d d"]],
) -> float:
    """Fréchet distance from two pairs of mean and covariance."""
    (m1, c1), (m2, c2) = first, second
    factor = factor_of(torch.from_numpy(c1))
    middle = factor.T @ torch.from_numpy(c2) @ factor
    cross = torch.linalg.eigvalsh((middle + middle.T) / 2).clamp(min=0).sqrt().sum()
    return combine(m1 - m2, np.trace(c1), np.trace(c2), float(cross))


def frechet_distance_of_few(
    real: Float[np.ndarray, "n d"], generated: Float[np.ndarray, "m d"], *, covariance: Covariance
) -> float:
    """Fréchet distance from features; exact for any number of clips, and fast when they are few.

    Raises:
        DataError: a set has fewer than two clips.
    """
    x1, mean1, divisor1 = _centre(real, covariance)
    x2, mean2, divisor2 = _centre(generated, covariance)
    cross = float(torch.linalg.svdvals(torch.from_numpy(x1 @ x2.T)).sum()) / np.sqrt(divisor1 * divisor2)
    return combine(mean1 - mean2, np.square(x1).sum() / divisor1, np.square(x2).sum() / divisor2, cross)


def frechet_distance_of_features(
    real: Float[np.ndarray, "n d"], generated: Float[np.ndarray, "m e"], *, covariance: Covariance
) -> float:
    """Fréchet distance from features by the form that suits their number.

    Raises:
        DataError: a set has fewer than two clips, or feature lengths differ.
    """
    _require_same_length(real.shape[1], generated.shape[1])
    if has_few_clips(len(real), len(generated), feature_dim=real.shape[1]):
        return frechet_distance_of_few(real, generated, covariance=covariance)
    moments = [Moments.from_features(features) for features in (real, generated)]
    return frechet_distance(*moments, covariance=covariance)


def has_few_clips(num_real: int, num_generated: int, *, feature_dim: int) -> bool:
    """Whether a covariance is singular for want of clips; the distance then depends strongly on their number."""
    return min(num_real, num_generated) <= feature_dim


def factor_of(covariance: Float64[Tensor, "d d"]) -> Float64[Tensor, "d r"]:
    """A factor A with covariance = A AT: Cholesky's, or by eigenvectors where the covariance is singular."""
    factor, failed = torch.linalg.cholesky_ex(covariance)
    if not failed:
        return factor
    values, vectors = torch.linalg.eigh(covariance)
    kept = values > values[-1].clamp(min=0) * len(values) * torch.finfo(torch.float64).eps
    return vectors[:, kept] * values[kept].sqrt()


def _centre(
    features: Float[np.ndarray, "n d"], covariance: Covariance
) -> tuple[Float64[np.ndarray, "n d"], Float64[np.ndarray, "d"], int]:
    divisor = degrees(len(features), covariance)
    values = np.asarray(features, np.float64)
    mean = values.mean(axis=0)
    return values - mean, mean, divisor


def combine(step: Float64[np.ndarray, "d"], trace1: float, trace2: float, cross: float) -> float:
    """The distance from the step between means, both traces and the sum of roots."""
    return max(float(step @ step + trace1 + trace2 - 2 * cross), 0.0)  # rounding may fall below 0 for equal sets


def _require_same_length(first: int, second: int) -> None:
    if first != second:
        raise DataError(f"features of length {first} and {second} cannot be compared; use one detector for both")

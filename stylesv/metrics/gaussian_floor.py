"""Scores of a perfect generator whose features are normally distributed with the real covariance.

For references of which only moments are known. Moments of samples are drawn without the samples: the scatter of n normal
vectors is a Wishart matrix, whose triangular factor has independent entries (Bartlett 1933). The distance does not change
under rotation, so only the eigenvalues of the covariance matter. Tails heavier than normal make the true floor higher
(docs/protocols.md 8.1).
"""

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from stylesv.metrics.frechet import combine
from stylesv.metrics.moments import Covariance, degrees
from stylesv.seeding import numpy_generator


def gaussian_scores(
    eigenvalues: Float64[np.ndarray, "d"],
    *,
    num_real: int,
    num_generated: int,
    covariance: Covariance,
    draws: int,
    seed: int,
) -> Float64[np.ndarray, "draws"]:
    """Fréchet distances of two sets of normal vectors of one distribution, whose covariance has these eigenvalues.

    Raises:
        DataError: a set has fewer than two clips.
    """
    roots = np.sqrt(np.clip(eigenvalues, 0, None))
    divisors = [degrees(count, covariance) for count in (num_real, num_generated)]
    scores = np.empty(draws)
    for number in range(draws):
        random = numpy_generator(seed, "gaussian floor", number)
        step = roots * random.standard_normal(len(roots)) * np.sqrt(1 / num_real + 1 / num_generated)
        factors = [_scatter_factor(roots, count, random) for count in (num_real, num_generated)]
        traces = [float(f.square().sum()) / divisor for f, divisor in zip(factors, divisors, strict=True)]
        product = factors[0].T @ factors[1]
        gram = product @ product.T if len(product) <= product.shape[1] else product.T @ product
        cross = float(torch.linalg.eigvalsh(gram).clamp(min=0).sqrt().sum())
        scores[number] = combine(step, *traces, cross / float(np.sqrt(divisors[0] * divisors[1])))
    return scores


def _scatter_factor(roots: Float64[np.ndarray, "d"], count: int, random: np.random.Generator) -> Float64[Tensor, "d r"]:
    """F with F FT distributed as the scatter, around their mean, of `count` normal vectors."""
    length = len(roots)
    if count - 1 < length:  # a scatter around the mean has one degree of freedom less than vectors
        return torch.from_numpy(roots[:, None] * random.standard_normal((length, count - 1)))
    lower = np.tril(random.standard_normal((length, length)), -1)
    lower[np.diag_indices(length)] = np.sqrt(random.chisquare(count - 1 - np.arange(length)))
    return torch.from_numpy(roots[:, None] * lower)

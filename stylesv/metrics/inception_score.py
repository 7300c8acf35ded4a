"""Inception score: how sure a classifier is of each clip, and how unsure of all together (Salimans et al. 2016)."""

import numpy as np
from jaxtyping import Float

from stylesv.errors import DataError


def inception_score(
    probabilities: Float[np.ndarray, "n classes"], *, splits: int, shuffle_seed: int | None
) -> tuple[float, float]:
    """Mean and standard deviation, over consecutive parts, of exp(mean KL(p(class | clip) || p(class))) (docs/protocols.md 4.4).

    `shuffle_seed` seeds NumPy's RandomState, which shuffles clips first (the papers' video score), or is None.

    Raises:
        DataError: there are fewer clips than parts, or rows are no probabilities.
    """
    values = np.asarray(probabilities, np.float64)
    if len(values) < splits:
        raise DataError(f"{len(values)} clips cannot be split into {splits} parts; take more clips or fewer splits")
    if values.min() < 0 or not np.allclose(values.sum(axis=1), 1, atol=1e-3):
        raise DataError("rows of features are no probabilities of classes; the detector is not a classifier's")
    if shuffle_seed is not None:
        values = values[np.random.RandomState(shuffle_seed).permutation(len(values))]
    scores = []
    for part in range(splits):
        p = values[part * len(values) // splits : (part + 1) * len(values) // splits]
        q = p.mean(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            divergence = np.where(p > 0, p * (np.log(p) - np.log(q)), 0)  # a class of probability 0 adds nothing
        scores.append(np.exp(divergence.sum(axis=1).mean()))
    return float(np.mean(scores)), float(np.std(scores))

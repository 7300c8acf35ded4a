"""Clips of which a number of a figure is known: one that stands still or is of one colour has none, and takes no other along."""

import numpy as np
from jaxtyping import Float32


def counted(values: Float32[np.ndarray, "n *rest"]) -> Float32[np.ndarray, "k *rest"]:
    """The clips that have numbers: those that are not NaN."""
    return values[np.isfinite(values).reshape(len(values), -1).any(axis=1)]


def count_text(number: int, of: int) -> str | None:
    """Such as `3 of 4 clips`; None where all count."""
    return None if number == of else f"{number} of {of} clips"

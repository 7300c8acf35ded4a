"""The random numbers of augmentation, drawn on the CPU from an explicit generator, and matrices made of them."""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor


class Draws:
    """Random numbers from a generator; the purpose of each is named, so that a test can put in values of its own."""

    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator

    def uniform(self, purpose: str, *shape: int) -> Float[Tensor, "..."]:
        """Uniform in [0, 1)."""
        return torch.rand(shape, generator=self.generator)

    def normal(self, purpose: str, *shape: int) -> Float[Tensor, "..."]:
        """Standard normal."""
        return torch.randn(shape, generator=self.generator)

    def half_normal(self, purpose: str, *shape: int) -> Float[Tensor, "..."]:
        """Absolute value of a standard normal."""
        return self.normal(purpose, *shape).abs()

    def chosen(self, purpose: str, num_clips: int, *, probability: float) -> Bool[Tensor, "n"]:
        """Whether each clip gets a transform."""
        return torch.rand(num_clips, generator=self.generator) < probability


def stack_matrix(rows: Sequence[Sequence[Float[Tensor, "n"] | float]]) -> Float[Tensor, "n rows columns"]:
    """A batch of matrices from rows of entries, each a number or one value per clip."""
    num_clips = next(len(entry) for row in rows for entry in row if isinstance(entry, Tensor))
    entries = [entry if isinstance(entry, Tensor) else torch.full((num_clips,), entry) for row in rows for entry in row]
    return torch.stack(entries, dim=-1).reshape(num_clips, len(rows), len(rows[0]))

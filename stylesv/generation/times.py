"""Times of a film's frames, however many: none is held that is not asked for."""

from dataclasses import dataclass
from fractions import Fraction

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Times:
    """Evenly spaced times, in frames of training, for use like a tensor of them; float64, so that fractions survive."""

    start: int
    """Of the first frame."""
    step: Fraction | int
    """From one frame to the next; 1 is the pace of training, 1/2 half of it."""
    count: int
    """Number of frames."""

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, part: slice) -> Float[Tensor, "t"]:
        first, stop, stride = part.indices(self.count)
        numbers = torch.arange(first, stop, stride, dtype=torch.float64)
        return self.start + numbers * self.step.numerator / self.step.denominator

    @property
    def last(self) -> float:
        """Of the last frame, which is also the latest."""
        return float(self.start + (self.count - 1) * self.step)

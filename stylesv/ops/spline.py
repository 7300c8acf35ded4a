"""Weights of the uniform quadratic B-spline. docs/operations.md 1.6; the paper's temporal interpolation of motion codes."""

import torch
from jaxtyping import Float
from torch import Tensor


def quadratic_spline_weights(u: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch 3"]:
    """Weights of three neighbouring control points at u in [0, 1) between the first two knots; they sum to 1.

    In closed form and in the dtype of `u`; the published code evaluates the same by recursion in float64.
    """
    return torch.stack([(1 - u) ** 2 / 2, (1 + 2 * u - 2 * u**2) / 2, u**2 / 2], dim=-1)

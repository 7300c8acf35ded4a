"""BatchNorm in evaluation, y = (x - mean) / sqrt(var + eps) * weight + bias, folded into the convolution before it."""

import torch
from torch import Tensor


def folded(values: dict[str, Tensor], convolution: str, norm: str, *, eps: float) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution without a bias with the BatchNorm that follows it; computed in float64.

    Raises:
        KeyError: a tensor of these names is missing from the state dict.
    """
    scale, bias = norm_scale(values, norm, eps=eps)
    weight = values[f"{convolution}.weight"].double()
    return (weight * scale.reshape(-1, *[1] * (weight.dim() - 1))).float(), bias.float()


def norm_scale(values: dict[str, Tensor], norm: str, *, eps: float) -> tuple[Tensor, Tensor]:
    """Scale and bias, float64, that a BatchNorm in evaluation is.

    Raises:
        KeyError: a tensor of it is missing from the state dict.
    """
    weight, bias, mean, var = (
        values[f"{norm}.{name}"].double() for name in ("weight", "bias", "running_mean", "running_var")
    )
    scale = weight / torch.sqrt(var + eps)
    return scale, bias - mean * scale

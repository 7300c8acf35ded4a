"""Convolution of images, with one weight or one for each. docs/operations.md 1.8 and 2.7."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from stylesv.ops.backend import active_backend, is_recorded

FAST_FROM = 12
"""Pixels of a side. Smaller images gain little, and those that the discriminator ends with are where the last digits count:
the deviation within a minibatch is a difference of nearly equal numbers, and R1 differentiates it twice."""


def conv2d(
    x: Float[Tensor, "n i h w"], weight: Float[Tensor, "*each o i k_h k_w"], *, padding: int = 0
) -> Float[Tensor, "n o out_h out_w"]:
    """Convolve (correlation, not mirrored) with zeros around; a weight of five axes has one for each image.

    3x3 weights in float32 on a CPU go through C++, which multiplies a quarter as often; all else through PyTorch's own.
    """
    if _has_fast_form(x, weight, padding):
        return torch.ops.stylesv.conv3x3(x, weight if weight.ndim == 5 else weight[None], padding, False)
    if weight.ndim == 4:
        return F.conv2d(x, weight, padding=padding)
    if x.device.type == "cpu" and active_backend(x.device)[0] != "definition":  # faster than groups there
        images = zip(x.split(1), weight.unbind(), strict=True)
        return torch.cat([F.conv2d(image, one, padding=padding) for image, one in images])
    n = x.shape[0]
    y = F.conv2d(x.reshape(1, -1, *x.shape[2:]), weight.flatten(0, 1), padding=padding, groups=n)
    return y.reshape(n, weight.shape[1], *y.shape[2:])


def _has_fast_form(x: Tensor, weight: Tensor, padding: int) -> bool:
    if is_recorded() or x.device.type != "cpu" or not x.dtype == weight.dtype == torch.float32:
        return False
    suits = weight.shape[-2:] == (3, 3) and padding <= 2 and min(x.shape[2:]) >= FAST_FROM
    return suits and x.numel() > 0 and _is_built()


def _is_built() -> bool:
    """Whether the C++ form is in use, and made for a processor with lanes enough for this one."""
    return active_backend("cpu")[0] == "cpp" and hasattr(torch.ops.stylesv, "conv3x3")

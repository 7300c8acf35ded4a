"""How true frames are to others: peak signal-to-noise ratio, and structural similarity (Wang et al. 2004)."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

MOST_DB = 100.0  # what equal frames count as
_WINDOW, _SIGMA = 11, 1.5  # taps and standard deviation of the Gaussian window, pixels
_K1, _K2 = 0.01, 0.03


def psnr(
    frames: Float[Tensor, "n c h w"], others: Float[Tensor, "n c h w"], *, data_range: float | int
) -> Float[Tensor, "n"]:
    """Peak signal-to-noise ratio of each frame, decibels; `data_range` is the difference of white and black."""
    error = (frames - others).square().mean(dim=[1, 2, 3])
    return (10 * (data_range**2 / error).log10()).clamp(max=MOST_DB)


def ssim(
    frames: Float[Tensor, "n c h w"], others: Float[Tensor, "n c h w"], *, data_range: float | int
) -> Float[Tensor, "n"]:
    """Structural similarity of each frame, 1 for equal ones: mean over colours and all whole windows of 11 pixels.

    Frames are at least 11 pixels high and wide.
    """
    place = torch.arange(_WINDOW, dtype=frames.dtype, device=frames.device) - (_WINDOW - 1) / 2
    line = torch.exp(-(place**2) / (2 * _SIGMA**2))
    line = line / line.sum()
    channels = frames.shape[1]

    def local_mean(x: Tensor) -> Tensor:
        x = F.conv2d(x, line.expand(channels, 1, 1, -1), groups=channels)
        return F.conv2d(x, line[:, None].expand(channels, 1, -1, 1), groups=channels)

    mean, other_mean = local_mean(frames), local_mean(others)
    variance = local_mean(frames.square()) - mean.square()
    other_variance = local_mean(others.square()) - other_mean.square()
    covariance = local_mean(frames * others) - mean * other_mean
    c1, c2 = (_K1 * data_range) ** 2, (_K2 * data_range) ** 2
    likeness = (2 * mean * other_mean + c1) * (2 * covariance + c2)
    likeness = likeness / ((mean.square() + other_mean.square() + c1) * (variance + other_variance + c2))
    return likeness.mean(dim=[1, 2, 3])

"""Filtering of frequency bands, pixel noise and cutout. ADA paper, appendix B.2; docs/model.md 7.1."""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from stylesv.config.training import AugmentTransformSettings
from stylesv.training.augment.draws import Draws

# Daubechies wavelet of 2 vanishing moments, decomposition low-pass (Daubechies, "Ten lectures", 6.3)
SYM2 = (-0.12940952255092145, 0.22414386804185735, 0.836516303737469, 0.48296291314469025)
BAND_POWER = (10 / 13, 1 / 13, 1 / 13, 1 / 13)  # expected share of the bands in natural images (ADA B.2)
BAND_MARGIN = 21  # pixels on either side of a band filter's centre


def band_filters() -> Float[Tensor, "4 43"]:
    """Zero-phase filters of four bands whose sum is the identity, lowest frequency first."""
    low = np.array(SYM2)
    high = low * (-1.0) ** np.arange(len(low))
    low, high = (np.convolve(taps, taps[::-1]) / 2 for taps in (low, high))
    bank = np.eye(4, 1)
    for band in range(1, 4):
        spread = np.zeros((4, bank.shape[1] * 2 - 1))
        spread[:, ::2] = bank
        bank = np.stack([np.convolve(taps, low) for taps in spread])
        start = (bank.shape[1] - len(high)) // 2
        bank[band, start : start + len(high)] += high
    return torch.from_numpy(bank).float()


def draw_band_gains(
    draws: Draws, num_clips: int, *, probability: float, transforms: AugmentTransformSettings
) -> Float[Tensor, "n 4"]:
    """Gains of the bands; a changed band is made up for by the others, so that expected power stays."""
    gains = torch.ones(num_clips, 4)
    for band, multiplier in enumerate(transforms.imgfilter_bands):
        exponent = draws.normal(f"imgfilter {band}", num_clips) * transforms.imgfilter_std
        exponent = exponent * draws.chosen(
            f"imgfilter {band}", num_clips, probability=transforms.imgfilter * multiplier * probability
        )
        change = torch.ones(num_clips, 4)
        change[:, band] = exponent.exp2()
        power = (torch.tensor(BAND_POWER) * change.square()).sum(dim=1, keepdim=True)
        gains = gains * change / power.sqrt()
    return gains


def filter_bands(images: Float[Tensor, "n c h w"], gains: Float[Tensor, "n 4"]) -> Float[Tensor, "n c h w"]:
    """Images with their frequency bands multiplied by the gains of their clip, along x and y."""
    num_clips, channels, height, width = images.shape
    taps = (gains @ band_filters()).to(images).repeat_interleave(channels, dim=0)
    stacked = images.reshape(1, num_clips * channels, height, width)
    stacked = F.pad(stacked, [BAND_MARGIN] * 4, mode="reflect")
    stacked = F.conv2d(stacked, taps[:, None, None, :], groups=num_clips * channels)
    stacked = F.conv2d(stacked, taps[:, None, :, None], groups=num_clips * channels)
    return stacked.reshape(images.shape)


def draw_noise(
    draws: Draws, frames_shape: tuple[int, ...], *, probability: float, transforms: AugmentTransformSettings
) -> Float[Tensor, "n t c h w"]:
    """Noise to add: normal, with a half-normal standard deviation per clip."""
    num_clips = frames_shape[0]
    std = draws.half_normal("noise std", num_clips) * transforms.noise_std
    std = std * draws.chosen("noise", num_clips, probability=transforms.noise * probability)
    return draws.normal("noise", *frames_shape) * std[:, None, None, None, None]


def draw_cutout(
    draws: Draws, num_clips: int, *, height: int, width: int, probability: float, transforms: AugmentTransformSettings
) -> Float[Tensor, "n 1 h w"]:
    """Masks that are 0 in a rectangle around a random centre and 1 elsewhere."""
    chosen = draws.chosen("cutout", num_clips, probability=transforms.cutout * probability)
    half = chosen * transforms.cutout_size / 2
    centre = draws.uniform("cutout", num_clips, 2)
    x = (torch.arange(width) + 0.5) / width - centre[:, 0, None]
    y = (torch.arange(height) + 0.5) / height - centre[:, 1, None]
    outside = (x.abs() >= half[:, None])[:, None, :] | (y.abs() >= half[:, None])[:, :, None]
    return outside[:, None].float()

"""What figures of clips are drawn from: numbers over time, over lags and over spatial frequencies of single clips.

`stylesv.metrics.artefacts` has one number a clip for what FVD misses; here is what such a number is a summary of.
"""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float32, UInt8
from torch import Tensor

SMALL_PX = 16  # frames are compared at this size, where noise is gone


def frame_differences(clip: UInt8[Tensor, "t c h w"]) -> Float32[np.ndarray, "t-1"]:
    """Mean absolute difference of each frame from the one before, in grey levels."""
    return (clip[1:].short() - clip[:-1].short()).abs().float().mean(dim=(1, 2, 3)).numpy()


def likeness_by_lag(clip: UInt8[Tensor, "t c h w"], max_lag: int) -> Float32[np.ndarray, "l"]:
    """Correlation of frames 0 to `max_lag` apart, of their deviation from the clip's mean: 1 is the same again.

    A peak at a lag above 0 is motion that repeats with that period. 1 throughout for a clip that stands still.
    """
    small = _small(clip)
    moving = small - small.mean(dim=0)
    energy = moving.square().sum(dim=1)
    if float(energy.mean()) < 1e-6:
        return np.ones(max_lag + 1, np.float32)
    found = []
    for lag in range(max_lag + 1):
        early, late = slice(0, len(moving) - lag), slice(lag, None)
        norm = float((energy[early].sum() * energy[late].sum()).sqrt())
        found.append(float((moving[early] * moving[late]).sum()) / max(norm, 1e-12))
    return np.array(found, np.float32)


def drift_from_start(clip: UInt8[Tensor, "t c h w"]) -> Float32[np.ndarray, "3 t"]:
    """Of every frame: its brightness and its contrast (mean and deviation, grey levels), and its fine detail (likewise)."""
    grey = clip.float().mean(dim=1)
    smooth = F.avg_pool2d(grey[:, None], 3, stride=1)[:, 0]
    detail = (grey[:, 1:-1, 1:-1] - smooth).square().mean(dim=(1, 2)).sqrt()
    return torch.stack([grey.mean(dim=(1, 2)), grey.std(dim=(1, 2), correction=0), detail]).numpy()


def still_detail(clip: UInt8[Tensor, "t c h w"]) -> Float32[np.ndarray, "h w"]:
    """The mean over time of fine detail, in grey levels: what stays at its pixels is seen, what moves averages out."""
    grey = clip.float().mean(dim=1, keepdim=True)
    smooth = F.avg_pool2d(F.pad(grey, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    return (grey - smooth).mean(dim=(0, 1)).numpy()


def radial_spectrum(frames: UInt8[Tensor, "n c h w"]) -> Float32[np.ndarray, "k"]:
    """Mean power of the frames' grey values by spatial frequency, k = 1 to half the width, cycles per picture.

    A ring of width 1 around each frequency; a Hann window keeps the picture's edges out. Grey levels squared.
    """
    grey = frames.float().mean(dim=1).double()
    height, width = grey.shape[1:]
    window = torch.hann_window(height, periodic=False)[:, None] * torch.hann_window(width, periodic=False)
    window = window.double() / window.double().square().mean().sqrt()
    grey = (grey - grey.mean(dim=(1, 2), keepdim=True)) * window
    power = torch.fft.fft2(grey, norm="forward").abs().square().mean(dim=0)
    rows, columns = torch.fft.fftfreq(height) * height, torch.fft.fftfreq(width) * width
    ring = torch.sqrt(rows[:, None].square() + columns.square()).round().long()
    count = min(height, width) // 2
    total = torch.zeros(int(ring.max()) + 1, dtype=torch.float64).index_add(0, ring.flatten(), power.flatten())
    number = torch.bincount(ring.flatten()).clamp(min=1)
    return (total / number)[1 : count + 1].float().numpy()


def _small(clip: UInt8[Tensor, "t c h w"]) -> Tensor:
    return F.adaptive_avg_pool2d(clip.float().mean(dim=1)[:, None], SMALL_PX)[:, 0].flatten(1).double()

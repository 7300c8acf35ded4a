"""What FVD misses, as numbers of single clips: texture sticking, jitter at motion codes, repetition.

StyleGAN3 (Karras et al. 2021) shows textures that stick to pixels; StyleSV's figures show jitter where motion codes meet
and motion that repeats. A Fréchet distance of I3D features hardly moves with any of them. None of these numbers has a
value that is right in itself: each stands beside that of real clips, and what counts is how far it is from there.
"""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Float64, UInt8
from torch import Tensor

# temporal frequency, cycles a frame, from each edge (not counted) to the next; the first band is what stands still
SPECTRUM_EDGES = (0.0, 1 / 16, 1 / 8, 1 / 4, 1 / 2)
SPECTRUM_NAMES = tuple(f"spectrum_to_{edge:g}" for edge in SPECTRUM_EDGES)
ARTEFACT_NAMES = ("sticking", *SPECTRUM_NAMES, "jitter", "repetition")


def measure_artefacts(
    clip: UInt8[Tensor, "t c h w"], *, motion_distance: int, first_time: int = 0
) -> Float64[np.ndarray, "k"]:
    """The numbers of `ARTEFACT_NAMES` for one clip whose first frame is at `first_time`; NaN where one has no meaning."""
    grey = clip.float().mean(dim=1)  # t h w
    values = [
        texture_sticking(grey),
        *slice_spectrum(grey),
        boundary_jitter(clip, motion_distance=motion_distance, first_time=first_time),
        repetition(grey),
    ]
    return np.array(values, np.float64)


def texture_sticking(grey: Float[Tensor, "t h w"]) -> float:
    """Energy of the high frequencies that the frames have in common, over that of the frames' high frequencies.

    From the energy A of the time-averaged high frequencies and F of the frames': (t A - F) / ((t - 1) F), which is the
    mean correlation of two different frames, so that it does not depend on the clip's length: independent frames give 0
    (A / F alone would give 1 / t), a still video 1. NaN where frames are flat.
    """
    count = len(grey)
    high = _high_frequencies(grey).double()
    frames = float(high.square().mean())
    average = float(high.mean(dim=0).square().mean())
    return (count * average - frames) / ((count - 1) * frames) if frames > 1e-6 else float("nan")


def slice_spectrum(grey: Float[Tensor, "t h w"]) -> list[float]:
    """Shares of the power of x-t and y-t slices in bands of temporal frequency, for fine detail in space.

    Fine is above a quarter of the sampling rate, and all rows and columns count. Detail that sticks to pixels stands
    still (band 0); detail that moves by v pixels a frame has its power at v times its spatial frequency. A Hann window in
    time keeps bands apart. NaN where there is no detail.
    """
    count = len(grey)
    window = torch.hann_window(count, periodic=False, device=grey.device)[:, None, None]
    power = torch.zeros(count // 2 + 1, dtype=torch.float64, device=grey.device)
    for slices in (grey, grey.transpose(1, 2)):
        width = slices.shape[2]
        edge = torch.hann_window(width, periodic=False, device=grey.device)
        transformed = torch.fft.rfft((slices - slices.mean(dim=2, keepdim=True)) * edge, dim=2)
        fine = transformed[:, :, width // 4 :] * window
        whole = torch.fft.fft(fine, dim=0).abs().double().square().sum(dim=(1, 2))
        power += whole[: count // 2 + 1]
        power[1 : (count + 1) // 2] += whole[count // 2 + 1 :].flip(0)
    total = float(power.sum())
    if total < 1e-6:
        return [float("nan")] * len(SPECTRUM_EDGES)
    # the window spreads every frequency over its neighbours: those of frequency 0 belong to it
    frequency = (torch.arange(count // 2 + 1, device=grey.device) - 1).clamp(min=0) / count
    band = torch.bucketize(frequency, torch.tensor(SPECTRUM_EDGES, device=grey.device))
    return [float(power[band == number].sum()) / total for number in range(len(SPECTRUM_EDGES))]


def boundary_jitter(clip: UInt8[Tensor, "t c h w"], *, motion_distance: int, first_time: int) -> float:
    """Mean absolute difference of the frames before and after a motion code's time, over that of all other neighbours.

    NaN where the clip has no multiple of the distance inside, or does not move elsewhere.
    """
    difference = (clip[1:].short() - clip[:-1].short()).abs().float().mean(dim=(1, 2, 3)).double()
    # difference i is of the frames at first_time + i and + i + 1: it touches a motion code at either
    times = first_time + torch.arange(len(difference), device=clip.device)
    at_code = (times % motion_distance == 0) & (times > 0)  # the first code starts the video
    at_code |= (times + 1) % motion_distance == 0
    if not at_code.any() or at_code.all():
        return float("nan")
    elsewhere = float(difference[~at_code].mean())
    return float(difference[at_code].mean()) / elsewhere if elsewhere > 1e-3 else float("nan")


def repetition(grey: Float[Tensor, "t h w"]) -> float:
    """Largest autocorrelation over time, at lags from a quarter to half of the clip, of frames of 16 x 16 pixels.

    Motion of any period up to half of the clip has a multiple of its period among these lags and gives 1; a still video
    repeats itself and gives 1 as well.
    """
    count = len(grey)
    small = F.adaptive_avg_pool2d(grey[:, None], 16)[:, 0].flatten(1).double()
    moving = small - small.mean(dim=0)
    energy = moving.square().sum(dim=1)
    if float(energy.mean()) < 1e-6:
        return 1.0
    best = -1.0
    for lag in range(count // 4, count // 2 + 1):
        product = float((moving[:-lag] * moving[lag:]).sum())
        norm = float((energy[:-lag].sum() * energy[lag:].sum()).sqrt())
        best = max(best, product / max(norm, 1e-12))
    return best


def _high_frequencies(grey: Float[Tensor, "t h w"]) -> Float[Tensor, "t h2 w2"]:
    """What a binomial filter of 5 x 5 leaves out; about the upper half of the frequencies."""
    row = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0], device=grey.device) / 16
    smooth = F.conv2d(grey[:, None], (row[:, None] * row)[None, None])[:, 0]
    return grey[:, 2:-2, 2:-2] - smooth

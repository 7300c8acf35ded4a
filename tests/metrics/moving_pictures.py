"""Clips whose motion is known exactly: textures of waves, shifted in the Fourier domain, and what is not motion."""

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor


def shifting(
    num_frames: int, size: int, shift: tuple[float, float], *, seed: int = 0, channels: int = 3
) -> UInt8[Tensor, "t c h w"]:
    """A texture that moves by `shift` (x, y) pixels a frame, y downwards: exactly, at any fraction of a pixel."""
    random = np.random.default_rng(seed)
    whole = 2 * size  # the texture is periodic, the window is not
    frequency = np.fft.fftfreq(whole)
    radius = np.hypot(frequency[:, None], frequency)
    waves = np.fft.fft2(random.normal(size=(whole, whole))) * np.exp(-((radius / 0.12) ** 2))
    frames = []
    for time in range(num_frames):
        phase = -2j * np.pi * time * (frequency * shift[0] + frequency[:, None] * shift[1])
        frames.append(np.fft.ifft2(waves * np.exp(phase)).real[:size, :size])
    return _pictures(np.stack(frames), channels)


def fading(num_frames: int, size: int, *, seed: int = 0) -> UInt8[Tensor, "t c h w"]:
    """One texture that becomes another one where it is: a morph."""
    ends = [shifting(1, size, (0, 0), seed=2 * seed + end)[0].double() for end in (0, 1)]
    shares = torch.linspace(0, 1, num_frames, dtype=torch.float64)
    return torch.stack([((1 - share) * ends[0] + share * ends[1]).round().byte() for share in shares])


def _pictures(values: np.ndarray, channels: int) -> UInt8[Tensor, "t c h w"]:
    grey = np.clip(np.rint((values - values.mean()) / values.std() * 45 + 128), 0, 255).astype(np.uint8)
    return torch.from_numpy(np.repeat(grey[:, None], channels, axis=1))

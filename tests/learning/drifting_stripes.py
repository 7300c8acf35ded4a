"""The smallest world in which motion can be learnt and known exactly: soft stripes of 8 px that drift at one speed.

Colours and phase vary from clip to clip, the speed does not. How far a clip moves is the phase of its wave of 8 px, which no
estimate of optical flow is needed for.
"""

from pathlib import Path

import numpy as np

from stylesv.media.frame_files import write_frames

SIZE_PX = 16
WAVE_PX = 8
SPEED_PX = 1.0  # to the right, in a frame
NUM_CLIPS, NUM_FRAMES = 40, 24


def draw_clip(rng: np.random.Generator, num_frames: int = NUM_FRAMES, speed: float = SPEED_PX) -> np.ndarray:
    """A clip (t, 3, h, w), uint8."""
    dark, light = rng.uniform(20, 90, 3), rng.uniform(150, 235, 3)
    x = np.arange(SIZE_PX)[None] - speed * np.arange(num_frames)[:, None] + rng.uniform(0, WAVE_PX)
    share = (1 + np.sin(2 * np.pi * x / WAVE_PX)) / 2  # (t, w)
    fade = np.linspace(1, 0.6, SIZE_PX)[:, None]  # stripes are paler below
    frames = dark[:, None, None] + (light - dark)[:, None, None] * (share[:, None, None, :] * fade)
    return np.clip(frames + 0.5, 0, 255).astype(np.uint8)


def write_clips(folder: Path) -> None:
    """Folders of frames, as a user's videos."""
    rng = np.random.default_rng(0)
    for clip in range(NUM_CLIPS):
        write_frames(folder / f"clip{clip:02d}", draw_clip(rng), first_number=0)


def steps_px(clips: np.ndarray) -> np.ndarray:
    """How far each clip's stripes move to the right from frame to frame, px; clips (n, t, 3, h, w), returns (n, t - 1)."""
    wave = np.fft.fft(clips.astype(np.float64).mean(2), axis=-1)[..., SIZE_PX // WAVE_PX]  # (n, t, h)
    turned = (wave[:, 1:] * wave[:, :-1].conj()).sum(-1)  # rows count by their contrast
    return -np.angle(turned) / (2 * np.pi) * WAVE_PX


def contrast(clips: np.ndarray) -> float:
    """Mean size of the wave of 8 px, grey levels: below a few there are no stripes to speak of."""
    wave = np.fft.fft(clips.astype(np.float64).mean(2), axis=-1)[..., SIZE_PX // WAVE_PX]
    return float(np.abs(wave).mean() * 2 / SIZE_PX)

"""Shown clips for tests: squares that move over stripes, so that every figure has something to show."""

import numpy as np

from stylesv.records.shown_clips import ShownClips, ShownFrom


def shown_clips(
    name: str = "sky-D-s0-7be01d44",
    *,
    kimg: int | None = 20,
    frames: int = 12,
    long_frames: int = 40,
    clips: int = 2,
    size: int = 16,
    seed: int = 0,
    motion_distance: int | None = 16,
) -> ShownClips:
    """Of a snapshot, or of real clips with kimg None."""
    random = np.random.default_rng(seed)
    strip_times = np.linspace(0, frames - 1, min(4, frames)).round().astype(np.int64)
    long_times = np.linspace(0, long_frames - 1, min(4, long_frames)).round().astype(np.int64)

    def pixels(*shape: int) -> np.ndarray:
        return random.integers(0, 256, (*shape, 3), np.uint8)

    return ShownClips(
        about=ShownFrom(name=name, kimg=kimg, fps=10.0, motion_distance=None if kimg is None else motion_distance),
        strip=pixels(clips, len(strip_times), size, size),
        strip_times=strip_times,
        slices=pixels(clips, size, frames),
        still_detail=random.normal(0, 8, (clips, size, size)).astype(np.float32),
        sticking=random.uniform(0, 1, clips).astype(np.float32),
        spectrum=(1 / np.arange(1, size // 2 + 1) ** 2).astype(np.float32),
        long_strip=pixels(clips, len(long_times), size, size),
        long_times=long_times,
        differences=random.uniform(1, 2, (clips, long_frames - 1)).astype(np.float32),
        likeness=np.cos(np.arange(long_frames // 2 + 1) / 5)[None].repeat(clips, 0).astype(np.float32),
        drift=random.uniform(20, 40, (clips, 3, long_frames)).astype(np.float32),
        decomposition=np.empty((0, 0, 0, size, size, 3), np.uint8) if kimg is None else pixels(2, 2, 3, size, size),
        decomposition_times=np.empty(0, np.int64) if kimg is None else np.array([0, 5, 11]),
    )

"""Clips to read in a benchmark."""

from pathlib import Path

import numpy as np

from stylesv.config.dataset import PackSettings
from stylesv.data.packed import PackedClips
from stylesv.data.packing import pack_videos
from stylesv.media.frame_files import write_frames


def packed_noise(folder: Path, resolution: int) -> PackedClips:
    """Two packed clips of random frames."""
    rng = np.random.default_rng(0)
    for clip in range(2):
        frames = rng.integers(0, 255, (64, 3, resolution, resolution), np.uint8)
        write_frames(folder / "frames" / f"clip{clip}", frames, first_number=0)
    options = {"resolution": resolution, "crop": "center", "fps": None, "min_frames": 32, "max_frames": 512}
    pack_videos(
        folder / "frames",
        folder / "packed",
        settings=PackSettings(**options, jpeg_quality=95, damaged="drop", labels=None),
    )
    return PackedClips(folder / "packed")

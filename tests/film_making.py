"""Real films, frame folders and small full disks for the tests of packing."""

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from stylesv.config.dataset import PackSettings

CODECS = {
    ".mkv": "libx264",
    ".webm": "libvpx",
    ".avi": "mpeg4",
    ".mpg": "mpeg2video",
    ".mp4": "libx264",
    ".mov": "libx264",
    ".ts": "libx264",
    ".wmv": "wmv2",
}


def settings(resolution: int = 32, **changed) -> PackSettings:
    values = {
        "resolution": resolution,
        "crop": "center",
        "fps": None,
        "min_frames": 1,
        "max_frames": None,
        "jpeg_quality": 95,
        "damaged": "drop",
        "labels": None,
    }
    return PackSettings(**{**values, **changed})


def picture(number: int, height: int, width: int) -> np.ndarray:
    """A smooth picture whose mean brightness tells its number (0 to 49): 10 + 4 * number."""
    y, x = np.mgrid[:height, :width]
    wave = 8 * np.sin(2 * np.pi * x / width) + 8 * np.sin(2 * np.pi * y / height)
    return np.clip(10 + 4 * number + wave[..., None] * [1, 0.5, -1], 0, 255).astype(np.uint8)


def number_of(frame: np.ndarray) -> int:
    """The number of a `picture` after compression."""
    return round((float(frame.mean()) - 10) / 4)


def write_lossy(
    path: Path, num_frames: int, *, size: tuple[int, int] = (64, 48), fps: int = 25, noise: int = 0
) -> Path:
    """A film of pictures 0, 1, ...; noise makes it long enough to be cut."""
    rng = np.random.default_rng(0)
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"movflags": "+faststart"} if path.suffix in (".mp4", ".mov") else {}
    with av.open(str(path), "w", options=options) as film:
        stream = film.add_stream(CODECS[path.suffix], rate=fps)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 4_000_000
        for number in range(num_frames):
            pixels = picture(number % 50, size[1], size[0]).astype(int)
            pixels = np.clip(pixels + rng.integers(0, noise + 1, pixels.shape), 0, 255).astype(np.uint8)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        film.mux(stream.encode(None))
    return path


def write_exact(path: Path, frames: Sequence[np.ndarray], *, times_ms: Sequence[int] | None = None) -> Path:
    """A lossless film (FFV1 in Matroska) of any size, 25 frames per second or at the given times."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="matroska") as film:
        stream = film.add_stream("ffv1", rate=1000 if times_ms else 25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "bgr0"
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            if times_ms:
                frame.pts, frame.time_base = times_ms[number], Fraction(1, 1000)
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return path


def set_display_matrix(path: Path, matrix: Sequence[int]) -> Path:
    """Write a display matrix into an MP4 file's track header, as phones do (ISO 14496-12, 8.3.2)."""
    content = bytearray(path.read_bytes())
    header = content.index(b"tkhd")
    start = header + 8 + (20 if content[header + 4] == 0 else 32) + 16
    content[start : start + 36] = struct.pack(">9i", *matrix)
    path.write_bytes(content)
    return path


def write_frames(folder: Path, frames: Sequence[np.ndarray], *, names: Sequence[str] | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number, pixels in enumerate(frames):
        Image.fromarray(pixels).save(folder / (names[number] if names else f"{number:06d}.png"))
    return folder

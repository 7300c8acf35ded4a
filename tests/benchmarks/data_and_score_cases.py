"""Packing and reading clips and comparing moments, against the ways that are common elsewhere."""

import io
import os
import subprocess
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import scipy.linalg
import torch
from jaxtyping import UInt8
from measure import Case, Work
from PIL import Image

from stylesv.config.dataset import PackSettings
from stylesv.data.packed import CLIPS_FILE, PackedClips
from stylesv.data.packing import pack_videos
from stylesv.media.frame_files import write_frames
from stylesv.metrics.frechet import frechet_distance_of_statistics
from stylesv.ops.backend import using_operations

DIMENSIONS, ROWS = 2048, 3000  # Inception's features
CLIPS, FRAMES, RESOLUTION = 4, 32, 256
READ, FILM_FRAMES = 20, 250  # clips in a batch; 10 s


def by_definition() -> bool:
    """Whether the common way is to be timed."""
    return os.environ.get("STYLESV_OPS") == "definition"


def frechet_2048(_: torch.device) -> Work:
    """Distance of two Gaussians by eigenvalues; by SciPy's matrix root."""
    rng = np.random.default_rng(0)
    mixing = rng.standard_normal((DIMENSIONS, DIMENSIONS)) / np.sqrt(DIMENSIONS)
    sets = [rng.standard_normal((ROWS, DIMENSIONS)) @ (mixing + shift * np.eye(DIMENSIONS)) for shift in (0, 0.1)]
    (m1, c1), (m2, c2) = ((rows.mean(axis=0), np.cov(rows, rowvar=False)) for rows in sets)

    def work() -> float:
        if not by_definition():
            return frechet_distance_of_statistics((m1, c1), (m2, c2))
        root = scipy.linalg.sqrtm(c1 @ c2)
        return float(np.square(m1 - m2).sum() + np.trace(c1 + c2 - 2 * np.real(root)))

    return work


def loader_256(codec: str) -> Callable[[torch.device], Work]:
    """A batch of clips of three frames of 256 pixels by offset, as training reads it; by zipfile and Pillow from JPEG, as the
    published loader reads it.
    """

    def prepare(_: torch.device) -> Work:
        folder = Path(tempfile.mkdtemp(prefix="stylesv-bench-"))
        rng = np.random.default_rng(0)
        for number in range(CLIPS):
            write_frames(folder / "frames" / f"clip{number}", natural_frames(rng, FRAMES), first_number=0)
        for name in ("jpeg", codec):
            pack_videos(folder / "frames", folder / name, settings=packing(codec=name))
        packed = PackedClips(folder / codec)
        archive = zipfile.ZipFile(folder / "jpeg" / CLIPS_FILE)
        names = [name for name in archive.namelist() if name.endswith(".jpg")]
        wanted = [(int(rng.integers(CLIPS)), rng.integers(0, FRAMES, 3)) for _ in range(READ)]

        def by_pillow(clip: int, frames: np.ndarray, out: np.ndarray) -> None:
            for pixels, frame in zip(out, frames, strict=True):
                content = archive.read(names[clip * FRAMES + frame])
                pixels[...] = np.asarray(Image.open(io.BytesIO(content))).transpose(2, 0, 1)

        def work() -> np.ndarray:
            batch = np.empty((READ, 3, 3, RESOLUTION, RESOLUTION), np.uint8)
            for (clip, frames), out in zip(wanted, batch, strict=True):
                (by_pillow if by_definition() else packed.read)(clip, frames, out)
            return batch

        return work

    return prepare


def pack_film(_: torch.device) -> Work:
    """A film of 640x360 pixels packed at 256 by one process; by the ffmpeg command line, one thread, to JPEG files."""
    folder = Path(tempfile.mkdtemp(prefix="stylesv-bench-"))
    film = write_film(folder / "films" / "film.mp4")
    settings = packing(min_frames=1)
    side = r"min(iw\,ih)"
    fit = f"crop={side}:{side},scale={RESOLUTION}:{RESOLUTION}:flags=lanczos"
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-threads", "1", "-i", str(film), "-filter_threads", "1"]
    command += ["-vf", fit, "-pix_fmt", "yuvj444p", "-q:v", "2", "-threads", "1", str(folder / "%06d.jpg")]

    def work() -> int:
        if by_definition():
            subprocess.run(command, check=True)
            return len(list(folder.glob("*.jpg")))
        return pack_videos(film.parent, folder / "packed", settings=settings).num_frames

    with using_operations("definition"):
        expected = work()
    with using_operations("auto"):
        assert work() == expected == FILM_FRAMES, "both read all frames"
    return work


def packing(**changed: Any) -> PackSettings:
    """How clips are packed for a benchmark."""
    values = {"resolution": RESOLUTION, "crop": "center", "fps": None, "min_frames": FRAMES, "max_frames": None}
    values |= {"jpeg_quality": 95, "damaged": "drop", "labels": None, "codec": "jpeg"}
    return PackSettings(**values | changed)


def natural_frames(
    rng: np.random.Generator, count: int, size: tuple[int, int] = (RESOLUTION, RESOLUTION)
) -> UInt8[np.ndarray, "t c h w"]:
    """A picture drawn along a little in each frame. Its amplitudes fall with frequency so that a frame of 256 pixels takes 23 kB
    as JPEG, which is what frames of films took (docs/data.md 1.2)."""
    height, width = size
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(height), np.fft.rfftfreq(width), indexing="ij"))
    noise = np.fft.rfft2(rng.standard_normal((3, height, width))) / np.maximum(frequency, 1 / max(size)) ** 1.75
    grey, *colours = np.fft.irfft2(noise, s=size)
    picture = grey + 0.3 * np.stack([colours[0], colours[1], -colours[0]])  # channels of photographs are much alike
    picture = (128 + 45 * picture / picture.std()).clip(0, 255).astype(np.uint8)
    return np.stack([np.roll(picture, (frame, 2 * frame), axis=(1, 2)) for frame in range(count)])


def write_film(path: Path) -> Path:
    """A film in H.264, as cameras and sites have them."""
    path.parent.mkdir(parents=True)
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for pixels in natural_frames(np.random.default_rng(0), FILM_FRAMES, (360, 640)):
            frame = np.ascontiguousarray(pixels.transpose(1, 2, 0))
            film.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        film.mux(stream.encode(None))
    return path


def data_and_score_cases() -> list[Case]:
    """All of them."""
    return [
        Case("loader_256_jpeg", loader_256("jpeg")),
        Case("loader_256_raw", loader_256("raw")),
        Case("pack_film", pack_film, needs="ffmpeg"),
        Case("frechet_2048", frechet_2048),
    ]

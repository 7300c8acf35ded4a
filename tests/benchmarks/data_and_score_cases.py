"""Reading clips and comparing moments, against the ways that are common elsewhere."""

import io
import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import scipy.linalg
import torch
from measure import Case, Work
from PIL import Image

from stylesv.config.dataset import PackSettings
from stylesv.data.packed import CLIPS_FILE, PackedClips
from stylesv.data.packing import pack_videos
from stylesv.media.frame_files import write_frames
from stylesv.metrics.frechet import frechet_distance_of_statistics

DIMENSIONS, ROWS = 2048, 3000  # Inception's features
CLIPS, FRAMES, RESOLUTION = 4, 32, 256


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


def loader_256(_: torch.device) -> Work:
    """Twelve frames of 256 pixels by offset; by zipfile and Pillow, as the published loader reads them."""
    folder = Path(tempfile.mkdtemp(prefix="stylesv-bench-"))
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (CLIPS, FRAMES, 3, RESOLUTION // 8, RESOLUTION // 8), np.uint8)
    for number, frames in enumerate(coarse.repeat(8, axis=3).repeat(8, axis=4)):
        write_frames(folder / "frames" / f"clip{number}", frames, first_number=0)
    options = {"resolution": RESOLUTION, "crop": "center", "fps": None, "min_frames": FRAMES, "max_frames": FRAMES}
    pack_videos(folder / "frames", folder / "packed", settings=PackSettings(**options, jpeg_quality=95, damaged="drop"))
    packed, wanted = PackedClips(folder / "packed"), [3, 11, 30]
    archive = zipfile.ZipFile(folder / "packed" / CLIPS_FILE)
    names = [name for name in archive.namelist() if name.endswith(".jpg")]

    def work() -> list[np.ndarray]:
        if not by_definition():
            return [packed.read(clip, wanted) for clip in range(CLIPS)]
        picked = [names[clip * FRAMES + frame] for clip in range(CLIPS) for frame in wanted]
        return [np.asarray(Image.open(io.BytesIO(archive.read(name)))) for name in picked]

    return work


def data_and_score_cases() -> list[Case]:
    """All of them."""
    return [Case("loader_256", loader_256), Case("frechet_2048", frechet_2048)]

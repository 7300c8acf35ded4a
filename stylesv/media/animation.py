"""Animated WebP: for pages that cannot play MP4."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from stylesv.errors import DataError
from stylesv.files import partial_file
from stylesv.media.frame_files import Frame

MAX_PX = 480  # height and width
QUALITY = 70  # 1 to 100


def write_animation(path: Path, frames: Iterable[Frame], *, fps: int | float) -> None:
    """Write frames as a WebP that plays for ever; larger ones than 480 pixels are made smaller.

    Raises:
        DataError: there are no frames.
    """
    pictures = (_small(frame) for frame in frames)
    first = next(pictures, None)
    if first is None:
        raise DataError(f"{path}: an animation without frames; give at least one")
    path.parent.mkdir(parents=True, exist_ok=True)
    options = {"duration": round(1000 / fps), "loop": 0, "quality": QUALITY, "method": 2}
    with partial_file(path) as partial:
        first.save(partial, "WEBP", save_all=True, append_images=pictures, **options)


def _small(frame: Frame) -> Image.Image:
    picture = Image.fromarray(np.ascontiguousarray(frame.transpose(1, 2, 0)))
    picture.thumbnail((MAX_PX, MAX_PX), Image.Resampling.BOX, reducing_gap=None)
    return picture

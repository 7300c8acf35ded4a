"""Frames as JPEG files, with full colour resolution, or as PNG files."""

import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import simplejpeg
from jaxtyping import UInt8
from PIL import Image

from stylesv.files import write_bytes

Frame = UInt8[np.ndarray, "c h w"]

JPEG_QUALITY = 95  # 1 to 100


def encode_jpeg(pixels: UInt8[np.ndarray, "h w 3"], *, quality: int) -> bytes:
    """Red, green and blue pixels as JPEG of a quality from 1 to 100; colour is not subsampled."""
    return simplejpeg.encode_jpeg(
        np.ascontiguousarray(pixels), quality=quality, colorspace="RGB", colorsubsampling="444"
    )


def write_frames(folder: Path, frames: Iterable[Frame] | UInt8[np.ndarray, "t c h w"], *, first_number: int) -> None:
    """Write frames as `000000.jpg`, `000001.jpg`, ..., numbered from `first_number`."""
    for number, frame in enumerate(frames, first_number):
        write_frame(folder, frame, number)


def write_frame(folder: Path, frame: Frame, number: int) -> None:
    """Write one frame as JPEG, named after its number."""
    write_bytes(folder / f"{number:06d}.jpg", encode_jpeg(frame.transpose(1, 2, 0), quality=JPEG_QUALITY))


def write_png_frame(folder: Path, frame: Frame, number: int) -> None:
    """The same as PNG, which loses nothing."""
    content = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(frame.transpose(1, 2, 0))).save(content, "PNG")
    write_bytes(folder / f"{number:06d}.png", content.getvalue())

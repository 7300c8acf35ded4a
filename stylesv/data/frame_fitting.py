"""From a source frame of any size to the one that is stored."""

from typing import Literal

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from stylesv.data.decoding import SourceFrame
from stylesv.data.frame_codec import FrameCodec


def fit_frame(frame: SourceFrame, resolution: int, crop: Literal["center", "squeeze"]) -> UInt8[np.ndarray, "h w 3"]:
    """The frame as a square of `resolution` pixels, antialiased (Lanczos, as the published scripts; docs/data.md 4).

    center: the short side fills the square and the long side is cut evenly. squeeze: the whole frame, stretched.
    Pixels that are not square are taken for what they are.
    """
    width, height = frame.image.size
    box = (0.0, 0.0, float(width), float(height))
    if crop == "center":
        aspect = float(frame.pixel_aspect)
        side = min(width * aspect, height)
        left, top = (width - side / aspect) / 2, (height - side) / 2
        box = (left, top, left + side / aspect, top + side)
    square = frame.image.resize((resolution, resolution), Image.Resampling.LANCZOS, box=box)
    return np.asarray(square)


def encode_frame(frame: SourceFrame, resolution: int, crop: Literal["center", "squeeze"], codec: FrameCodec) -> bytes:
    """The fitted frame as it is stored; where that is JPEG, one that fits already is kept as it is, byte by byte."""
    if codec.suffix == ".jpg" and frame.jpeg is not None and frame.image.size == (resolution, resolution):
        return frame.jpeg
    return codec.encode(fit_frame(frame, resolution, crop))

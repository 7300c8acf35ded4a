"""How a packed frame is stored: as JPEG, or raw, which takes more room and no time (docs/data.md 1.1)."""

import io
import os
from dataclasses import dataclass

import numpy as np
import simplejpeg
from jaxtyping import UInt8

from stylesv.config.dataset import PackSettings
from stylesv.data.stored_zip import require_intact
from stylesv.media.frame_files import encode_jpeg


@dataclass(frozen=True)
class JpegCodec:
    """Full colour resolution, at a quality from 1 to 100."""

    quality: int
    suffix: str = ".jpg"
    header: bytes = b""

    def encode(self, pixels: UInt8[np.ndarray, "h w 3"]) -> bytes:
        """A frame as it is stored."""
        return encode_jpeg(pixels, quality=self.quality)

    def read_into(self, pixels: UInt8[np.ndarray, "3 h w"], file: int, offset: int, size: int, gap: int) -> None:
        """The pixels of the frame that lies there in an open file, `gap` bytes behind the one before; 0: it was intact before.

        Raises:
            ValueError: it is damaged, or of another size.
            OSError: it cannot be read.
        """
        found = memoryview(os.pread(file, gap + size, offset - gap))
        if gap:
            require_intact(found[:gap], found[gap:])
        pixels[...] = simplejpeg.decode_jpeg(found[gap:], "RGB", strict=True).transpose(2, 0, 1)


@dataclass(frozen=True)
class RawCodec:
    """The pixels themselves, channel by channel as networks take them; in the zip each frame is a file of NumPy's."""

    resolution: int
    suffix: str = ".npy"

    @property
    def header(self) -> bytes:
        """What stands before the pixels in a frame's file."""
        content = io.BytesIO()
        values = {"descr": "|u1", "fortran_order": False, "shape": (3, self.resolution, self.resolution)}
        np.lib.format.write_array_header_1_0(content, values)
        return content.getvalue()

    def encode(self, pixels: UInt8[np.ndarray, "h w 3"]) -> bytes:
        """A frame as it is stored."""
        return pixels.transpose(2, 0, 1).tobytes()

    def read_into(self, pixels: UInt8[np.ndarray, "3 h w"], file: int, offset: int, size: int, gap: int) -> None:
        """The pixels of the frame that lies there in an open file, `gap` bytes behind the one before; 0: it was intact before.

        Raises:
            ValueError: it is cut off, damaged, or of another size.
            OSError: it cannot be read.
        """
        head = memoryview(bytearray(gap))
        found = os.preadv(file, [head, pixels], offset - gap) - gap if size == pixels.nbytes else size
        if found != pixels.nbytes:
            raise ValueError(f"it has {found:,} bytes where {pixels.nbytes:,} are expected")
        if not gap:
            return
        at = gap - len(self.header)
        require_intact(head[:at], head[at:], memoryview(pixels).cast("B"))


FrameCodec = JpegCodec | RawCodec


def frame_codec(settings: PackSettings) -> FrameCodec:
    """How packed frames are stored."""
    return RawCodec(settings.resolution) if settings.codec == "raw" else JpegCodec(settings.jpeg_quality)

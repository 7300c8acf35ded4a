"""Frames of a folder of pictures, each read once from the first to the last."""

import io
import struct
from collections.abc import Iterator

import numpy as np
import simplejpeg
from PIL import Image, ImageOps, UnidentifiedImageError

from stylesv.data.damage import describe_damage
from stylesv.data.decoding import SourceFrame, VideoFacts
from stylesv.data.video_sources import VideoSource
from stylesv.errors import DataError, printable

_BROKEN_PICTURE = (
    DataError,
    OSError,
    ValueError,
    SyntaxError,
    struct.error,
    UnidentifiedImageError,
    Image.DecompressionBombError,
    MemoryError,
)
# by content, whatever the name says: Pillow knows formats, such as PostScript, that it has other programs run
_FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP")
_STRICT_COLOURS = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}  # by Pillow's mode of a JPEG


def decode_frame_folder(source: VideoSource, facts: VideoFacts) -> Iterator[SourceFrame]:
    """The pictures of a frame folder in order, up to the first that cannot be read; fills `facts` on the way.

    Raises:
        MachineError: a picture cannot be opened or read, or memory is short; it may be sound.
    """
    for member in source.members:
        try:
            content = source.read(member)
            image, is_jpeg = _read_picture(content, facts)
        except _BROKEN_PICTURE as error:
            name, reason = printable(member.rsplit("/", 1)[-1]), describe_damage(error, source.root / member)
            facts.damage = f"is damaged: frame {name} cannot be read ({reason})"
            return
        facts.num_frames += 1
        facts.width, facts.height = image.size
        yield SourceFrame(image, jpeg=content if is_jpeg else None)


def _read_picture(content: bytes, facts: VideoFacts) -> tuple[Image.Image, bool]:
    """An RGB image, turned as its EXIF says, and whether it is the content of an RGB JPEG as it stands.

    Raises:
        DataError: it is no single picture of 8 or 16 bits a channel, or only a part of it is there.
    """
    with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
        if _is_stack(picture):
            raise DataError(
                f"it holds {picture.n_frames} pictures and is no single frame; make a film (.mp4, .gif) or a folder of it"
            )
        picture.load()
        kept = picture.format == "JPEG" and _is_sound_jpeg(content, picture.mode)
        turned = picture.getexif().get(0x0112, 1) != 1  # EXIF tag Orientation
        if picture.mode.startswith("I;16"):
            values = np.asarray(picture)
            if values.any() and values.max() < 1 << 12:
                _note(facts, "pictures of 16 bits a channel that hold less than 12: they come out nearly black")
            return Image.fromarray((values >> 8).astype(np.uint8)).convert("RGB"), False
        if picture.mode in ("I", "F"):
            raise DataError(
                "its pixels are 32-bit numbers, of which nobody knows black and white; convert it to 8 or 16 bits"
            )
        is_jpeg = kept and picture.mode == "RGB" and not turned
        return ImageOps.exif_transpose(picture).convert("RGB"), is_jpeg


def _is_stack(picture: Image.Image) -> bool:
    """Whether a file holds several pictures, and not one with its preview, as photographs in MPO and TIFF do."""
    if picture.format == "MPO" or getattr(picture, "n_frames", 1) == 1:
        return False
    size = picture.size
    picture.seek(1)
    alike = picture.size == size
    picture.seek(0)
    return alike


def _is_sound_jpeg(content: bytes, mode: str) -> bool:
    """Whether the reader of packed clips takes a JPEG as it stands; one with stray bytes has all pixels, but is not taken.

    Raises:
        DataError: it is damaged, though Pillow shows what it has and says nothing.
    """
    try:
        simplejpeg.decode_jpeg(content, _STRICT_COLOURS.get(mode, "RGB"), strict=True)
    except ValueError as error:
        if "extraneous bytes before marker" in str(error):
            return False
        raise DataError(str(error)) from error
    return True


def _note(facts: VideoFacts, note: str) -> None:
    if note not in facts.notes:
        facts.notes.append(note)

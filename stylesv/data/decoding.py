"""Frames of a film or of a frame folder, each read once from the first to the last (docs/data.md 3.1).

A film is turned as its display matrix says (phones), its frames carry their times (variable frame rates), and damage
ends it: what could be read before is yielded, and `VideoFacts.damage` says what happened. A machine that is short of
something is no damage: it ends the work with a `MachineError`.
"""

import io
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from jaxtyping import UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

from stylesv.data.container_length import missing_bytes
from stylesv.data.damage import WatchedFile, describe_damage, open_video, require_room
from stylesv.data.video_sources import VideoSource
from stylesv.errors import DataError, cannot_be_read, printable

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
_TIME_ROUNDING = Fraction(1, 1000)  # seconds; Matroska and WebM store times in milliseconds


@dataclass
class VideoFacts:
    """What becomes known of a video while its frames are read; complete when the last one has been."""

    num_frames: int = 0  # readable ones
    width: int = 0  # as displayed, pixels
    height: int = 0
    fps: float | None = None  # None for frame folders, which have no times
    damage: str | None = None
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class SourceFrame:
    """An RGB image; `seconds` since the first frame in films; `jpeg` is the file it came from, if that was a JPEG."""

    image: Image.Image
    pixel_aspect: Fraction = Fraction(1)  # width of a pixel over its height
    seconds: Fraction | None = None
    jpeg: bytes | None = None


def decode_film(path: Path, facts: VideoFacts) -> Iterator[SourceFrame]:
    """Frames of a film in the order shown; fills `facts` on the way and never raises for a damaged film.

    Raises:
        MachineError: the film cannot be opened or read, or memory or threads are short; it may be sound.
    """
    try:
        opened = open_video(path)
    except DataError as error:
        facts.damage = str(error)
        return
    with opened:
        try:
            short = missing_bytes(opened)
        except (OSError, MemoryError) as error:
            raise cannot_be_read(path, error) from error
        watched = WatchedFile(opened, path)
        yield from _decode(watched, path, facts)
        watched.require_read()
    if short:
        facts.damage = f"is cut off: {short:,} bytes are missing at its end"


def _decode(watched: WatchedFile, path: Path, facts: VideoFacts) -> Iterator[SourceFrame]:
    seconds: list[Fraction] = []
    # one for all frames, and one thread: each frame's own would start a thread for every core, and keep them
    converter = VideoReformatter()
    # a frame whose side data was looked at stays in memory until Python looks for circles: look where it may differ
    matrix, rotation = None, None
    try:
        with av.open(watched, metadata_errors="replace") as film:
            stream = film.streams.best("video")
            if stream is None or stream.codec_context is None:
                facts.damage = "holds no picture stream" if stream is None else "is of a kind that cannot be decoded"
                return
            stream.codec_context.thread_count = 1
            rate = stream.average_rate or stream.guessed_rate or Fraction(25)
            for frame in _frames_until_damage(film, stream, path, facts):
                # a decoder that is emptied after damage gives frames without a time base
                time = frame.pts * (frame.time_base or stream.time_base) if frame.pts is not None else None
                if time is None or (seconds and time < seconds[-1]):
                    time = seconds[-1] + 1 / rate if seconds else Fraction(0)
                seconds.append(time)
                if frame.rotation != rotation:
                    matrix, rotation = _display_matrix(frame), frame.rotation
                pixels = converter.reformat(frame, format="rgb24", threads=1).to_ndarray()
                pixels = turn_as_displayed(pixels, matrix)
                aspect = stream.sample_aspect_ratio or Fraction(1)
                if is_quarter_turn(matrix):
                    aspect = 1 / aspect
                facts.num_frames += 1
                facts.height, facts.width = pixels.shape[:2]
                yield SourceFrame(Image.fromarray(pixels), aspect, time - seconds[0])
            _describe_times(facts, seconds, rate)
    except av.FFmpegError as error:
        watched.require_read()
        reason = describe_damage(error, path)
        facts.damage = facts.damage or f"is not a film that can be read ({reason})"


def _frames_until_damage(
    film: av.container.InputContainer, stream: av.VideoStream, path: Path, facts: VideoFacts
) -> Iterator[av.VideoFrame]:
    """Decoded frames up to the first that is damaged; those still inside the decoder then are sound and come too."""
    try:
        for packet in film.demux(stream):
            if packet.is_corrupt:
                raise av.error.InvalidDataError(0, "packet cut short")
            for frame in packet.decode():
                if frame.is_corrupt:
                    require_room(path)
                    facts.damage = "is damaged: a frame cannot be decoded whole"
                    return
                yield frame
    except av.FFmpegError as error:
        facts.damage = f"is damaged: {describe_damage(error, path)}"
        yield from _frames_inside_decoder(stream)


def _frames_inside_decoder(stream: av.VideoStream) -> Iterator[av.VideoFrame]:
    try:
        for frame in stream.codec_context.decode(None):
            if frame.is_corrupt:
                return
            yield frame
    except av.FFmpegError:
        return


def _display_matrix(frame: av.VideoFrame) -> np.ndarray | None:
    data = frame.side_data.get("DISPLAYMATRIX")
    return None if data is None else np.frombuffer(bytes(data), np.int32).astype(np.int64)


def is_quarter_turn(matrix: np.ndarray | None) -> bool:
    """Does an MP4 display matrix (see `turn_as_displayed`) exchange width and height?"""
    return matrix is not None and bool(abs(matrix[[1, 3]]).sum() > abs(matrix[[0, 4]]).sum())


def turn_as_displayed(pixels: UInt8[np.ndarray, "h w c"], matrix: np.ndarray | None) -> UInt8[np.ndarray, "h2 w2 c"]:
    """Apply an MP4 display matrix (9 numbers, row by row; x' = a x + c y, y' = b x + d y), to the nearest quarter turn."""
    if matrix is None:
        return pixels
    a, b, c, d = (int(matrix[i]) for i in (0, 1, 3, 4))
    if is_quarter_turn(matrix):
        turned = pixels.transpose(1, 0, 2)[:: -1 if b < 0 else 1, :: -1 if c < 0 else 1]
    else:
        turned = pixels[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1]
    return np.ascontiguousarray(turned)


def _describe_times(facts: VideoFacts, seconds: list[Fraction], rate: Fraction) -> None:
    """Set the frame rate, by the frames' own times where the header is wrong, and note a rate that varies."""
    facts.fps = float(rate)
    if len(seconds) < 2 or seconds[-1] == seconds[0]:
        return
    measured = (len(seconds) - 1) / (seconds[-1] - seconds[0])
    if not 0.95 < rate / measured < 1.05:
        facts.fps = float(measured)
    gaps = [after - before for before, after in pairwise(seconds)]
    if max(gaps) > 1.5 * min(gaps) + 2 * _TIME_ROUNDING:
        facts.notes.append(
            f"variable frame rate: {float(min(gaps)) * 1000:.0f} to {float(max(gaps)) * 1000:.0f} ms between frames"
        )


def decode_frame_folder(source: VideoSource, facts: VideoFacts) -> Iterator[SourceFrame]:
    """The pictures of a frame folder in order, up to the first that cannot be read; fills `facts` on the way.

    Raises:
        MachineError: a picture cannot be opened or read, or memory is short; it may be sound.
    """
    for member in source.members:
        try:
            content = source.read(member)
            image, is_jpeg = _read_picture(content)
        except _BROKEN_PICTURE as error:
            name, reason = printable(member.rsplit("/", 1)[-1]), describe_damage(error, source.root / member)
            facts.damage = f"is damaged: frame {name} cannot be read ({reason})"
            return
        facts.num_frames += 1
        facts.width, facts.height = image.size
        yield SourceFrame(image, jpeg=content if is_jpeg else None)


def _read_picture(content: bytes) -> tuple[Image.Image, bool]:
    """An RGB image, turned as its EXIF says, and whether it is the content of an RGB JPEG as it stands."""
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()
        turned = picture.getexif().get(0x0112, 1) != 1  # EXIF tag Orientation
        is_jpeg = picture.format == "JPEG" and picture.mode == "RGB" and not turned
        if picture.mode.startswith("I"):  # 16 bits a channel
            values = np.asarray(picture).astype(np.uint32) >> 8
            return Image.fromarray(values.astype(np.uint8)).convert("RGB"), False
        return ImageOps.exif_transpose(picture).convert("RGB"), is_jpeg


def resample(frames: Iterable[SourceFrame], fps: float) -> Iterator[SourceFrame]:
    """The frame on screen at each multiple of 1/fps seconds, by the frames' times; the last one lasts as long as its gap."""
    step = 1 / Fraction(str(fps))
    shown: SourceFrame | None = None
    gap, position = step, 0
    for frame in frames:
        if shown is not None:
            gap = frame.seconds - shown.seconds
            while position * step < frame.seconds - _TIME_ROUNDING:
                yield shown
                position += 1
        shown = frame
    while shown is not None and position * step < shown.seconds + gap - _TIME_ROUNDING:
        yield shown
        position += 1

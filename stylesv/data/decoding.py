"""Frames of a film, each read once from the first to the last (docs/data.md 3.1).

A film is turned as its display matrix says (phones), its frames carry their times (variable frame rates), and damage
ends it: what could be read before is yielded, and `VideoFacts.damage` says what happened. A machine that is short of
something is no damage: it ends the work with a `MachineError`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from jaxtyping import UInt8
from PIL import Image

from stylesv.data.container_length import missing_bytes
from stylesv.data.damage import WatchedFile, describe_damage, open_video, require_room
from stylesv.errors import DataError, cannot_be_read

_TIME_ROUNDING = Fraction(1, 1000)  # seconds; Matroska and WebM store times in milliseconds
# a gap of more than so many seconds, and so many times the mean one, is no picture that stands: the camera slept
_SLEEP, _TIMES_MEAN = Fraction(10), 50
_FIRST_FRAMES, _LONG_SLEEP = 10, Fraction(600)  # so few do not tell a time-lapse: what nobody would call a film does
# what films may come in; others, such as lists that name further files (concat, HLS, DASH), are no films
DEMUXERS = "matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,avi,mpeg,mpegvideo,mpegts,m4v,h264,hevc,asf,flv,ogg,gif"
# ITU-R BT.2100: transfers whose numbers mean other brightnesses than those of the screens that networks are trained for
_HDR_TRANSFERS = {16: "PQ", 18: "HLG"}


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


@dataclass
class _Times:
    """What is kept of the times of a film's frames, in seconds, so that a long film takes no more memory than a short one."""

    count: int = 0
    first: Fraction = Fraction(0)
    last: Fraction = Fraction(0)
    shortest_gap: Fraction | None = None
    longest_gap: Fraction = Fraction(0)

    @property
    def span(self) -> Fraction:
        """From the first frame to the last one so far."""
        return self.last - self.first

    def add(self, time: Fraction) -> None:
        """The time of the next frame, not before that of the last."""
        if self.count:
            gap = time - self.last
            self.shortest_gap = gap if self.shortest_gap is None else min(gap, self.shortest_gap)
            self.longest_gap = max(gap, self.longest_gap)
        else:
            self.first = time
        self.last, self.count = time, self.count + 1

    def sleep_before(self, time: Fraction, rate: Fraction) -> Fraction:
        """Seconds by which a frame's time jumps ahead of what the times before let expect; 0 for a picture that stands.

        Resampling would show one frame for the whole gap, which may last for years where a clock was set.
        """
        mean = self.span / (self.count - 1) if self.count > 1 else 1 / rate
        gap, shortest = time - self.last, _LONG_SLEEP if self.count < _FIRST_FRAMES else _SLEEP
        return gap - mean if gap > max(shortest, _TIMES_MEAN * mean) else Fraction(0)

    def describe(self, facts: VideoFacts, rate: Fraction) -> None:
        """Set the frame rate, by the frames' own times where the header is wrong, and note a rate that varies."""
        facts.fps = float(rate)
        if self.count < 2 or not self.span:
            return
        measured = (self.count - 1) / self.span
        if not 0.95 < rate / measured < 1.05:
            facts.fps = float(measured)
        shortest, longest = self.shortest_gap, self.longest_gap
        if longest > 1.5 * shortest + 2 * _TIME_ROUNDING:
            facts.notes.append(
                f"variable frame rate: {float(shortest) * 1000:.0f} to {float(longest) * 1000:.0f} ms between frames"
            )


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
    times = _Times()
    # one for all frames, and one thread: each frame's own would start a thread for every core, and keep them
    converter = VideoReformatter()
    # a frame whose side data was looked at stays in memory until Python looks for circles: look where it may differ
    matrix, rotation = None, None
    try:
        options = {"format_whitelist": DEMUXERS}
        with av.open(watched, metadata_errors="replace", options=options) as film:
            stream = film.streams.best("video")
            if stream is None or stream.codec_context is None:
                facts.damage = "holds no picture stream" if stream is None else "is of a kind that cannot be decoded"
                return
            stream.codec_context.thread_count = 1
            rate = stream.average_rate or stream.guessed_rate or Fraction(25)
            if transfer := _HDR_TRANSFERS.get(int(stream.codec_context.color_trc or 0)):
                facts.notes.append(
                    f"high dynamic range ({transfer}), which is not tone-mapped: its colours are pale; convert it first"
                )
            asleep = Fraction(0)  # seconds left out so far
            for frame in _frames_until_damage(film, stream, path, facts):
                # a decoder that is emptied after damage gives frames without a time base
                time = frame.pts * (frame.time_base or stream.time_base) - asleep if frame.pts is not None else None
                if time is not None and times.count and (slept := times.sleep_before(time, rate)):
                    where, asleep, time = float(times.span), asleep + slept, time - slept
                    facts.notes.append(f"its times jump by {float(slept):.6g} s at {where:.6g} s; the gap is left out")
                if time is None or (times.count and time < times.last):
                    time = times.last + 1 / rate if times.count else Fraction(0)
                times.add(time)
                if frame.rotation != rotation:
                    matrix, rotation = _display_matrix(frame), frame.rotation
                pixels = converter.reformat(frame, format="rgb24", threads=1).to_ndarray()
                pixels = turn_as_displayed(pixels, matrix)
                aspect = stream.sample_aspect_ratio or Fraction(1)
                if is_quarter_turn(matrix):
                    aspect = 1 / aspect
                facts.num_frames += 1
                facts.height, facts.width = pixels.shape[:2]
                yield SourceFrame(Image.fromarray(pixels), aspect, times.span)
            times.describe(facts, rate)
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
            # a transport stream marks the frame before a join, where its packets' numbers begin anew, whole or not
            if packet.is_corrupt and film.format.name != "mpegts":
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

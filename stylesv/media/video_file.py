"""MP4 files that every browser plays: H.264, 4:2:0, the index in front. Frames are red, green and blue."""

import math
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av.video.reformatter import VideoReformatter
from jaxtyping import UInt8

from stylesv.errors import DataError
from stylesv.files import partial_file
from stylesv.media.frame_files import Frame

COLOUR_BT709 = 1  # FFmpeg's number for BT.709 as matrix, primaries and transfer curve


@dataclass(frozen=True)
class Encoding:
    """How frames become H.264; one thread, so that the same frames give the same bytes."""

    x264: dict[str, str]
    """Options of the encoder."""
    container: dict[str, str] = field(default_factory=dict)
    """Options of the MP4 besides its index, which is always in front."""
    tagged: bool = True
    """Colours are BT.709, and the file says so; else they are FFmpeg's default, BT.601, and the file says nothing."""


FOR_VIEWERS = Encoding(
    {
        "crf": "18",  # constant quality, 0 (lossless) to 51; 18 is close to indistinguishable
        "preset": "medium",
        "threads": "1",
        # No decision may rest on x264's half-size look-ahead frames: it reads past their edge at most widths (seen with
        # the libx264 of PyAV 18.1), and the same frames then give other bytes.
        "x264-params": "rc-lookahead=0:mbtree=0:bframes=0:weightp=0:scenecut=0",
    }
)


class VideoWriter:
    """An MP4 that frames are added to one by one, of any number; the same frames give the same bytes.

    An odd last row or column is doubled, because 4:2:0 needs even sizes. The file appears whole when the `with` is left,
    or not at all.

    Raises:
        DataError: no frame was added, one has not three channels, or `fps` is not positive.
    """

    container_format, codec, pixel_format = "mp4", "libx264", "yuv420p"
    most_pixels = 16_384  # a side

    def __init__(self, path: Path, *, fps: int | float, encoding: Encoding = FOR_VIEWERS):
        self.path, self.fps, self.encoding = Path(path), fps, encoding
        self.file = ExitStack()
        self.container: av.container.OutputContainer | None = None
        self.converter = VideoReformatter()  # a frame's own starts a thread for every core, and outlives it for a while
        self.count = 0

    def __enter__(self) -> "VideoWriter":
        return self

    def add(self, frame: Frame) -> None:
        """Encode the next frame, of the size of the first."""
        channels, _, _ = frame.shape
        if channels != 3 or not 0 < self.fps < math.inf:
            raise self._refusal(channels)
        picture = self._picture(frame)
        if self.container is None:
            if max(picture.height, picture.width) > self.most_pixels:
                raise DataError(
                    f"{self.path}: frames of {picture.width} x {picture.height} pixels; such a film has at most "
                    f"{self.most_pixels:,} a side: put fewer clips side by side"
                )
            self._open(picture.height, picture.width)
        self.container.mux(self.stream.encode(picture))
        self.count += 1

    def _picture(self, frame: Frame) -> av.VideoFrame:
        _, height, width = frame.shape
        if height % 2 or width % 2:
            frame = np.pad(frame, ((0, 0), (0, height % 2), (0, width % 2)), mode="edge")
        # half of the time that a copy of a transposed frame takes
        picture = av.VideoFrame.from_ndarray(np.stack(frame, axis=-1), format="rgb24")
        if self.encoding.tagged:
            picture = self.converter.reformat(picture, format="yuv420p", dst_colorspace="ITU709", threads=1)
        return picture

    def _open(self, height: int, width: int) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.file.enter_context(partial_file(self.path))
        self.container = av.open(  # a folder `http:` is none of the network's
            f"file:{partial}", "w", format=self.container_format, options=self._container_options()
        )
        rate = Fraction(self.fps).limit_denominator(1001)
        self.stream = self.container.add_stream(self.codec, rate=rate, options=self._codec_options())
        self.stream.height, self.stream.width = height, width
        self.stream.pix_fmt = self.pixel_format
        if self.encoding.tagged:
            context = self.stream.codec_context
            context.colorspace = context.color_primaries = context.color_trc = COLOUR_BT709

    def _container_options(self) -> dict[str, str]:
        return {"movflags": "+faststart", **self.encoding.container}

    def _codec_options(self) -> dict[str, str]:
        return dict(self.encoding.x264)

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if failure is None and self.count == 0:
                raise self._refusal(3)
            if failure is None:
                self.container.mux(self.stream.encode())
            if self.container is not None:
                self.container.close()
        except BaseException as error:
            self.file.__exit__(type(error), error, error.__traceback__)
            raise
        self.file.__exit__(kind, failure, traceback)  # names the film, or removes what there is of it

    def _refusal(self, channels: int) -> DataError:
        return DataError(
            f"{self.path}: {self.count} frames of {channels} channels at {self.fps} fps; needs frames, 3 channels, fps > 0"
        )


def write_video(
    path: Path,
    frames: Iterable[Frame] | UInt8[np.ndarray, "t c h w"],
    *,
    fps: int | float,
    encoding: Encoding = FOR_VIEWERS,
) -> None:
    """Write frames as MP4, as `VideoWriter` does.

    Raises:
        DataError: as `VideoWriter`.
    """
    with VideoWriter(path, fps=fps, encoding=encoding) as video:
        for frame in frames:
            video.add(frame)

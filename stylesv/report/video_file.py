"""MP4 files that every browser plays: H.264, 4:2:0, the index in front. Frames are red, green and blue."""

import math
from collections.abc import Iterable
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np
import simplejpeg
from jaxtyping import UInt8

from stylesv.errors import DataError
from stylesv.files import partial_file, write_bytes

Frame = UInt8[np.ndarray, "c h w"]

COLOUR_BT709 = 1  # FFmpeg's number for BT.709 as matrix, primaries and transfer curve
JPEG_QUALITY = 95  # 1 to 100
ENCODER = {
    "crf": "18",  # constant quality, 0 (lossless) to 51; 18 is close to indistinguishable
    "preset": "medium",
    "threads": "1",
    # No decision may rest on x264's half-size look-ahead frames: it reads past their edge at most widths (seen with
    # the libx264 of PyAV 18.1), and the same frames then give other bytes.
    "x264-params": "rc-lookahead=0:mbtree=0:bframes=0:weightp=0:scenecut=0",
}


class VideoWriter:
    """An MP4 that frames are added to one by one, of any number; the same frames give the same bytes.

    An odd last row or column is doubled, because 4:2:0 needs even sizes. The file appears whole when the `with` is left,
    or not at all.

    Raises:
        DataError: no frame was added, one has not three channels, or `fps` is not positive.
    """

    def __init__(self, path: Path, *, fps: int | float):
        self.path, self.fps = Path(path), fps
        self.file = ExitStack()
        self.container: av.container.OutputContainer | None = None
        self.count = 0

    def __enter__(self) -> "VideoWriter":
        return self

    def add(self, frame: Frame) -> None:
        """Encode the next frame, of the size of the first."""
        channels, height, width = frame.shape
        if channels != 3 or not 0 < self.fps < math.inf:
            raise self._refusal(channels)
        padded = np.pad(frame, ((0, 0), (0, height % 2), (0, width % 2)), mode="edge").transpose(1, 2, 0)
        if self.container is None:
            self._open(*padded.shape[:2])
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(padded), format="rgb24")
        self.container.mux(self.stream.encode(picture.reformat(format="yuv420p", dst_colorspace="ITU709")))
        self.count += 1

    def _open(self, height: int, width: int) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.file.enter_context(partial_file(self.path))
        self.container = av.open(str(partial), "w", format="mp4", options={"movflags": "+faststart"})
        rate = Fraction(self.fps).limit_denominator(1001)
        self.stream = self.container.add_stream("libx264", rate=rate, options=dict(ENCODER))
        self.stream.height, self.stream.width = height, width
        self.stream.pix_fmt = "yuv420p"
        context = self.stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = COLOUR_BT709

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


def write_video(path: Path, frames: Iterable[Frame] | UInt8[np.ndarray, "t c h w"], *, fps: int | float) -> None:
    """Write frames as MP4, as `VideoWriter` does.

    Raises:
        DataError: as `VideoWriter`.
    """
    with VideoWriter(path, fps=fps) as video:
        for frame in frames:
            video.add(frame)


def write_frames(folder: Path, frames: Iterable[Frame] | UInt8[np.ndarray, "t c h w"], *, first_number: int) -> None:
    """Write frames as `000000.jpg`, `000001.jpg`, ..., numbered from `first_number`."""
    for number, frame in enumerate(frames, first_number):
        write_frame(folder, frame, number)


def write_frame(folder: Path, frame: Frame, number: int) -> None:
    """Write one frame as JPEG, named after its number."""
    pixels = np.ascontiguousarray(frame.transpose(1, 2, 0))
    content = simplejpeg.encode_jpeg(pixels, quality=JPEG_QUALITY, colorsubsampling="444")
    write_bytes(folder / f"{number:06d}.jpg", content)

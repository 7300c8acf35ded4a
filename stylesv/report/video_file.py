"""MP4 files that every browser plays: H.264, 4:2:0, the index in front."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import simplejpeg
from jaxtyping import UInt8

from stylesv.errors import DataError
from stylesv.files import partial_file, write_bytes

COLOUR_BT709 = 1  # FFmpeg's number for BT.709 as matrix, primaries and transfer curve
ENCODER = {
    "crf": "18",  # constant quality, 0 (lossless) to 51; 18 is close to indistinguishable
    "preset": "medium",
    "threads": "1",
    # No decision may rest on x264's half-size look-ahead frames: it reads past their edge at most widths (seen with
    # the libx264 of PyAV 18.1), and the same frames then give other bytes.
    "x264-params": "rc-lookahead=0:mbtree=0:bframes=0:weightp=0:scenecut=0",
}


def write_video(path: Path, frames: UInt8[np.ndarray, "t c h w"], *, fps: int | float) -> None:
    """Write frames (red, green, blue) as MP4; the same frames give the same bytes.

    An odd last row or column is doubled, because 4:2:0 needs even sizes. The file appears whole or not at all.

    Raises:
        DataError: there are no frames, they have not three channels, or `fps` is not positive.
    """
    path = Path(path)
    count, channels, height, width = frames.shape
    if count == 0 or channels != 3 or fps <= 0:
        raise DataError(
            f"{path}: {count} frames of {channels} channels at {fps} fps; needs frames, 3 channels, fps > 0"
        )
    padded = np.pad(frames, ((0, 0), (0, 0), (0, height % 2), (0, width % 2)), mode="edge")
    path.parent.mkdir(parents=True, exist_ok=True)
    with partial_file(path) as partial:
        _encode(partial, padded.transpose(0, 2, 3, 1), Fraction(fps).limit_denominator(1001))


def read_video(path: Path) -> UInt8[np.ndarray, "t c h w"]:
    """All frames of a video file.

    Raises:
        DataError: it cannot be decoded.
    """
    try:
        with av.open(str(path)) as container:
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    except (av.FFmpegError, OSError) as error:
        raise DataError(f"{path}: cannot be decoded ({error})") from error
    return np.stack(frames).transpose(0, 3, 1, 2)


def _encode(path: Path, frames: UInt8[np.ndarray, "t h w 3"], fps: Fraction) -> None:
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=fps, options=dict(ENCODER))
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = COLOUR_BT709
        for array in frames:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(array), format="rgb24")
            container.mux(stream.encode(frame.reformat(format="yuv420p", dst_colorspace="ITU709")))
        container.mux(stream.encode())


def write_frames(folder: Path, frames: UInt8[np.ndarray, "t c h w"], *, first_number: int, quality: int = 95) -> None:
    """Write frames as `000000.jpg`, `000001.jpg`, ..., numbered from `first_number`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate(frames, first_number):
        pixels = np.ascontiguousarray(frame.transpose(1, 2, 0))
        write_bytes(
            folder / f"{number:06d}.jpg", simplejpeg.encode_jpeg(pixels, quality=quality, colorsubsampling="444")
        )

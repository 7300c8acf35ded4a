"""Films in whatever form is asked for, frame by frame: no form holds more than one frame, however long a film is."""

import zipfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, runtime_checkable

import av
import numpy as np
from PIL import Image

from stylesv.errors import DataError
from stylesv.files import partial_file
from stylesv.film_forms import FOLDER_FORMS, Form
from stylesv.media.frame_files import Frame, write_frame, write_png_frame
from stylesv.media.video_file import Encoding, VideoWriter

_WEBP_QUALITY = "90"  # 1 to 100
_PLAYS_FOREVER = {"loop": "0"}


@runtime_checkable
class FilmWriter(Protocol):
    """A film that frames are added to; it is there whole when the `with` is left, or not at all."""

    def __enter__(self) -> "FilmWriter": ...

    def add(self, frame: Frame) -> None:
        """Write the next frame."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


class _AnimationWriter(VideoWriter):
    """An animated picture that plays for ever."""

    def __init__(self, path: Path, *, fps: int | float):
        super().__init__(path, fps=fps, encoding=Encoding({}, tagged=False))

    def _container_options(self) -> dict[str, str]:
        return dict(_PLAYS_FOREVER)


class GifWriter(_AnimationWriter):
    """An animated GIF. Each frame has the 256 colours that fit it best; times are whole hundredths of a second."""

    container_format, codec, pixel_format = "gif", "gif", "pal8"
    most_pixels = 65_535

    def _picture(self, frame: Frame) -> av.VideoFrame:
        image = Image.fromarray(np.ascontiguousarray(frame.transpose(1, 2, 0)))
        image = image.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        colours = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
        palette = np.zeros((256, 4), np.uint8)
        palette[:, 0], palette[: len(colours), 1:] = 255, colours
        return av.VideoFrame.from_ndarray((np.asarray(image), palette), format="pal8")


class WebpWriter(_AnimationWriter):
    """An animated WebP of good quality; every frame stands by itself, so that none has to be kept."""

    container_format, codec, pixel_format = "webp", "libwebp", "yuv420p"
    most_pixels = 16_383

    def _picture(self, frame: Frame) -> av.VideoFrame:
        picture = av.VideoFrame.from_ndarray(np.stack(frame, axis=-1), format="rgb24")
        return self.converter.reformat(picture, format="yuv420p", threads=1)

    def _codec_options(self) -> dict[str, str]:
        return {"quality": _WEBP_QUALITY}


class FrameFolder:
    """A folder of pictures named by their numbers."""

    def __init__(self, path: Path, write: Callable[[Path, Frame, int], None], *, first_number: int):
        self._path, self._write, self._number = path, write, first_number

    def __enter__(self) -> "FrameFolder":
        return self

    def add(self, frame: Frame) -> None:
        """Write the next one."""
        self._write(self._path, frame, self._number)
        self._number += 1

    def __exit__(self, *_: object) -> None:
        """Each file is whole already."""


class ArrayWriter:
    """A file for programs: `numpy.load(FILE)["frames"]`, uint8 of shape (frames, 3 colours, height, width), and its `fps`."""

    def __init__(self, path: Path, *, fps: int | float, num_frames: int):
        self._path, self._fps, self._num_frames, self._count = path, fps, num_frames, 0
        self._files = ExitStack()
        self._frames: IO[bytes] | None = None

    def __enter__(self) -> "ArrayWriter":
        return self

    def add(self, frame: Frame) -> None:
        """Append the next frame."""
        if self._frames is None:
            self._open(frame.shape)
        self._frames.write(np.ascontiguousarray(frame).data)
        self._count += 1

    def _open(self, shape: tuple[int, ...]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as files:  # one may not open
            partial = files.enter_context(partial_file(self._path))
            file = files.enter_context(open(partial, "wb"))
            self._files = files.pop_all()
        self._zip = zipfile.ZipFile(file, "w")
        self._frames = self._zip.open(zipfile.ZipInfo("frames.npy"), "w", force_zip64=True)
        header = {"descr": "|u1", "fortran_order": False, "shape": (self._num_frames, *shape)}
        np.lib.format.write_array_header_1_0(self._frames, header)

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if failure is None:
                self._finish()
            else:
                self._give_up()
        except BaseException as error:
            self._give_up()
            self._files.__exit__(type(error), error, error.__traceback__)
            raise
        self._files.__exit__(kind, failure, traceback)

    def _give_up(self) -> None:
        """Close what is open, so that nothing is written later; what is written now is removed."""
        if self._frames is not None:
            for part in (self._frames, self._zip):
                with suppress(OSError):
                    part.close()

    def _finish(self) -> None:
        if self._frames is None or self._count != self._num_frames:
            raise DataError(f"{self._path}: {self._count} frames were added, and {self._num_frames} were promised")
        self._frames.close()
        with self._zip.open(zipfile.ZipInfo("fps.npy"), "w") as file:
            np.lib.format.write_array(file, np.array(float(self._fps)))
        self._zip.close()


def open_film(path: Path, form: Form, *, fps: int | float, num_frames: int, first_number: int = 0) -> FilmWriter:
    """A writer of a film: a file, or for pictures a folder, whose first one has that number."""
    if form == "mp4":
        return VideoWriter(path, fps=fps)
    if form == "gif":
        return GifWriter(path, fps=fps)
    if form == "webp":
        return WebpWriter(path, fps=fps)
    if form == "npz":
        return ArrayWriter(path, fps=fps, num_frames=num_frames)
    return FrameFolder(path, write_png_frame if form == "png" else write_frame, first_number=first_number)


def film_name(stem: str, form: Form) -> str:
    """Its name: pictures lie in a folder without a suffix."""
    return stem if form in FOLDER_FORMS else f"{stem}.{form}"

"""Is a video damaged, or does the machine lack something? Whoever would call a video damaged asks here first.

A library's words do not tell. FFmpeg gives a damaged film the numbers of the system (EAGAIN, ENOMEM, EIO and EPERM, seen
with films changed at random), takes a read that failed for the film's end, and calls a sound film invalid where memory
is short; so do Pillow and zipfile. Therefore videos are opened and read here and not by FFmpeg, and damage is
believed only while memory and threads can be had.
"""

import errno
import mmap
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import av

from stylesv.errors import DataError, MachineError, cannot_be_read, machine_trouble, one_line, printable

_ROOM_BYTES = 256 << 20  # more than any one thing that decoding a frame of 8K asks for
_ABSURD_BYTES = 4 << 30  # more than FFmpeg ever asks for at once: INT_MAX


def open_video(path: Path) -> BinaryIO:
    """Open a film or picture.

    Raises:
        DataError: it is a pipe or the like.
        MachineError: it cannot be opened.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise DataError("is no file that can be read, but a pipe, a device or a folder")
        return open(path, "rb")
    except OSError as error:
        raise cannot_be_read(path, error) from error


def describe_damage(error: BaseException, path: Path) -> str:
    """What is wrong with a video's data, in a few words, from the error that its decoding raised.

    Raises:
        MachineError: the machine is why, or may be.
    """
    if not isinstance(error, av.FFmpegError | MemoryError):
        for cause in _chain(error):
            if not isinstance(cause, MemoryError) and machine_trouble(cause):
                raise cannot_be_read(path, cause) from error
    out_of_memory = any(isinstance(cause, MemoryError) for cause in _chain(error))
    require_room(path, _ABSURD_BYTES if out_of_memory else _ROOM_BYTES)
    if out_of_memory:
        return "it asks for more memory than any video needs"
    if isinstance(error, av.FFmpegError) and machine_trouble(error):
        return "its data makes no sense"  # FFmpeg's own words would blame the machine
    return (isinstance(error, av.FFmpegError) and error.strerror) or one_line(error) or type(error).__name__


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and those that it was raised from or while handling."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def require_room(path: Path, num_bytes: int = _ROOM_BYTES) -> None:
    """Make sure that the machine is not why a video seems damaged.

    Raises:
        MachineError: memory or threads have run out, or nearly.
    """
    try:
        mmap.mmap(-1, num_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()  # never touched
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
    except (OSError, MemoryError, RuntimeError) as error:
        trouble = machine_trouble(error)
        if trouble is None:
            raise
        raise MachineError(
            f"{printable(path)}: cannot be decoded, and whether it is damaged cannot be told while memory or threads "
            f"are short ({trouble.what}); {trouble.advice}"
        ) from error


class WatchedFile:
    """A film for FFmpeg to read, which notes why a read failed: FFmpeg would take that for the end, or for damage."""

    def __init__(self, file: BinaryIO, path: Path):
        self.name = printable(path.name)  # FFmpeg tells some formats by it
        self._file, self._path = file, path
        self._failure: BaseException | None = None

    def read(self, size: int) -> bytes:
        """At most so many bytes; none at the end, and where reading fails."""
        try:
            return self._file.read(size)
        except (OSError, MemoryError) as error:
            self._failure = self._failure or error
            return b""

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place; -EINVAL for one before the start, which damaged films ask for."""
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError) as error:
            if machine_trouble(error):
                self._failure = self._failure or error
            return -errno.EINVAL

    def tell(self) -> int:
        """The place of the next read."""
        return self._file.tell()

    def require_read(self) -> None:
        """Make sure that all that was asked for could be read.

        Raises:
            MachineError: a read failed.
        """
        if self._failure is not None:
            raise cannot_be_read(self._path, self._failure) from self._failure

"""A zip of packed frames with its table of offsets: any frame by a `pread` of each, from any thread and after a fork."""

import os
import tokenize
import weakref
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from stylesv.data.packed_writer import CLIPS_FILE, OFFSETS_FILE
from stylesv.errors import DataError, cannot_be_read

# NumPy reads the head of a file as Python
_BROKEN_TABLE = (ValueError, EOFError, TypeError, KeyError, SyntaxError, RecursionError, tokenize.TokenError)
_EXTENT_BYTES = 16  # of a frame in the table: offset and size, 64 bits each


class ClipsFile:
    """The frames in a folder, by their number in it. It holds neither memory for the table of offsets nor a file open:
    a data set may have thousands of shards, and `OpenFile` is for those that are read.

    Raises:
        DataError: they are not whole, or not those of which the index has so many frames and bytes.
        MachineError: they cannot be opened, though they may be sound.
    """

    def __init__(self, folder: Path, *, num_frames: int, num_bytes: int, said_by: str):
        self.path, self.offsets = folder / CLIPS_FILE, folder / OFFSETS_FILE
        self.num_bytes = num_bytes
        try:
            found_bytes = self.path.stat().st_size
            extents = np.load(self.offsets, mmap_mode="r")  # a map keeps its file open, so it is not kept
        except (FileNotFoundError, NotADirectoryError, *_BROKEN_TABLE) as error:
            raise DataError(f"{folder}: packed clips are incomplete ({error}); pack the videos again") from error
        except (OSError, MemoryError) as error:
            raise cannot_be_read(folder, error) from error
        if found_bytes != num_bytes:
            raise DataError(
                f"{self.path}: has {found_bytes:,} bytes where {said_by} says {num_bytes:,}; it was cut off or is of "
                "another packing: copy it again or pack the videos again"
            )
        expected = (num_frames, 2)
        if extents.shape != expected or extents.dtype != np.int64:
            raise DataError(
                f"{self.offsets}: holds {extents.shape} {extents.dtype} where {said_by} says {expected} "
                "int64; the files are of different packings: pack the videos again"
            )
        self._extents_begin = extents.offset

    def extents(self, opened: int, first: int | np.integer, count: int) -> Int64[np.ndarray, "n 2"]:
        """Offset and size of `count` frames from `first` on, bytes, from the table of offsets, which is `opened`.

        Raises:
            DataError: the table was cut off.
            MachineError: it cannot be read.
        """
        try:
            found = os.pread(opened, count * _EXTENT_BYTES, self._extents_begin + int(first) * _EXTENT_BYTES)
        except OSError as error:
            raise cannot_be_read(self.offsets, error) from error
        if len(found) != count * _EXTENT_BYTES:
            raise DataError(f"{self.offsets}: was cut off; copy it again or pack the videos again")
        return np.frombuffer(found, "<i8").reshape(count, 2)


class OpenFile:
    """A file open for reading for as long as somebody holds this."""

    def __init__(self, path: Path):
        try:
            self.number = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise cannot_be_read(path, error) from error
        weakref.finalize(self, os.close, self.number)

"""Read packed clips: any frame of any clip by one `pread` and one JPEG decode (docs/data.md 1.1).

Safe after fork and in several workers, since `pread` shares no file position; opening takes milliseconds and memory
for the index alone, since the table of offsets is mapped.
"""

import hashlib
import os
import weakref
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg
from jaxtyping import UInt8

from stylesv.data.packed_writer import CLIPS_FILE, OFFSETS_FILE
from stylesv.errors import DataError, cannot_be_read
from stylesv.files import canonical_json
from stylesv.records.packed_index import INDEX_FILE, read_packed_index


class PackedClips:
    """Packed clips in a folder that `pack_videos` made; give the folder or its `index.json`.

    Raises:
        DataError: it is no such folder, the packing is unfinished, or its three files do not belong together.
        MachineError: they cannot be opened, though they may be sound.
    """

    def __init__(self, path: Path | str):
        path = Path(path)
        self.path = path.parent if path.name == INDEX_FILE else path
        self.index = read_packed_index(self.path / INDEX_FILE)
        self.resolution = self.index.resolution
        self.names = tuple(clip.name for clip in self.index.clips)
        self._lengths = np.array([clip.num_frames for clip in self.index.clips], np.int64)
        self._first_frames = np.array([clip.first_frame for clip in self.index.clips], np.int64)
        self._extents = self._map_extents(self.index.clips_zip.num_bytes)

    def _map_extents(self, num_bytes: int) -> np.ndarray:
        """(offset, size) in clips.zip of every frame, checked against the index."""
        try:
            found_bytes = (self.path / CLIPS_FILE).stat().st_size
            extents = np.load(self.path / OFFSETS_FILE, mmap_mode="r")
        except (FileNotFoundError, ValueError, EOFError) as error:
            raise DataError(f"{self.path}: packed clips are incomplete ({error}); pack the videos again") from error
        except (OSError, MemoryError) as error:
            raise cannot_be_read(self.path, error) from error
        if found_bytes != num_bytes:
            raise DataError(
                f"{self.path / CLIPS_FILE}: has {found_bytes:,} bytes where {INDEX_FILE} says {num_bytes:,}; "
                "it was cut off or is of another packing: copy it again or pack the videos again"
            )
        expected = (int(self._lengths.sum()), 2)
        starts = np.concatenate([[0], np.cumsum(self._lengths)[:-1]])
        if extents.shape != expected or extents.dtype != np.int64 or not np.array_equal(starts, self._first_frames):
            raise DataError(
                f"{self.path / OFFSETS_FILE}: holds {extents.shape} {extents.dtype} where {INDEX_FILE} says "
                f"{expected} int64; the files are of different packings: pack the videos again"
            )
        return extents

    def __reduce__(self) -> tuple[Any, ...]:
        return PackedClips, (self.path,)

    @property
    def num_clips(self) -> int:
        """How many clips there are."""
        return len(self.names)

    def num_frames(self, clip: int | np.integer) -> int:
        """How many frames a clip has."""
        return int(self._lengths[clip])

    def sha256(self, clip: int | np.integer) -> str:
        """SHA-256 of a clip's frames as they were packed."""
        return self.index.clips[clip].sha256

    def label(self, clip: int | np.integer) -> int | None:
        """A clip's class; None where videos have no classes."""
        return self.index.clips[clip].label

    @cached_property
    def digest(self) -> str:
        """SHA-256 over resolution and all frames of all clips: what a network is shown, and nothing else."""
        shown = {
            "resolution": self.resolution,
            "clips": [(clip.num_frames, clip.sha256) for clip in self.index.clips],
        }
        return hashlib.sha256(canonical_json(shown).encode()).hexdigest()

    @cached_property
    def _handle(self) -> int:
        try:
            handle = os.open(self.path / CLIPS_FILE, os.O_RDONLY)
        except OSError as error:
            raise cannot_be_read(self.path / CLIPS_FILE, error) from error
        weakref.finalize(self, os.close, handle)
        return handle

    def _jpeg(self, clip: int | np.integer, frame: int | np.integer) -> bytes:
        length = self.num_frames(clip)
        if not 0 <= frame < length:
            raise IndexError(f"frame {frame} of clip {self.names[clip]}: it has frames 0 to {length - 1}")
        offset, size = self._extents[self._first_frames[clip] + frame].tolist()
        try:
            return os.pread(self._handle, size, offset)
        except OSError as error:
            raise cannot_be_read(self.path / CLIPS_FILE, error) from error

    def read(
        self, clip: int | np.integer, frame_indices: Sequence[int | np.integer] | np.ndarray
    ) -> UInt8[np.ndarray, "t c h w"]:
        """Frames of a clip, RGB, 0 to 255.

        Raises:
            DataError: a frame is damaged.
            MachineError: it cannot be read, though it may be sound.
            IndexError: the clip has no such frame.
        """
        frames = np.empty((len(frame_indices), 3, self.resolution, self.resolution), np.uint8)
        for position, frame in enumerate(frame_indices):
            try:
                pixels = simplejpeg.decode_jpeg(self._jpeg(clip, frame), "RGB", strict=True)
                frames[position] = pixels.transpose(2, 0, 1)
            except ValueError as error:
                raise DataError(
                    f"{self.path / CLIPS_FILE}: frame {frame} of clip {self.names[clip]} is damaged ({error}); "
                    "copy the file again or pack the videos again"
                ) from error
        return frames

    def verify(self) -> None:
        """Read everything and compare it with the hashes in the index.

        Raises:
            DataError: naming the first clip, or the file, that is not what was packed.
        """
        advice = "is not what was packed; copy it again or pack the videos again"
        if hashlib.sha256((self.path / OFFSETS_FILE).read_bytes()).hexdigest() != self.index.offsets.sha256:
            raise DataError(f"{self.path / OFFSETS_FILE}: {advice}")
        for clip, name in enumerate(self.names):
            digest = hashlib.sha256()
            for frame in range(self.num_frames(clip)):
                digest.update(self._jpeg(clip, frame))
            if digest.hexdigest() != self.sha256(clip):
                raise DataError(f"{self.path / CLIPS_FILE}: clip {name} {advice}")
        with open(self.path / CLIPS_FILE, "rb") as clips:
            if hashlib.file_digest(clips, "sha256").hexdigest() != self.index.clips_zip.sha256:
                raise DataError(f"{self.path / CLIPS_FILE}: {advice}")

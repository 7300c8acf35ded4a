"""Read packed clips: any frame of any clip by two `pread`s and, where it is JPEG, one decode (docs/data.md 1.1).

Safe after fork and in several workers, since `pread` shares no file position; opening takes milliseconds and memory
for the index alone, since the table of offsets stays on disk. Clips lie in one zip or, packed by several jobs, in one a shard.
"""

import hashlib
import operator
import os
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from stylesv.data.clips_file import ClipsFile, OpenFile
from stylesv.data.frame_codec import frame_codec
from stylesv.data.packed_writer import CLIPS_FILE, OFFSETS_FILE
from stylesv.errors import DataError, cannot_be_read
from stylesv.files import file_sha256
from stylesv.records.packed_index import INDEX_FILE, PackedIndex, read_packed_index
from stylesv.records.packed_shards import SHARDS_FILE, PackedShard, read_packed_shards

_OPEN_FILES = 256  # of one reader; a system's usual limit is 1024 a process
_WIDEST_GAP = 4096  # between two frames: the heads of two entries, with names of 400 bytes at most


class PackedClips:
    """Packed clips in a folder that `pack_videos` or `index_shards` made; give the folder or its `index.json`.

    Raises:
        DataError: it is no such folder, the packing is unfinished, or its files do not belong together.
        MachineError: they cannot be opened, though they may be sound.
    """

    def __init__(self, path: Path | str):
        path = Path(path)
        self.path = path.parent if path.name == INDEX_FILE else path
        self.index = read_packed_index(self.path / INDEX_FILE)
        self.resolution = self.index.resolution
        self.names = tuple(clip.name for clip in self.index.clips)
        self.shards = _shards(self.path, self.index)
        self._codec = frame_codec(self.index.settings)
        self._lengths = np.array([clip.num_frames for clip in self.index.clips], np.int64)
        self._files, self._file_of_clip, self._first_frames = self._find_clips()
        self._opened = lru_cache(maxsize=_OPEN_FILES)(OpenFile)
        self._intact = np.zeros(
            -(-int(self._lengths.sum()) // 8), np.uint8
        )  # a bit a frame, its pages taken as they are used

    def _find_clips(self) -> tuple[list[ClipsFile], np.ndarray, np.ndarray]:
        """The zips of frames, in which of them each clip is, and where it begins there; checked against the index."""
        said_by = INDEX_FILE if self.index.format_version == 1 else SHARDS_FILE
        first_frames = np.array([clip.first_frame for clip in self.index.clips], np.int64)
        expected = np.cumsum(self._lengths) - self._lengths
        starts = np.cumsum([0, *(shard.num_frames for shard in self.shards)])
        if not np.array_equal(first_frames, expected) or starts[-1] != self._lengths.sum():
            raise DataError(
                f"{self.path}: {said_by} has {starts[-1]:,} frames where the clips of {INDEX_FILE} have "
                f"{self._lengths.sum():,}, each behind the one before; the files are of different packings: pack the "
                "videos again"
            )
        files = [
            ClipsFile(
                self.path / shard.folder,
                num_frames=shard.num_frames,
                num_bytes=shard.clips_zip.num_bytes,
                said_by=said_by,
            )
            for shard in self.shards
        ]
        file_of_clip = np.searchsorted(starts, first_frames, side="right") - 1
        if (first_frames + self._lengths > starts[file_of_clip + 1]).any():
            raise DataError(f"{self.path}: a clip ends in another shard than it begins in; pack the videos again")
        return files, file_of_clip, first_frames - starts[file_of_clip]

    def __reduce__(self) -> tuple[Any, ...]:
        return PackedClips, (self.path,)

    @property
    def num_clips(self) -> int:
        """How many clips there are."""
        return len(self.names)

    @property
    def num_bytes(self) -> int:
        """Size of the zips of frames."""
        return sum(file.num_bytes for file in self._files)

    def num_frames(self, clip: int | np.integer) -> int:
        """How many frames a clip has."""
        return int(self._lengths[clip])

    def _clip_number(self, clip: int | np.integer) -> int:
        if not 0 <= (number := operator.index(clip)) < self.num_clips:
            raise IndexError(f"clip {clip} of {self.path}: it has clips 0 to {self.num_clips - 1}")
        return number

    def sha256(self, clip: int | np.integer) -> str:
        """SHA-256 of a clip's frames as they were packed."""
        return self.index.clips[clip].sha256

    def label(self, clip: int | np.integer) -> int | None:
        """A clip's class; None where videos have no classes."""
        return self.index.clips[clip].label

    @cached_property
    def digest(self) -> str:
        """SHA-256 over resolution and all frames of all clips: what a network is shown, and nothing else."""
        return self.index.digest

    @property
    def hashes(self) -> dict[str, str]:
        """SHA-256 of the zips of frames and the tables of offsets, by their paths below the folder."""
        found = {}
        for shard in self.shards:
            found[os.path.join(shard.folder, CLIPS_FILE)] = shard.clips_zip.sha256
            found[os.path.join(shard.folder, OFFSETS_FILE)] = shard.offsets.sha256
        return found

    def stored(self, clip: int | np.integer) -> Iterator[bytes]:
        """The frames of a clip as they are stored, one after the other.

        Raises:
            MachineError: they cannot be read.
        """
        file, first = self._files[self._file_of_clip[clip]], self._first_frames[clip]
        opened, offsets = self._opened(file.path), self._opened(file.offsets)
        for offset, size in file.extents(offsets.number, first, self.num_frames(clip)).tolist():
            try:
                yield os.pread(opened.number, size, offset)
            except OSError as error:
                raise cannot_be_read(file.path, error) from error

    def read(
        self,
        clip: int | np.integer,
        frame_indices: Sequence[int | np.integer] | np.ndarray,
        out: UInt8[np.ndarray, "t c h w"] | None = None,
    ) -> UInt8[np.ndarray, "t c h w"]:
        """Frames of a clip, RGB, 0 to 255; into `out`, such as a clip's place in a batch, where that is given.

        Raises:
            DataError: a frame is damaged.
            MachineError: it cannot be read, though it may be sound.
            IndexError: there is no such clip, or it has no such frame.
            TypeError: a number is not whole.
        """
        clip, wanted = self._clip_number(clip), [operator.index(frame) for frame in frame_indices]
        length = self.num_frames(clip)
        for frame in wanted:
            if not 0 <= frame < length:
                raise IndexError(f"frame {frame} of clip {self.names[clip]}: it has frames 0 to {length - 1}")
        frames = np.empty((len(wanted), 3, self.resolution, self.resolution), np.uint8) if out is None else out
        if not wanted:
            return frames
        file, first = self._files[self._file_of_clip[clip]], min(wanted)
        whole_index = self.index.clips[clip].first_frame
        # held, since another thread may crowd them out
        opened, offsets = self._opened(file.path), self._opened(file.offsets)
        begin, end = (int(self._first_frames[clip]) + frame for frame in (first, max(wanted) + 1))
        extents = file.extents(offsets.number, max(begin - 1, 0), end - max(begin - 1, 0)).tolist()
        if begin == 0:
            extents = [[0, 0], *extents]
        for pixels, frame in zip(frames, wanted, strict=True):
            (before, before_size), (offset, size) = extents[frame - first : frame - first + 2]
            gap = offset - before - before_size
            byte, bit = divmod(whole_index + frame, 8)
            known = (
                self._intact[byte] >> bit & 1
            )  # a checksum takes twice as long as reading a raw frame: once a process
            try:
                if not 0 < gap <= _WIDEST_GAP or not 0 <= size <= file.num_bytes:
                    raise ValueError("the table of offsets leads elsewhere")
                self._codec.read_into(pixels, opened.number, offset, size, 0 if known else gap)
                self._intact[byte] |= 1 << bit
            except ValueError as error:
                raise DataError(
                    f"{file.path}: frame {frame} of clip {self.names[clip]} is damaged ({error}); copy the file again "
                    "or pack the videos again"
                ) from error
            except OSError as error:
                raise cannot_be_read(file.path, error) from error
        return frames

    def verify(self) -> None:
        """Read everything and compare it with the hashes in the index.

        Raises:
            DataError: naming the first clip, or the file, that is not what was packed.
        """
        advice = "is not what was packed; copy it again or pack the videos again"
        for shard, file in zip(self.shards, self._files, strict=True):
            if file_sha256(file.offsets) != shard.offsets.sha256:
                raise DataError(f"{file.offsets}: {advice}")
        for clip, name in enumerate(self.names):
            digest = hashlib.sha256()
            for frame in self.stored(clip):
                digest.update(frame)
            if digest.hexdigest() != self.sha256(clip):
                raise DataError(f"{self._files[self._file_of_clip[clip]].path}: clip {name} {advice}")
        for shard, file in zip(self.shards, self._files, strict=True):
            if file_sha256(file.path) != shard.clips_zip.sha256:
                raise DataError(f"{file.path}: {advice}")


def _shards(folder: Path, index: PackedIndex) -> tuple[PackedShard, ...]:
    """Where the clips lie; in one zip beside the index, that is the one shard."""
    if index.format_version == 2:
        return read_packed_shards(folder / SHARDS_FILE).shards
    frames = sum(clip.num_frames for clip in index.clips)
    return (PackedShard(folder="", num_frames=frames, clips_zip=index.clips_zip, offsets=index.offsets),)

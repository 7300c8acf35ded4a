"""Write packed clips: a STORED zip of frames, a table of byte offsets, and an index (docs/data.md 1.1).

Everything is written into `.partial` inside the target folder and renamed when whole, the index last. A folder
without `index.json` is therefore an unfinished packing, and nothing else.
"""

import hashlib
import io
import os
import shutil
import struct
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from stylesv.config.dataset import PackSettings
from stylesv.data.frame_codec import frame_codec
from stylesv.data.stored_zip import StoredZip
from stylesv.errors import ConfigError, MachineError, StyleSVError, machine_trouble
from stylesv.files import lock_folder
from stylesv.records.packed_index import INDEX_FILE, PackedClip, PackedIndex, Packing, SizedFile, WholeFile

CLIPS_FILE, OFFSETS_FILE = "clips.zip", "offsets.npy"
_BLOCK_BYTES = 1 << 16


@contextmanager
def partial_folder(out: Path, *, work: str = "packing") -> Iterator[Path]:
    """A fresh folder `.partial` inside `out`, for one packing (or other `work`) at a time; removed at the end, or by the next.

    Raises:
        DataError: another one is writing there.
        MachineError: the machine is short of something, such as disk space, memory or open files.
    """
    created = not out.exists()
    partial = out / ".partial"
    try:
        out.mkdir(parents=True, exist_ok=True)
        handle = os.open(out, os.O_RDONLY | os.O_DIRECTORY)
        try:
            lock_folder(handle, out, work)
            _remove(partial)
            partial.mkdir()
            try:
                yield partial
            finally:
                _remove(partial)
        finally:
            os.close(handle)
    except StyleSVError:
        raise
    except Exception as error:
        trouble = machine_trouble(error)
        if trouble is None:
            raise
        file = getattr(error, "filename", None)  # what lies beside the folder may be on another disk
        place = out if file is None or Path(file).absolute().is_relative_to(out.absolute()) else file
        raise MachineError(f"{place}: {trouble.what}; nothing was written: {trouble.advice}") from error
    finally:
        if created:
            with suppress(OSError):  # it holds the packing
                out.rmdir()


def require_no_clips(out: Path, *sources: Path, overwrite: bool) -> None:
    """Check, before any work, that packed clips which are to be written would replace no file unasked, and none that is read.

    Raises:
        ConfigError: `out` holds a file of such a name already, or `sources` are among those that would be replaced.
    """
    there = [out / name for name in (CLIPS_FILE, OFFSETS_FILE, INDEX_FILE) if os.path.lexists(out / name)]
    read = [file for file in there for source in sources if source.exists() and file.exists() and file.samefile(source)]
    if read:
        raise ConfigError(f"--out {out}: {read[0]} is to be packed itself; give another folder")
    if there and not overwrite:
        raise ConfigError(
            f"--out {out}: holds {there[0].name} already; give another folder, or --overwrite to replace it"
        )


def _remove(partial: Path) -> None:
    """Remove a folder; one of files alone with a single descriptor, which `rmtree` does not, since there may be no second."""
    with suppress(OSError):
        for name in os.listdir(partial):
            if os.path.isdir(partial / name):
                shutil.rmtree(partial / name, ignore_errors=True)
            else:
                os.unlink(partial / name)
        partial.rmdir()


class PackedWriter:
    """Clips one after another into `partial`; `publish` names them. A context manager.

    Memory grows with the number of clips, not with that of their frames: what is known of those is in files.
    """

    def __init__(self, partial: Path, settings: PackSettings):
        self.partial = partial
        self.clips: list[PackedClip] = []
        self._codec = frame_codec(settings)
        self._num_frames = 0
        with ExitStack() as files:  # one may not open
            self._file = files.enter_context(open(partial / CLIPS_FILE, "wb"))
            self._directory = files.enter_context(open(partial / "directory", "wb+"))
            self._extents = files.enter_context(open(partial / "extents", "wb+"))  # (offset, size) of each frame
            self._files = files.pop_all()
        self._zip = StoredZip(self._file, self._directory)

    def add_clip(
        self,
        frames: Iterable[bytes],
        *,
        name: str,
        source: str,
        first_source_frame: int,
        fps: float | None,
        label: int | None = None,
    ) -> None:
        """Append a clip's encoded frames under its unique name; the rest is for the index."""
        digest, num_frames = hashlib.sha256(), 0
        header, suffix = self._codec.header, self._codec.suffix
        # The published loader takes a clip to be what follows a folder's entry (docs/data.md 2.3).
        self._zip.add_folder(name)
        for frame in frames:
            offset = self._zip.add_file(f"{name}/{num_frames:06d}{suffix}", header, frame) + len(header)
            self._extents.write(struct.pack("<qq", offset, len(frame)))
            digest.update(frame)
            num_frames += 1
        self.clips.append(
            PackedClip(
                name=name,
                source=source,
                first_source_frame=first_source_frame,
                fps=fps,
                first_frame=self._num_frames,
                num_frames=num_frames,
                sha256=digest.hexdigest(),
                label=label,
            )
        )
        self._num_frames += num_frames

    def publish(self, out: Path, packing: Packing) -> PackedIndex:
        """Finish all three files, then give them their names in `out`; the index, as returned, comes last."""
        self._zip.finish()
        _flush_to_disk(self._file)
        index = PackedIndex(
            **dict(packing),
            format="stylesv-packed-clips",
            format_version=1,
            clips=tuple(self.clips),
            num_frames=self._num_frames,
            clips_zip=SizedFile(num_bytes=self._zip.num_bytes, sha256=self._zip.sha256.hexdigest()),
            offsets=WholeFile(sha256=self._write_offsets()),
        )
        with open(self.partial / INDEX_FILE, "w", encoding="utf-8") as file:
            file.write(index.text())
            _flush_to_disk(file)
        (out / INDEX_FILE).unlink(missing_ok=True)  # an old index must not stand beside new clips
        for name in (CLIPS_FILE, OFFSETS_FILE, INDEX_FILE):
            os.replace(self.partial / name, out / name)
        return index

    def _write_offsets(self) -> str:
        """The table of offsets as `np.save` writes it, block by block; its SHA-256."""
        header = io.BytesIO()
        values = {"descr": "<i8", "fortran_order": False, "shape": (self._num_frames, 2)}
        np.lib.format.write_array_header_1_0(header, values)
        digest = hashlib.sha256(header.getbuffer())
        self._extents.seek(0)
        with open(self.partial / OFFSETS_FILE, "wb") as offsets:
            offsets.write(header.getbuffer())
            while block := self._extents.read(_BLOCK_BYTES):
                offsets.write(block)
                digest.update(block)
            _flush_to_disk(offsets)
        return digest.hexdigest()

    def __enter__(self) -> "PackedWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._files.close()
        except OSError:  # on a full disk there may be something left to write
            if error is None:
                raise


def _flush_to_disk(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())

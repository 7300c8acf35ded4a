"""Write packed clips: a STORED zip of JPEG frames, a table of byte offsets, and an index (docs/data.md 1.1).

Everything is written into `.partial` inside the target folder and renamed when whole, the index last. A folder
without `index.json` is therefore an unfinished packing, and nothing else.
"""

import fcntl
import hashlib
import io
import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from stylesv.errors import DataError, MachineError, StyleSVError, machine_trouble
from stylesv.records.packed_index import INDEX_FILE, PackedClip, PackedIndex, Packing, SizedFile, WholeFile

CLIPS_FILE, OFFSETS_FILE = "clips.zip", "offsets.npy"


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
            _lock(handle, out, work)
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
        raise MachineError(f"{out}: {trouble.what}; nothing was written: {trouble.advice}") from error
    finally:
        if created:
            with suppress(OSError):  # it holds the packing
                out.rmdir()


def _remove(partial: Path) -> None:
    """Remove a folder; one of files alone with a single descriptor, which `rmtree` does not, since there may be no second."""
    with suppress(OSError):
        for name in os.listdir(partial):
            if os.path.isdir(partial / name):
                shutil.rmtree(partial / name, ignore_errors=True)
            else:
                os.unlink(partial / name)
        partial.rmdir()


def _lock(handle: int, out: Path, work: str) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise DataError(f"{out}: another {work} is writing here; wait for it or give another --out") from error
    except OSError:
        return  # a file system without locks on folders, such as some NFS


class PackedWriter:
    """Clips one after another into `partial`; `publish` names them. A context manager."""

    def __init__(self, partial: Path):
        self.partial = partial
        self.clips: list[PackedClip] = []
        self._extents: list[np.ndarray] = []  # (offset, size) of each frame
        self._num_frames = 0
        self._file = open(partial / CLIPS_FILE, "wb+")  # noqa: SIM115 (closed by __exit__)
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_STORED)

    def add_clip(
        self,
        jpegs: Iterable[bytes],
        *,
        name: str,
        source: str,
        first_source_frame: int,
        fps: float | None,
        label: int | None = None,
    ) -> None:
        """Append a clip's frames under its unique name; the rest is for the index."""
        digest, extents = hashlib.sha256(), []
        # The published loader takes a clip to be what follows a folder's entry (docs/data.md 2.3).
        self._zip.writestr(_fixed_info(f"{name}/", 0o40755), b"")
        for frame, jpeg in enumerate(jpegs):
            self._zip.writestr(_fixed_info(f"{name}/{frame:06d}.jpg", 0o100644), jpeg)
            extents.append((self._file.tell() - len(jpeg), len(jpeg)))
            digest.update(jpeg)
        self._extents.append(np.array(extents, np.int64).reshape(-1, 2))
        self.clips.append(
            PackedClip(
                name=name,
                source=source,
                first_source_frame=first_source_frame,
                fps=fps,
                first_frame=self._num_frames,
                num_frames=len(extents),
                sha256=digest.hexdigest(),
                label=label,
            )
        )
        self._num_frames += len(extents)

    def publish(self, out: Path, packing: Packing) -> PackedIndex:
        """Finish all three files, then give them their names in `out`; the index, as returned, comes last."""
        self._zip.close()
        _flush_to_disk(self._file)
        self._file.seek(0)
        clips_sha256 = hashlib.file_digest(self._file, "sha256").hexdigest()
        table = io.BytesIO()  # written to a file by itself, np.save hides that the disk is full
        np.save(table, np.concatenate([np.empty((0, 2), np.int64), *self._extents]))
        with open(self.partial / OFFSETS_FILE, "wb") as offsets:
            offsets.write(table.getbuffer())
            _flush_to_disk(offsets)
        index = PackedIndex(
            **dict(packing),
            format="stylesv-packed-clips",
            format_version=1,
            clips=tuple(self.clips),
            num_frames=self._num_frames,
            clips_zip=SizedFile(num_bytes=os.path.getsize(self.partial / CLIPS_FILE), sha256=clips_sha256),
            offsets=WholeFile(sha256=hashlib.sha256(table.getbuffer()).hexdigest()),
        )
        with open(self.partial / INDEX_FILE, "w", encoding="utf-8") as file:
            file.write(index.text())
            _flush_to_disk(file)
        (out / INDEX_FILE).unlink(missing_ok=True)  # an old index must not stand beside new clips
        for name in (CLIPS_FILE, OFFSETS_FILE, INDEX_FILE):
            os.replace(self.partial / name, out / name)
        return index

    def __enter__(self) -> "PackedWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self._zip.fp = None  # or it would write its table of contents, on a disk that may be full
            self._zip.close()
        try:
            self._file.close()
        except OSError:
            if error is None:
                raise


def _fixed_info(name: str, mode: int) -> zipfile.ZipInfo:
    """An entry without time or owner, so that the same frames make the same zip."""
    info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    info.create_system = 3  # Unix
    info.external_attr = mode << 16 | (0x10 if name.endswith("/") else 0)
    return info


def _flush_to_disk(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())

"""Packed clips on the scratch disk of the node that reads them, copied there once for all jobs.

Training reads single frames in random order, which a disk in the node does far faster than a file system that many
nodes share.
"""

import hashlib
import os
import shutil
from pathlib import Path

from filelock import FileLock

from stylesv.data.packed import PackedClips
from stylesv.errors import DataError, MachineError
from stylesv.files import file_sha256
from stylesv.records.packed_index import INDEX_FILE
from stylesv.records.packed_shards import SHARDS_FILE

_BLOCK_BYTES = 16 << 20
_SPARE = 1.05  # of what is copied must be free


def stage_packed_clips(data: Path, scratch: Path | None) -> tuple[Path, str | None]:
    """The folder to read packed clips from, a copy below `scratch` if one is named, and what was done, in one line.

    The first job on a node copies, under a lock, and compares with the hashes in the index; later ones find the copy and
    compare it, too: a disk's fault would else end every job that reads it, and one that is not of it is copied again.
    Where the scratch disk cannot be used the clips are read where they are, and the line says why.

    Raises:
        DataError: the clips are not what was packed.
    """
    if scratch is None:
        return data, None
    packed = PackedClips(data)
    hashes = packed.hashes
    copy = scratch / "stylesv" / packed.index.sha256[:16] / packed.path.name
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(copy.parent / f"{copy.name}.lock")
        with lock:
            found = _is_whole(copy, packed.path)
        line = f"packed clips: read from {copy}, copied there before"
        if found and _is_as_packed(copy, hashes):  # without the lock, so that jobs that begin together do not queue
            return copy, line
        with lock:
            if _is_whole(copy, packed.path) and (not found or _is_as_packed(copy, hashes)):  # copied meanwhile
                return copy, line
            num_bytes = sum((packed.path / name).stat().st_size for name in hashes)
            free_bytes = shutil.disk_usage(copy.parent).free
            if free_bytes < _SPARE * num_bytes:
                reason = f"{scratch} has {free_bytes / 1e9:.1f} GB free, {num_bytes / 1e9:.1f} GB are needed"
                return data, f"packed clips: read from {data}, since {reason}"
            _copy(packed.path, copy, hashes)
    except (OSError, MachineError) as error:
        reason = getattr(error, "strerror", None) or error
        return data, f"packed clips: read from {data}, since {scratch} cannot be used ({reason})"
    return copy, f"packed clips: copied to {copy} ({num_bytes / 1e9:.1f} GB) and read from there"


def _is_as_packed(copy: Path, hashes: dict[str, str]) -> bool:
    return all(file_sha256(copy / name) == expected for name, expected in hashes.items())


def _is_whole(copy: Path, original: Path) -> bool:
    """Whether a copy is there, for the index as it is now.

    A copy that cannot be read for want of something is not taken for a damaged one: other jobs may be reading it.
    """
    try:
        PackedClips(copy)
        return (copy / INDEX_FILE).read_bytes() == (original / INDEX_FILE).read_bytes()
    except (DataError, FileNotFoundError):
        return False


def _copy(original: Path, copy: Path, hashes: dict[str, str]) -> None:
    """Copy all files beside `copy`, and give the folder its name when all are right."""
    partial = copy.with_name(f".{copy.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(copy, ignore_errors=True)
    partial.mkdir()
    try:
        for name, expected in hashes.items():
            (partial / name).parent.mkdir(parents=True, exist_ok=True)
            if _copy_and_hash(original / name, partial / name) != expected:
                raise DataError(f"{original / name}: is not what was packed; copy it again or pack the videos again")
        if (original / SHARDS_FILE).exists():
            shutil.copyfile(original / SHARDS_FILE, partial / SHARDS_FILE)
        shutil.copyfile(original / INDEX_FILE, partial / INDEX_FILE)
        os.replace(partial, copy)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _copy_and_hash(source: Path, target: Path) -> str:
    digest = hashlib.sha256()
    with open(source, "rb") as read, open(target, "wb") as written:
        while block := read.read(_BLOCK_BYTES):
            digest.update(block)
            written.write(block)
    return digest.hexdigest()

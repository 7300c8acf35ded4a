"""Packed clips on the scratch disk of the node that reads them, copied there once for all jobs.

Training reads single frames in random order, which a disk in the node does far faster than a file system that many
nodes share.
"""

import hashlib
import os
import shutil
import time
from pathlib import Path

from filelock import FileLock

from stylesv.data.packed import PackedClips
from stylesv.errors import DataError, MachineError
from stylesv.files import file_sha256
from stylesv.records.packed_index import INDEX_FILE
from stylesv.records.packed_shards import SHARDS_FILE

_BLOCK_BYTES = 16 << 20
_SPARE = 1.05  # of what is copied must be free
_COMPARED_EVERY_S = 3600


def stage_packed_clips(data: Path, scratch: Path | None) -> tuple[Path, str | None]:
    """The folder to read packed clips from, a copy below `scratch` if one is named, and what was done, in one line.

    The first job on a node copies, under a lock, and compares with the hashes in the index. Later ones compare the copy, too,
    once an hour: a fault of the disk would else end every job that reads it. A copy that differs is made again, and jobs that
    are reading it may go on. Where the scratch disk cannot be used the clips are read where they are, and the line says why.

    Raises:
        DataError: the clips are not what was packed.
    """
    if scratch is None:
        return data, None
    packed = PackedClips(data)
    hashes = packed.hashes
    copy = scratch / "stylesv" / packed.index.sha256[:16] / packed.path.name
    compared = copy.with_name(f".{copy.name}.compared")
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(copy.parent / f"{copy.name}.lock"):
            if _is_whole(copy, packed.path) and (_is_recent(compared) or _is_as_packed(copy, hashes)):
                compared.touch()
                return copy, f"packed clips: read from {copy}, copied there before"
            num_bytes = sum((packed.path / name).stat().st_size for name in hashes)
            for room in (0, _bytes_of(copy)):  # it is deleted first only where there is no room beside it
                free_bytes = shutil.disk_usage(copy.parent).free
                if free_bytes + room >= _SPARE * num_bytes:
                    break
            else:
                reason = f"{scratch} has {free_bytes / 1e9:.1f} GB free, {num_bytes / 1e9:.1f} GB are needed"
                return data, f"packed clips: read from {data}, since {reason}"
            if room:
                shutil.rmtree(copy)
            _copy(packed.path, copy, hashes)
            compared.touch()
    except (OSError, MachineError) as error:
        reason = getattr(error, "strerror", None) or error
        return data, f"packed clips: read from {data}, since {scratch} cannot be used ({reason})"
    return copy, f"packed clips: copied to {copy} ({num_bytes / 1e9:.1f} GB) and read from there"


def _is_recent(compared: Path) -> bool:
    """Whether a copy was compared within the hour, such as by another process of the same job."""
    return compared.exists() and 0 <= time.time() - compared.stat().st_mtime < _COMPARED_EVERY_S


def _bytes_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


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
    partial, gone = (copy.with_name(f".{copy.name}.{what}") for what in ("partial", "gone"))
    for left in (partial, gone):
        shutil.rmtree(left, ignore_errors=True)
    partial.mkdir()
    try:
        for name, expected in hashes.items():
            (partial / name).parent.mkdir(parents=True, exist_ok=True)
            if _copy_and_hash(original / name, partial / name) != expected:
                raise DataError(f"{original / name}: is not what was packed; copy it again or pack the videos again")
        if (original / SHARDS_FILE).exists():
            shutil.copyfile(original / SHARDS_FILE, partial / SHARDS_FILE)
        shutil.copyfile(original / INDEX_FILE, partial / INDEX_FILE)
        if copy.exists():
            os.replace(copy, gone)  # whose files stay for those that have them open
        os.replace(partial, copy)
    finally:
        for left in (partial, gone):
            shutil.rmtree(left, ignore_errors=True)


def _copy_and_hash(source: Path, target: Path) -> str:
    digest = hashlib.sha256()
    with open(source, "rb") as read, open(target, "wb") as written:
        while block := read.read(_BLOCK_BYTES):
            digest.update(block)
            written.write(block)
    return digest.hexdigest()

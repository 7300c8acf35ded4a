"""Files written whole or not at all, and the small readers that must not import torch."""

import errno
import fcntl
import functools
import hashlib
import json
import math
import os
import re
import socket
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from stylesv.errors import CheckpointError, DataError, MachineError, machine_trouble

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # which reading does not say, so they are of what is written
PARTIAL = r"\.(?:([0-9a-f]{8})\.)?([0-9]+)\.partial"
"""What follows a file's name, after a dot before it, while it is being written: a regular expression, of machine and process."""
_OLD_SECONDS = 24 * 3600  # no file is being written that has not grown for so long


def project_of(file: Path) -> Path:
    """The project in whose `results` folder a file lies, as records do that name others from there.

    Raises:
        DataError: it lies in none.
    """
    for folder in Path(file).absolute().parents:
        if folder.name == "results":
            return folder.parent
    raise DataError(f"{file}: lies in no folder `results`, from which it names other files; give it at its place there")


def canonical_json(values: Any) -> str:
    """JSON with sorted keys and no spaces: the same text for the same values."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def readable_json(values: Any) -> str:
    """JSON for people to read, in the order of the values; ends with a line break."""
    return json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def load_json(text: str) -> Any:
    """JSON as the standard has it: Python's own reader also takes NaN, Infinity and 1e999.

    Raises:
        ValueError: it is not JSON, or a number is not finite.
    """

    def refuse(number: str) -> float:
        raise ValueError(f"{number} is not a finite number")

    def finite(number: str) -> float:
        return value if math.isfinite(value := float(number)) else refuse(number)

    return json.loads(text, parse_float=finite, parse_constant=refuse)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that its name only ever holds the whole content, also after a crash or on a full disk.

    Raises:
        MachineError: it cannot be written; an earlier file of that name is intact and nothing else is left.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial_file(path) as partial, open(partial, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        trouble = machine_trouble(error)
        advice = "allow writing, then run again" if trouble is None else trouble.advice
        raise MachineError(
            f"{path}: could not be written ({error.strerror}; {len(content):,} bytes needed); "
            f"what was there before is untouched: {advice}"
        ) from error


@contextmanager
def partial_file(path: Path) -> Iterator[Path]:
    """A name beside `path` to write to, which becomes `path` at the end; after an error nothing of it is left.

    What a writer of the same file left when it was killed is removed: a process of this machine that runs no more, or one
    of another machine on the same disk when its file has not grown for a day. A writer that is at work keeps its own.

    An `OSError` of writing, which names this name or none, names `path`.
    """
    partial = path.with_name(f".{path.name}.{_machine()}.{os.getpid()}.partial")
    try:
        partial.touch()
        _remove_left_behind(path, partial)
        yield partial
        os.replace(partial, path)
    except OSError as error:
        named = f"{error.filename} {error.filename2}"  # of a copy the first is what is read
        if (error.errno in _NO_ROOM and error.filename is None) or partial.name in named:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    finally:
        partial.unlink(missing_ok=True)


@functools.cache
def _machine() -> str:
    """8 hex digits for where a process number means the same process: the machine, and the container if it is in one."""
    try:
        numbering = os.readlink("/proc/self/ns/pid")
    except OSError:
        numbering = ""
    return hashlib.sha256(f"{socket.gethostname()} {numbering}".encode()).hexdigest()[:8]


def _remove_left_behind(path: Path, partial: Path) -> None:
    start = f".{path.name}"
    for name in [name for name in os.listdir(path.parent) if name.startswith(start) and name != partial.name]:
        found = re.fullmatch(PARTIAL, name.removeprefix(start))
        if found is None:
            continue
        with suppress(OSError):  # another writer may have removed it, or finished
            other = path.with_name(name)
            ended = found[1] == _machine() and not _runs(int(found[2]))
            age_seconds = partial.stat().st_mtime - other.stat().st_mtime  # by the disk's own clock
            if ended or age_seconds > _OLD_SECONDS:
                other.unlink()


def lock_folder(handle: int, out: Path, work: str) -> None:
    """Lock an open folder in which `out` is made by some `work`, until it is closed.

    Raises:
        DataError: another process has locked it.
    """
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise DataError(f"{out}: another {work} is writing here; wait for it or give another --out") from error
    except OSError:
        return  # a file system without locks on folders, such as some NFS


def remove_files(folder: Path, name: str) -> None:
    """Remove the files in a folder, and in folders in it, whose names match a regular expression; and what is empty then.

    For work that is kept meanwhile in a folder which a person may name: whatever else lies there stays. Links are not followed.
    """
    folder = Path(folder)
    if folder.is_symlink() or not folder.is_dir():
        return
    removed = False
    with suppress(OSError):  # another process removes the same; what is left does no harm
        for entry in list(folder.iterdir()):
            if entry.is_dir() and not entry.is_symlink():
                remove_files(entry, name)
                removed |= not entry.exists()
            elif re.fullmatch(name, entry.name):
                entry.unlink(missing_ok=True)
                removed = True
        if removed and not any(folder.iterdir()):
            folder.rmdir()


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # someone else's
        return True
    return True


def write_text(path: Path, content: str) -> None:
    """`write_bytes` of UTF-8 text."""
    write_bytes(path, content.encode())


def read_header(path: Path) -> dict[str, Any]:
    """The JSON header of a tensor file (`stylesv.checkpoint`), without reading tensors or checking their hash.

    Raises:
        CheckpointError: the file is missing or is not one of this project's.
    """
    try:
        require_file(path)
        with open(path, "rb") as file:
            (size,) = struct.unpack("<Q", file.read(8))
            if size > 100_000_000:
                raise ValueError("its header has an impossible size")
            header = json.loads(json.loads(file.read(size))["__metadata__"]["header"])
        if not isinstance(header, dict):
            raise ValueError(f"its header is a {type(header).__name__}")
        return header
    except FileNotFoundError as error:
        raise CheckpointError(f"{path}: no such file") from error
    except (ValueError, KeyError, TypeError, RecursionError, struct.error) as error:
        raise CheckpointError(f"{path}: damaged or not a file of this project ({error}); remake it") from error


def require_file(path: Path) -> None:
    """Stop before a pipe is waited for, or a device read without end.

    Raises:
        DataError: it is a pipe, a device or a socket.
        OSError: there is nothing.
    """
    mode = os.stat(path).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # opening a folder says so by itself
        raise DataError(f"{path}: is a pipe, a device or a socket, and may have no end; give a file")


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, 64 hex digits."""
    require_file(path)
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

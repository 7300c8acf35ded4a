"""The raw videos as part of a data recipe: names and sizes, not paths and times.

A moved or copied folder keeps its key; an added, removed or replaced video changes it.
"""

import hashlib
import os
from pathlib import Path

from stylesv.errors import DataError


def fingerprint_videos(path: Path) -> str:
    """First 16 hex digits of the SHA-256 over the sorted names and sizes of a folder's entries, or a zip's name and size.

    A folder inside counts with its name, the number of its entries, and the first and last of their names, so that a
    million frames are not looked at one by one.

    Raises:
        DataError: there is no such folder or file, it cannot be read, or it is empty.
    """
    path = Path(path)
    try:
        if path.is_file():
            lines = [f"{path.name} {path.stat().st_size}"]
        elif path.is_dir():
            lines = sorted(_describe(entry) for entry in os.scandir(path) if not entry.name.startswith("."))
        else:
            raise DataError(f"{path}: no such folder or zip; give a folder or zip of videos: --config videos=PATH")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    if not lines:
        raise DataError(f"{path}: the folder is empty; a folder or zip of video files or of frame folders is expected")
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _describe(entry: os.DirEntry) -> str:
    if not entry.is_dir():
        return f"{entry.name} {entry.stat().st_size}"
    inside = sorted(os.listdir(entry.path))
    return f"{entry.name}/ {len(inside)} {inside[:1]} {inside[-1:]}"

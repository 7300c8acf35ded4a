"""Where videos come from: a folder or zip of films or of frame folders, or one film.

Different from the published loader on purpose (docs/data.md 2.3): frames belong together because they lie in one folder,
whether or not a zip has entries for folders, and each folder is sorted by the numbers in its own frame names.
"""

import functools
import hashlib
import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from stylesv.errors import DataError

FILM_SUFFIXES = frozenset(
    f".{kind}" for kind in ("mp4", "mov", "m4v", "mkv", "webm", "avi", "mpg", "mpeg", "m2v", "ts", "mts", "m2ts")
) | frozenset(f".{kind}" for kind in ("wmv", "flv", "ogv", "3gp", "gif"))
FRAME_SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"))
_WHAT_IS_ALLOWED = "a folder or .zip of films (.mp4, .mov, .mkv, .webm, .avi, ...) or of folders of .jpg or .png frames"


@dataclass(frozen=True)
class VideoSource:
    """One film, or one folder of frames.

    `name` is the path below the root, printable; `members` are paths below the root, one for a film, in order of time
    for frames; `root` is a folder or, if `zipped`, a zip file.
    """

    name: str
    kind: Literal["film", "frames"]
    root: Path
    members: tuple[str, ...]
    zipped: bool

    def read(self, member: str) -> bytes:
        """A member's content.

        Raises:
            DataError: the member of a zip is damaged or encrypted.
        """
        if not self.zipped:
            return (self.root / member).read_bytes()
        try:
            return open_archive(self.root).read(member)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
            raise DataError(f"{self.root}: {member}: cannot be unpacked ({error})") from error

    def sha256(self) -> str:
        """SHA-256 of a film's bytes; of names, sizes and bytes for frames."""
        digest = hashlib.sha256()
        for member in self.members:
            if self.kind == "frames":
                content = self.read(member)
                digest.update(f"{PurePosixPath(member).name}\0{len(content)}\0".encode(errors="surrogateescape"))
                digest.update(content)
            elif self.zipped:
                digest.update(self.read(member))
            else:
                with open(self.root / member, "rb") as film:
                    digest = hashlib.file_digest(film, "sha256")
        return digest.hexdigest()


@functools.lru_cache(maxsize=1)
def open_archive(path: Path) -> zipfile.ZipFile:
    """The zip, opened once a process: the table of a million frames takes seconds to read (docs/data.md 1.2)."""
    return zipfile.ZipFile(path)


def close_archive() -> None:
    """Forget the zip that `open_archive` keeps; call it when a packing is over."""
    if open_archive.cache_info().currsize:
        open_archive.cache_clear()


def find_sources(videos: Path) -> tuple[list[VideoSource], list[str]]:
    """The films and frame folders below `videos`, sorted by name, and the names of files that are neither.

    Hidden files and folders are passed over. In a folder that holds films, pictures are neither (they are thumbnails).

    Raises:
        DataError: there is nothing at `videos`, or nothing that can be used.
    """
    videos = Path(videos)
    if not videos.exists():
        raise DataError(f"{videos}: no such file or folder; give {_WHAT_IS_ALLOWED}")
    zipped = videos.is_file() and zipfile.is_zipfile(videos)
    root = videos
    if videos.is_dir():
        names = _names_below(videos)
    elif zipped:
        names = sorted({info.filename for info in open_archive(videos).infolist() if not info.is_dir()})
    elif videos.suffix.lower() in FILM_SUFFIXES:
        root, names = videos.parent, [videos.name]
    else:
        raise DataError(f"{videos}: neither a folder nor a zip nor a film; give {_WHAT_IS_ALLOWED}")
    names = [name for name in names if not _hidden(name)]
    sources, others = _group(names, root, zipped)
    if not sources:
        held = f"holds {len(others)} files, such as {others[0]}, but no videos" if others else "is empty"
        raise DataError(f"{videos}: {held}; give {_WHAT_IS_ALLOWED}")
    return sources, others


def _names_below(root: Path) -> list[str]:
    """Paths of all files below a folder, links to folders included, loops not."""
    names, seen = [], set()

    def refuse(error: OSError) -> None:
        raise DataError(
            f"{error.filename}: cannot be read ({error.strerror}); allow reading or leave it out"
        ) from error

    for folder, subfolders, files in os.walk(root, onerror=refuse, followlinks=True):
        seen.add(os.path.realpath(folder))
        subfolders[:] = [sub for sub in subfolders if os.path.realpath(os.path.join(folder, sub)) not in seen]
        names += [Path(folder, file).relative_to(root).as_posix() for file in files]
    return names


def _hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def _group(names: list[str], root: Path, zipped: bool) -> tuple[list[VideoSource], list[str]]:
    folders: dict[str, list[str]] = {}
    films, others = [], []
    for name in names:
        suffix = PurePosixPath(name).suffix.lower()
        if suffix in FILM_SUFFIXES:
            films.append(name)
        elif suffix in FRAME_SUFFIXES:
            folders.setdefault(str(PurePosixPath(name).parent), []).append(name)
        else:
            others.append(name)
    for folder in {str(PurePosixPath(name).parent) for name in films}:
        others += folders.pop(folder, [])
    sources = [VideoSource(printable(name), "film", root, (name,), zipped) for name in films]
    sources += [
        VideoSource(printable(folder), "frames", root, tuple(sorted(frames, key=_by_numbers)), zipped)
        for folder, frames in folders.items()
    ]
    return sorted(sources, key=lambda source: source.name), sorted(printable(name) for name in others)


def _by_numbers(name: str) -> tuple[list[tuple[int, str]], str]:
    """Order of frames in a folder: runs of digits count as numbers, so that 10.jpg comes after 9.jpg."""
    parts = re.split(r"([0-9]+)", PurePosixPath(name).stem)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts if part], name


def printable(name: str) -> str:
    """The name as text that can be printed and stored, also where it is not UTF-8."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")

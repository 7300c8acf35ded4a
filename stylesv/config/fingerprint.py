"""Which files a folder or zip of videos holds, and how they stand in a data recipe: by names and sizes, not paths and times.

A moved or copied folder keeps its key; an added, removed or replaced video changes it, however deep it lies. Packing
starts from the same list (`stylesv.data.video_sources`), so that what it would pack is what the key knows.
"""

import errno
import hashlib
import os
import posixpath
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from stylesv.errors import DataError, cannot_be_read, machine_trouble, printable

FILM_SUFFIXES = frozenset(
    f".{kind}" for kind in ("mp4", "mov", "m4v", "mkv", "webm", "avi", "mpg", "mpeg", "m2v", "ts", "mts", "m2ts")
) | frozenset(f".{kind}" for kind in ("wmv", "flv", "ogv", "3gp", "gif"))
FRAME_SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"))
LABEL_FILE = "dataset.json"  # as published archives call it
_WHAT_IS_ALLOWED = "a folder or .zip of films (.mp4, .mov, .mkv, .webm, .avi, ...) or of folders of .jpg or .png frames"
_VIDEO_SUFFIXES = FILM_SUFFIXES | FRAME_SUFFIXES
_NOWHERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)  # what a link that leads nowhere says when it is followed
_DAMAGED_ZIP = (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OverflowError, struct.error)
_LARGE_MEMBER_BYTES, _MOST_TIMES = 256 << 20, 50  # of a zip's member, unpacked, and of its size in the zip
_ZIP_END_BYTES = 66_000  # a zip's last record and its longest comment: where it is told from other files


@dataclass(frozen=True)
class VideoFiles:
    """The files of a folder or zip by what they are; their names are paths below `root`, which is a zip if `zipped`."""

    root: Path
    zipped: bool
    films: tuple[str, ...]
    frames: dict[str, tuple[str, ...]]  # pictures, not yet in the order of time, by the folder they lie in
    others: tuple[str, ...]  # neither; hidden ones are not named at all
    sizes: dict[str, int | None]  # bytes of films and frames; None for a link that leads nowhere, 0 for others


def list_video_files(videos: Path) -> VideoFiles:
    """What lies below a folder to all depths, in a zip, or one film.

    Hidden files and folders are passed over, links are followed. In a folder that holds films, pictures are neither film
    nor frame (they are thumbnails).

    Raises:
        DataError: there is nothing at `videos`, or nothing that can be used.
        MachineError: a file or folder cannot be looked at.
    """
    videos = Path(videos)
    root, zipped = videos, False
    facts = _look_at(videos)
    if stat.S_ISDIR(facts.st_mode):
        sizes = _files_below(videos)
    elif stat.S_ISREG(facts.st_mode) and (table := _zip_table(videos)) is not None:
        sizes, zipped = {name: size for name, size in table.items() if not _hidden(name)}, True
    elif stat.S_ISREG(facts.st_mode) and videos.suffix.lower() in FILM_SUFFIXES:
        root, sizes = videos.parent, {videos.name: facts.st_size}
    else:
        raise DataError(f"{videos}: neither a folder nor a zip nor a film; give {_WHAT_IS_ALLOWED}")
    films, frames, others = _sort_out(sizes)
    if not films and not frames:
        held = f"holds {len(others)} files, such as {printable(min(others))}, but no videos" if others else "is empty"
        raise DataError(f"{videos}: {held}; give {_WHAT_IS_ALLOWED}")
    return VideoFiles(root, zipped, films, frames, others, sizes)


@dataclass(frozen=True)
class KnownVideos:
    """What is known of videos without opening them: what they are known again by, and their bytes in all."""

    fingerprint: str
    num_bytes: int


def fingerprint_videos(path: Path, *, with_labels: bool = False) -> str:
    """First 16 hex digits of the SHA-256 over the sorted names and sizes of all films and frames at `path`.

    Names are those below the folder or in the zip, so that a zip counts as what it unpacks to. What packing passes over or
    merely lists as ignored is not in it; `with_labels` the list of classes is, whole.

    Raises:
        DataError, MachineError: as `list_video_files` and `read_label_file`.
    """
    return known_videos(path, with_labels=with_labels).fingerprint


def known_videos(path: Path, *, with_labels: bool = False) -> KnownVideos:
    """`fingerprint_videos`, and the bytes of all films and frames."""
    found = list_video_files(path)
    names = [*found.films, *(name for frames in found.frames.values() for name in frames)]
    lines = sorted(f"{name} {'leads nowhere' if found.sizes[name] is None else found.sizes[name]}" for name in names)
    if with_labels:
        lines.append(hashlib.sha256(read_label_file(path)[1]).hexdigest())
    fingerprint = hashlib.sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()[:16]
    return KnownVideos(fingerprint, sum(found.sizes[name] or 0 for name in names))


def read_label_file(videos: Path) -> tuple[str, bytes]:
    """The list of classes that lies beside or above the videos, `dataset.json`: where it is, and its content.

    Raises:
        DataError: there is none, or more than one.
        MachineError: it cannot be read, though it may be sound.
    """
    found = list_video_files(videos)
    names = [name for name in found.others if posixpath.basename(name) == LABEL_FILE]
    if len(names) != 1:
        trouble = f"holds {len(names)} files {LABEL_FILE}" if names else f"holds no {LABEL_FILE}"
        raise DataError(f"{videos}: {trouble}; labels: dataset_json needs one, which lists the class of every video")
    where = Path(videos) / names[0]
    try:
        if found.zipped:
            with open_zip(found.root) as archive:
                require_honest_size(archive.getinfo(names[0]))
                return printable(where), archive.read(names[0])
        return printable(where), where.read_bytes()
    except (*_DAMAGED_ZIP, zlib.error, RuntimeError) as error:
        raise DataError(f"{printable(where)}: cannot be unpacked ({error}); pack the zip again") from error
    except OSError as error:
        raise cannot_be_read(where, error) from error


def _look_at(videos: Path) -> os.stat_result:
    try:
        return os.stat(videos)
    except OSError as error:
        if error.errno in _NOWHERE:
            raise DataError(f"{videos}: no such file or folder; give {_WHAT_IS_ALLOWED}") from error
        raise cannot_be_read(videos, error) from error


def _files_below(root: Path) -> dict[str, int | None]:
    """Sizes of all files below a folder by their paths below it; links to folders are followed, but not in a circle."""
    sizes: dict[str, int | None] = {}
    waiting = [("", frozenset([_identity(root)]))]  # folders, and those that each lies in
    while waiting:
        prefix, above = waiting.pop()
        folder = os.path.join(root, prefix)
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if _is_hidden(entry.name):
                        continue
                    name = prefix + entry.name
                    if not _leads_to_folder(entry):
                        sizes[name] = _size(entry) if _suffix(name) in _VIDEO_SUFFIXES else 0
                    elif (identity := _identity(entry.path)) not in above:
                        waiting.append((f"{name}/", above | {identity}))
        except OSError as error:
            raise cannot_be_read(Path(error.filename or folder), error) from error
    return sizes


def _identity(folder: Path | str) -> tuple[int, int]:
    facts = os.stat(folder)
    return facts.st_dev, facts.st_ino


def _leads_to_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError as error:
        if error.errno in _NOWHERE:
            return False
        raise


def _size(entry: os.DirEntry[str]) -> int | None:
    try:
        return entry.stat().st_size
    except OSError as error:
        if error.errno in _NOWHERE:
            return None
        raise


def _zip_table(path: Path) -> dict[str, int | None] | None:
    """Sizes, once unpacked, of a zip's files by name; None if it is no zip.

    Raises:
        DataError: it is a damaged one.
        MachineError: it cannot be read, which `zipfile` alone would take for another kind of file.
    """
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _ZIP_END_BYTES))
            file.read()
            if not zipfile.is_zipfile(file):
                return None
            with open_zip(file) as archive:
                return {info.filename: info.file_size for info in archive.infolist() if not info.is_dir()}
    except _DAMAGED_ZIP as error:
        if isinstance(error.__context__, OSError) and machine_trouble(error.__context__):
            raise cannot_be_read(path, error.__context__) from error
        raise DataError(f"{path}: is a damaged zip ({error}); mend it or pack it again") from error
    except OSError as error:
        raise cannot_be_read(path, error) from error


def open_zip(file: Path | BinaryIO) -> zipfile.ZipFile:
    """A zip for reading, whose members are named by paths also where the program that made it wrote backslashes.

    As unzip does: where no name has a slash, backslashes stand for it.
    """
    archive = zipfile.ZipFile(file)
    if not any("/" in info.filename for info in archive.infolist()):
        for info in archive.infolist():
            info.filename = info.filename.replace("\\", "/")
            archive.NameToInfo[info.filename] = info
    return archive


def require_honest_size(info: zipfile.ZipInfo) -> None:
    """Stop before a member of a zip fills the disk or the memory; `zipfile` reads no more than the size that its table has.

    Raises:
        DataError: it is large, and so small in the zip that it is no film and no picture.
    """
    if info.file_size > _LARGE_MEMBER_BYTES and info.file_size > _MOST_TIMES * max(info.compress_size, 1):
        raise DataError(
            f"would unpack to {info.file_size / 1e9:.1f} GB from {info.compress_size / 1e6:.1f} MB, more than {_MOST_TIMES} "
            "times as much, as no film and no picture does"
        )


def _is_hidden(part: str) -> bool:
    return part.startswith(".") or part == "__MACOSX"


def _hidden(name: str) -> bool:
    return any(_is_hidden(part) for part in name.split("/") if part not in ("", "."))


def _sort_out(names: Iterable[str]) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Films, frames by folder, and others."""
    films, others = [], []
    frames: dict[str, list[str]] = {}
    for name in names:
        if _suffix(name) in FILM_SUFFIXES:
            films.append(name)
        elif _suffix(name) in FRAME_SUFFIXES:
            frames.setdefault(_folder(name), []).append(name)
        else:
            others.append(name)
    for folder in {_folder(name) for name in films}:
        others += frames.pop(folder, [])
    return tuple(films), {folder: tuple(pictures) for folder, pictures in frames.items()}, tuple(others)


def _suffix(name: str) -> str:
    return posixpath.splitext(name)[1].lower()


def _folder(name: str) -> str:
    return posixpath.normpath(posixpath.dirname(name) or ".")

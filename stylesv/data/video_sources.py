"""Where videos come from: a folder or zip of films or of frame folders, or one film.

Different from the published loader on purpose (docs/data.md 2.3): frames belong together because they lie in one folder,
whether or not a zip has entries for folders, and each folder is sorted by the numbers in its own frame names.
"""

import functools
import hashlib
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal

from stylesv.config.fingerprint import VideoFiles, list_video_files, open_zip, require_honest_size
from stylesv.data.damage import describe_damage, open_video
from stylesv.errors import DataError, cannot_be_read, printable

_BLOCK_BYTES = 1 << 16
_BROKEN_MEMBER = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    RuntimeError,
    EOFError,
    ValueError,
    OSError,
    MemoryError,
)


@dataclass(frozen=True)
class VideoSource:
    """One film, or one folder of frames.

    `name` is the path below the root, printable; `members` are paths below the root, one for a film, in order of time
    for frames; `root` is a folder or, if `zipped`, a zip file; `dangling` are the members that are links to nowhere;
    `num_bytes` are those of all members, which decide how the work is shared and nothing else.
    """

    name: str
    kind: Literal["film", "frames"]
    root: Path
    members: tuple[str, ...]
    zipped: bool
    dangling: frozenset[str] = frozenset()
    num_bytes: int = 0

    def open(self, member: str) -> BinaryIO:
        """A member that is a file of its own, open for reading.

        Raises:
            DataError: it is a link that leads nowhere, or a pipe or the like.
            MachineError: it cannot be opened.
        """
        if member in self.dangling:
            raise DataError("is a link that leads nowhere")
        return open_video(self.root / member)

    def read(self, member: str) -> bytes:
        """A member's content.

        Raises:
            DataError: a member of a zip is damaged or encrypted, or as `open`; without its name, as it may stand in an index.
            MachineError: it cannot be read, though it may be sound.
        """
        if self.zipped:
            return b"".join(self._unpacked(member))
        with self.open(member) as file:
            try:
                return file.read()
            except OSError as error:
                raise cannot_be_read(self.root / member, error) from error

    def unpack(self, member: str, target: Path) -> None:
        """A member of a zip as a file, block by block.

        Raises:
            DataError, MachineError: as `read`.
            OSError: the file cannot be written.
        """
        with open(target, "wb") as file:
            for block in self._unpacked(member):
                file.write(block)

    def _unpacked(self, member: str) -> Iterator[bytes]:
        try:
            archive = open_archive(self.root)
        except (OSError, zipfile.BadZipFile, ValueError) as error:  # it was a zip when it was listed
            raise cannot_be_read(self.root, error) from error
        require_honest_size(archive.getinfo(member))
        try:
            with archive.open(member) as file:
                while block := file.read(_BLOCK_BYTES):
                    yield block
        except _BROKEN_MEMBER as error:
            raise DataError(f"cannot be unpacked ({describe_damage(error, self.root / member)})") from error

    def sha256(self) -> str:
        """SHA-256 of a film's bytes; of names, sizes and bytes for frames.

        Raises:
            DataError, MachineError: as `read`.
        """
        digest = hashlib.sha256()
        for member in self.members:
            if self.kind == "frames":
                content = self.read(member)
                digest.update(f"{PurePosixPath(member).name}\0{len(content)}\0".encode(errors="surrogateescape"))
                digest.update(content)
            elif self.zipped:
                for block in self._unpacked(member):
                    digest.update(block)
            else:
                with self.open(member) as film:
                    try:
                        digest = hashlib.file_digest(film, "sha256")
                    except OSError as error:
                        raise cannot_be_read(self.root / member, error) from error
        return digest.hexdigest()


@functools.lru_cache(maxsize=1)
def open_archive(path: Path) -> zipfile.ZipFile:
    """The zip, opened once a process: the table of a million frames takes seconds to read (docs/data.md 1.2)."""
    return open_zip(path)


def close_archive() -> None:
    """Forget the zip that `open_archive` keeps; call it when a packing is over."""
    if open_archive.cache_info().currsize:
        open_archive.cache_clear()


def find_sources(videos: Path) -> tuple[list[VideoSource], list[str]]:
    """The films and frame folders below `videos`, sorted by name, and the names of files that are neither.

    Raises:
        DataError: there is nothing at `videos`, or nothing that can be used.
        MachineError: a file or folder cannot be looked at.
    """
    found = list_video_files(videos)
    sources = [_source(found, film, "film", (film,)) for film in found.films]
    sources += [_source(found, folder, "frames", in_order_of_time(frames)) for folder, frames in found.frames.items()]
    return sorted(sources, key=lambda source: (source.name, source.members)), sorted(map(printable, found.others))


def _source(found: VideoFiles, name: str, kind: Literal["film", "frames"], members: tuple[str, ...]) -> VideoSource:
    dangling = frozenset(member for member in members if found.sizes[member] is None)
    num_bytes = sum(found.sizes[member] or 0 for member in members)
    return VideoSource(printable(name), kind, found.root, members, found.zipped, dangling, num_bytes)


def in_order_of_time(frames: Iterable[str]) -> tuple[str, ...]:
    """The frames of a folder by the numbers in their names: whole names that are numbers, of any sign, by their value."""
    stems = {name: PurePosixPath(name).stem for name in frames}
    found = [re.fullmatch(r"-?[0-9]+(?:\.([0-9]+))?", stem) for stem in stems.values()]
    fractions = [match[1] for match in found if match and match[1]]
    # 1.9 and 1.10 are two numbers each: nobody ends a fraction with a zero, unless all have as many digits
    two_numbers = len(set(map(len, fractions))) > 1 and any(fraction.endswith("0") for fraction in fractions)
    if all(found) and not two_numbers:
        return tuple(sorted(stems, key=lambda name: (Decimal(stems[name]), name)))
    return tuple(sorted(stems, key=_by_numbers))


def _by_numbers(name: str) -> tuple[list[tuple[int, str]], str]:
    """Order of frames in a folder: runs of digits count as numbers, so that 10.jpg comes after 9.jpg."""
    parts = re.split(r"([0-9]+)", PurePosixPath(name).stem)
    return [(int(part), "") if part.isdecimal() and part.isascii() else (-1, part) for part in parts if part], name

"""An archive from its address, or from parts that are joined: verified by hash where one is known, and opened to see its kind."""

import glob
import os
import shutil
import zipfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from stylesv.errors import StyleSVError, cannot_be_read
from stylesv.fetching.transfer import Patience, transfer
from stylesv.files import file_sha256, partial_file, write_text

_KINDS = {b"\x1f\x8b": "a gzip", b"7z\xbc\xaf": "a 7z archive", b"Rar!": "a RAR archive", b"BZh": "a bzip2 file"}
_TAR_MARK = slice(257, 262)  # where a tar has the word ustar


@dataclass(frozen=True)
class FoundFile:
    """What was fetched; `verified` if its hash was known before."""

    sha256: str
    num_bytes: int
    verified: bool


def fetch_part(
    address: str,
    out: Path,
    *,
    sha256: str | None,
    patience: Patience = Patience(),  # noqa: B008
) -> FoundFile:
    """Fetch a file, or take it from this disk, unless it is there; without a known hash its own is found.

    A broken transfer stays as `out` with .part behind it, and the next call goes on from there. An `address` without ://
    is a file here, and with * or ? several, which are joined in the order of their names.

    Raises:
        StyleSVError: as `transfer`; there is no such file; or the hash is another, and what was fetched is deleted.
    """
    out = Path(out)
    if out.exists():
        found = file_sha256(out)
        if sha256 not in (None, found):
            raise StyleSVError(f"{out}: has SHA-256 {found}, expected {sha256}; delete it to fetch it again")
        return FoundFile(found, out.stat().st_size, verified=sha256 is not None)
    # Snakemake deletes outputs of a job that was killed, also whole ones: a second name keeps what was fetched
    part, mark = out.with_name(f"{out.name}.part"), out.with_name(f"{out.name}.whole")
    found = _whole(part, mark)
    if found is None:
        mark.unlink(missing_ok=True)
        if "://" in address:
            transfer(address, part, patience=patience)
        else:
            part.parent.mkdir(parents=True, exist_ok=True)
            _take(address, part)
        found = file_sha256(part)
    if sha256 not in (None, found):
        part.unlink()
        mark.unlink(missing_ok=True)
        raise StyleSVError(
            f"{address}: has SHA-256 {found}, expected {sha256}; it was deleted: run again to fetch it again, or mend "
            "sha256 or the address in the settings"
        )
    num_bytes = part.stat().st_size
    write_text(mark, f"{found} {num_bytes}\n")
    try:
        os.link(part, out)
    except OSError:  # a disk that knows no second names
        os.replace(part, out)
    return FoundFile(found, num_bytes, verified=sha256 is not None)


def _whole(part: Path, mark: Path) -> str | None:
    """SHA-256 of a part that was found whole before, if it is still as it was then."""
    if not (part.exists() and mark.exists()):
        return None
    sha256, _, num_bytes = mark.read_text().strip().partition(" ")
    return sha256 if num_bytes == str(part.stat().st_size) else None


def join_parts(parts: list[Path], out: Path) -> None:
    """The parts one behind the other as one file, which must be a zip.

    Raises:
        StyleSVError: it is none, or one that ends too early.
    """
    out = Path(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with partial_file(out) as partial:
        _join(parts, partial)
        require_zip(partial, name=out)


def require_zip(file: Path, *, name: Path | str | None = None) -> None:
    """Stop unless the file is a zip with a whole table of contents.

    Raises:
        StyleSVError: it is another kind of file, or breaks off.
    """
    name = name or file
    try:
        with open(file, "rb") as opened:
            start = opened.read(512)
        with zipfile.ZipFile(file):
            return
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OverflowError) as error:
        if start.startswith(b"PK"):
            raise StyleSVError(
                f"{name}: begins as a zip but has no whole table at its end ({error}): it breaks off, or its last part is "
                "missing; fetch it again"
            ) from error
        kind = next((kind for mark, kind in _KINDS.items() if start.startswith(mark)), None)
        kind = "a tar" if start[_TAR_MARK] == b"ustar" else kind or f"no archive (it begins with {start[:8]!r})"
        raise StyleSVError(f"{name}: is {kind}, not a zip; make a zip of it, and name that") from error
    except OSError as error:
        raise cannot_be_read(Path(name), error) from error


def _take(address: str, part: Path) -> None:
    """A file of this disk as `part`: a second name of it where that can be, else a copy; several files joined."""
    names = sorted(glob.glob(address)) if any(mark in address for mark in "*?") else [address]
    if not names or not all(Path(name).is_file() for name in names):
        raise StyleSVError(f"{address}: no such file; put it there, or name its address")
    _require_no_gap(names)
    part.unlink(missing_ok=True)
    if len(names) > 1:
        _join([Path(name) for name in names], part)
        return
    try:
        os.link(names[0], part)
    except OSError:  # another disk, or one that knows no second names
        shutil.copyfile(names[0], part)


def _require_no_gap(names: list[str]) -> None:
    """Parts as `split` names them, aa, ab, ac or 00, 01, 02, follow each other."""
    stems = [Path(name).name for name in names]
    for before, after in pairwise(stems):
        wanted = _next_name(before)
        if len(before) == len(after) and after != wanted and _next_name(wanted) <= after:
            raise StyleSVError(f"{names[0]}: part {wanted} is missing between {before} and {after}; fetch it, too")
    first = stems[0]
    if len(stems) > 1 and not (first.endswith(("aa", "00", "01")) or first[-1] in "a01"):
        raise StyleSVError(f"{names[0]}: is not the first part; fetch those before it, too")


def _next_name(name: str) -> str:
    """The name that `split` gives behind this one: its last letter or digit counted on."""
    last, rest = name[-1:], name[:-1]
    if last in ("z", "9"):
        return _next_name(rest) + ("a" if last == "z" else "0")
    return rest + chr(ord(last) + 1) if last else ""


def _join(parts: list[Path], out: Path) -> None:
    with open(out, "wb") as joined:
        for part in parts:
            with open(part, "rb") as file:
                shutil.copyfileobj(file, joined, 1 << 24)

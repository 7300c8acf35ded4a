"""An archive from its address, or from parts that are joined: verified by hash where one is known, and opened to see its kind."""

import os
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stylesv.errors import MachineError, StyleSVError, cannot_be_read
from stylesv.fetching.local_parts import files_at
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
    check: Callable[[Path], object] = lambda file: None,
    patience: Patience = Patience(),  # noqa: B008
) -> FoundFile:
    """Fetch a file, or copy it from this disk, unless it is there; without a known hash its own is found.

    A broken transfer stays as `out` with .part behind it, and the next call goes on from there. An `address` without ://
    is a file here, and with * or ? several, which are joined in the order that they are counted in. `check` raises a
    StyleSVError for a file that is not what it is to be.

    Raises:
        StyleSVError: as `transfer` and `check`; there is no such file; or the hash is another. What was fetched is deleted.
    """
    out = Path(out)
    if out.exists():
        found = file_sha256(out)
        if sha256 not in (None, found):
            raise StyleSVError(f"{out}: has SHA-256 {found}, expected {sha256}; delete it to fetch it again")
        check(out)
        return FoundFile(found, out.stat().st_size, verified=sha256 is not None)
    out.parent.mkdir(parents=True, exist_ok=True)
    if "://" not in address:
        return _copied(address, out, sha256, check)
    # Snakemake deletes outputs of a job that was killed, also whole ones: a second name keeps what was fetched
    part, mark = out.with_name(f"{out.name}.part"), out.with_name(f"{out.name}.whole")
    found = _whole(part, mark)
    if found is None:
        mark.unlink(missing_ok=True)
        if part.is_symlink() or (part.exists() and part.stat().st_nlink > 1):
            part.unlink()  # its bytes are someone else's, too, and are not written over
        transfer(address, part, patience=patience)
        found = file_sha256(part)
    try:
        _require_hash(
            address, found, sha256, "it was deleted: run again to fetch it again, or mend sha256 or the address"
        )
        _check(part, address, check)
    except MachineError:
        raise
    except StyleSVError:
        part.unlink()
        mark.unlink(missing_ok=True)
        raise
    num_bytes = part.stat().st_size
    write_text(mark, f"{found} {num_bytes}\n")
    try:
        os.link(part, out)
    except OSError:  # a disk that knows no second names
        os.replace(part, out)
    return FoundFile(found, num_bytes, verified=sha256 is not None)


def _copied(address: str, out: Path, sha256: str | None, check: Callable[[Path], object]) -> FoundFile:
    """A file of this disk, or several joined, as a file of its own, so that no change of the one changes the other."""
    with partial_file(out) as partial:
        _join(files_at(address), partial)
        found = file_sha256(partial)
        _require_hash(address, found, sha256, "mend sha256 or the address in the settings, or put the right file there")
        _check(partial, address, check)
        return FoundFile(found, partial.stat().st_size, verified=sha256 is not None)


def _check(file: Path, address: str, check: Callable[[Path], object]) -> None:
    """`check` of a file that has not its name yet: called in its message as the user knows it."""
    try:
        check(file)
    except StyleSVError as error:
        raise type(error)(str(error).replace(str(file), address)) from error


def _require_hash(address: str, found: str, sha256: str | None, advice: str) -> None:
    if sha256 not in (None, found):
        raise StyleSVError(f"{address}: has SHA-256 {found}, expected {sha256}; {advice}")


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
        try:
            require_zip(partial, name=out)
        except MachineError:
            raise
        except StyleSVError as error:
            raise StyleSVError(
                f"{error} (a part comes again once it is deleted in {Path(parts[0]).parent}, with its .part)"
            ) from error


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


def _join(parts: list[Path], out: Path) -> None:
    with open(out, "wb") as joined:
        for part in parts:
            with open(part, "rb") as file:
                shutil.copyfileobj(file, joined, 1 << 24)

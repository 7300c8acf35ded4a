"""A file from its address: resumed where it broke off, and kept only under the hash it must have."""

import http.client
import os
import urllib.error
import urllib.request
from pathlib import Path

from stylesv.errors import StyleSVError
from stylesv.files import file_sha256

_TIMEOUT_SECONDS = 60
_PIECE_BYTES = 1 << 20


def fetch_file(url: str | None, out: Path, *, sha256: str | None) -> str:
    """Fetch `url` to `out`, unless a file of that hash is there; its SHA-256.

    A broken transfer stays as `out` with .part behind it, and the next call goes on from there. Nobody has published
    the hashes of the papers' detectors, so a file without an expected hash is kept as .part and its hash is named: who
    trusts it writes that hash into the settings, and the next call takes the file as it is.

    Raises:
        StyleSVError: there is no address, the transfer fails, the hash is another, or none is expected.
    """
    out = Path(out)
    part = out.with_name(out.name + ".part")
    if out.exists():
        return _require(out, sha256, "delete it to fetch it again")
    if not (part.exists() and sha256 is not None and file_sha256(part) == sha256):
        if url is None:
            raise StyleSVError(f"{out.name}: has no address (url is null); put the file to {out} by hand")
        _download(url, part)
    try:
        found = _require(part, sha256, "it was deleted; fetch it again, or mend sha256 or the address in the settings")
    except StyleSVError:
        if sha256 is not None:
            part.unlink()
        raise
    os.replace(part, out)
    return found


def _require(file: Path, sha256: str | None, advice: str) -> str:
    found = file_sha256(file)
    if sha256 is None:
        raise StyleSVError(
            f"{file}: is there and has SHA-256 {found}, but none is expected (sha256 is null, for want of a "
            "published one); if you trust the file, set sha256 (protocol.detector.sha256) to it and run again"
        )
    if found != sha256:
        raise StyleSVError(f"{file}: has SHA-256 {found}, expected {sha256}; {advice}")
    return found


def _download(url: str, part: Path) -> None:
    """Append what is missing of `url` to `part`; a server that cannot resume sends it all, over what there was."""
    part.parent.mkdir(parents=True, exist_ok=True)
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
            resumed = getattr(answer, "status", None) == 206
            length = answer.headers.get("Content-Length")
            expected = None if length is None else int(length) + (have if resumed else 0)
            with open(part, "ab" if resumed else "wb") as file:
                while piece := answer.read(_PIECE_BYTES):
                    file.write(piece)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and have:  # nothing is missing: the hash decides
            return
        raise StyleSVError(f"{url}: {error.code} {error.reason}; put the file there by hand, or mend url") from error
    except (OSError, urllib.error.URLError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise StyleSVError(
            f"{url}: cannot be fetched ({reason}); run again to go on from {have:,} bytes, or put the file to "
            f"{part.with_suffix('')} by hand"
        ) from error
    size = part.stat().st_size
    if expected is not None and size < expected:
        raise StyleSVError(f"{url}: broke off after {size:,} of {expected:,} bytes; run again to go on from there")

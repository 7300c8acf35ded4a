"""A file from its address: resumed where it broke off, and kept only under the hash it must have."""

import os
from pathlib import Path

from stylesv.errors import StyleSVError
from stylesv.fetching.transfer import Patience, transfer
from stylesv.files import file_sha256


def fetch_file(
    url: str | None,
    out: Path,
    *,
    sha256: str | None,
    setting: str = "protocol.detector.sha256",
    kept: Path | None = None,
    patience: Patience = Patience(),  # noqa: B008
) -> str:
    """Fetch `url` to `out`, unless a file of that hash is there; its SHA-256.

    A broken transfer stays as `out` with .part behind it, and the next call goes on from there. Nobody has published
    the hashes of the papers' detectors and checkpoints, so a file without an expected hash is kept as .part and its hash
    is named: who trusts it writes that hash into the settings (`setting`), and the next call takes the file as it is, also
    from `kept`, where a call that had to go by its address has left it.

    Raises:
        StyleSVError: there is no address, the transfer fails, the hash is another, or none is expected.
    """
    out = Path(out)
    part = out.with_name(out.name + ".part")
    if out.exists():
        return _require(out, sha256, "delete it to fetch it again", setting)
    if kept is not None and kept != part and kept.exists() and sha256 is not None and file_sha256(kept) == sha256:
        os.replace(kept, part)
    if not (part.exists() and sha256 is not None and file_sha256(part) == sha256):
        if url is None:
            raise StyleSVError(f"{out.name}: has no address (url is null); put the file to {out} by hand")
        transfer(url, part, patience=patience)
    try:
        advice = "it was deleted; fetch it again, or mend sha256 or the address in the settings"
        found = _require(part, sha256, advice, setting)
    except StyleSVError:
        if sha256 is not None:
            part.unlink()
        raise
    os.replace(part, out)
    return found


def _require(file: Path, sha256: str | None, advice: str, setting: str) -> str:
    found = file_sha256(file)
    if sha256 is None:
        raise StyleSVError(
            f"{file}: is there and has SHA-256 {found}, but none is expected (sha256 is null, for want of a "
            f"published one); if you trust the file, set sha256 ({setting}) to it and run again"
        )
    if found != sha256:
        raise StyleSVError(f"{file}: has SHA-256 {found}, expected {sha256}; {advice}")
    return found

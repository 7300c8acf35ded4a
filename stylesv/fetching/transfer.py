"""The bytes behind an address into a file: resumed by range, tried again with growing pauses, with the time left in the log.

pooch does not resume, and gdown resumes at Google Drive alone; the standard library's client is enough for this.
"""

import fcntl
import http.client
import os
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

from stylesv.errors import MachineError, StyleSVError
from stylesv.fetching.connection import Answer, Client
from stylesv.fetching.pages import describe_page, is_page

_PIECE_BYTES = 1 << 20
_PAGE_BYTES = 1 << 20  # of a page, enough to tell what it is
_TRANSIENT = (408, 425, 429, 500, 502, 503, 504)
_GONE = (404, 410)
_AGENT = "Mozilla/5.0 (stylesv)"  # some servers refuse Python's own name


@dataclass(frozen=True)
class Patience:
    """How long a transfer that gets nowhere is tried again; every piece that comes starts the count anew."""

    tries: int = 8
    first_pause_seconds: float = 1.0
    longest_pause_seconds: float = 300.0
    timeout_seconds: float = 60.0
    slow_seconds: float = 600.0
    """A server that sends fewer than `slow_bytes` in so long is not waited for: it might send the rest of a file for years."""
    slow_bytes: int = 1 << 20
    sleep: Callable[[float], None] = time.sleep

    def pause(self, failures: int, wanted: str | None) -> None:
        """Wait after a number of failures in a row: twice as long each time, or as the server asks."""
        seconds = self.first_pause_seconds * 2 ** (failures - 1)
        if wanted is not None and wanted.isdecimal():
            seconds = max(seconds, int(wanted))
        self.sleep(min(seconds, self.longest_pause_seconds))


class _TryAgainError(Exception):
    def __init__(self, reason: str, pause: str | None = None):
        super().__init__(reason)
        self.pause = pause


class _TooSlowError(_TryAgainError):
    """What came is kept, but does not count as getting somewhere."""


def transfer(url: str, part: Path, *, patience: Patience = Patience()) -> None:
    """Append what is missing of `url` to `part`, until it is whole.

    A server that cannot resume, or whose file is another by now (ETag, Last-Modified), sends it all, over what there was.

    Raises:
        StyleSVError: the address is wrong, gone or closed, answers with a page, or gets nowhere for `patience.tries` times;
            or another process is fetching `part`. What has come so far stays in `part`.
    """
    part = Path(part)
    part.parent.mkdir(parents=True, exist_ok=True)
    with open(part, "ab", buffering=0) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StyleSVError(f"{part}: another process is fetching it; wait for it, or end it") from error
        validator = part.with_name(f"{part.name}.validator")
        failures, log = 0, _Progress(url)
        while True:
            before = file.seek(0, os.SEEK_END)
            try:
                _attempt(url, file, validator, patience, log)
                validator.unlink(missing_ok=True)
                return
            except _TryAgainError as error:
                have = file.seek(0, os.SEEK_END)
                failures = 1 if have > before and not isinstance(error, _TooSlowError) else failures + 1
                if failures >= patience.tries:
                    raise StyleSVError(
                        f"{url}: cannot be fetched ({error}; tried {patience.tries} times); run again to go on from {have:,} "
                        f"bytes, or put the file to {part.with_suffix('')} by hand"
                    ) from error
                print(f"{url}: {error}; trying again from {have:,} bytes", file=sys.stderr, flush=True)
                patience.pause(failures, error.pause)


def _attempt(url: str, file: BinaryIO, validator: Path, patience: Patience, log: "_Progress", hops: int = 0) -> None:
    have = file.seek(0, os.SEEK_END)
    headers = {"User-Agent": _AGENT, "Accept-Encoding": "identity"}
    known = validator.read_text() if have and validator.exists() else ""
    if have:
        headers |= {"Range": f"bytes={have}-"} | ({"If-Range": known} if known else {})
    with Client(patience.timeout_seconds) as client:
        try:
            answer = client.open(urllib.request.Request(url, headers=headers))
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 416 and have and _total(error.headers) in (have, None):  # nothing is missing
                    return
                _refused(url, error, file, client)
        except (OSError, http.client.HTTPException) as error:
            raise _TryAgainError(str(getattr(error, "reason", None) or error)) from error
        except ValueError as error:
            raise StyleSVError(f"{url}: is no address ({error}); mend it in the settings") from error
        with answer:
            goes_on_at = _take(url, answer, file, validator, patience, log, client, hops)
    if goes_on_at is not None:
        _attempt(goes_on_at, file, validator, patience, log, hops + 1)


def _take(
    url: str,
    answer: http.client.HTTPResponse,
    file: BinaryIO,
    validator: Path,
    patience: Patience,
    log: "_Progress",
    client: Client,
    hops: int,
) -> str | None:
    """Append what comes; or the address that a page in its place leads to."""
    have = file.seek(0, os.SEEK_END)
    try:
        piece = client.read1(answer, _PIECE_BYTES)
        resumed = have > 0 and getattr(answer, "status", None) == 206
        if resumed and not (answer.headers.get("Content-Range") or "").startswith(f"bytes {have}-"):
            raise _TryAgainError("the server sent another range than was asked for")
        if not resumed and is_page(piece, answer.headers.get("Content-Type")):
            page = describe_page(answer.geturl(), piece + _page(answer, client))
            if page.goes_on_at is None or hops > 3:
                raise StyleSVError(f"{url}: is no file: the server sent {page.what}; {page.advice}")
            return page.goes_on_at
        if not resumed:
            file.truncate(0)
            have = 0
            etag = answer.headers.get("ETag") or ""
            strong = etag if etag and not etag.startswith("W/") else answer.headers.get("Last-Modified") or ""
            validator.write_text(strong)
        length = answer.headers.get("Content-Length")
        total = None if length is None else int(length) + have
        began, begun_at = time.monotonic(), have
        while piece:
            _write(file, piece)
            have += len(piece)
            log.show(have, total)
            if (now := time.monotonic()) - began > patience.slow_seconds:
                if have - begun_at < patience.slow_bytes:
                    raise _TooSlowError(f"the server sent {have - begun_at:,} bytes in {now - began:.0f} s")
                began, begun_at = now, have
            piece = client.read1(answer, _PIECE_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise _TryAgainError(str(error) or type(error).__name__) from error
    if total is not None and have < total:
        raise _TryAgainError(f"broke off after {have:,} of {total:,} bytes")
    return None


def _write(file: BinaryIO, piece: bytes) -> None:
    """What this disk refuses is no fault of the network, and is not tried again."""
    left = memoryview(piece)
    try:
        while left:
            left = left[file.write(left) :]
    except OSError as error:
        raise MachineError(
            f"{file.name}: could not be written ({error.strerror}); make space or allow writing, then run again to go on"
        ) from error


def _page(answer: Answer, client: Client) -> bytes:
    """The rest of a page, or what comes of it in the time of one read."""
    content, end = b"", time.monotonic() + client.seconds
    while len(content) < _PAGE_BYTES and time.monotonic() < end and (piece := client.read1(answer, _PAGE_BYTES)):
        content += piece
    return content


def _refused(url: str, error: urllib.error.HTTPError, file: BinaryIO, client: Client) -> NoReturn:
    """An answer that is an error: worth another try, or not."""
    said = f"{error.code} {error.reason}"
    if error.code in _TRANSIENT:
        raise _TryAgainError(said, error.headers.get("Retry-After")) from error
    if error.code == 416:
        file.truncate(0)  # there is more than the server has: another file
        raise _TryAgainError("the server's file is shorter than what was fetched before") from error
    content = b""
    with suppress(OSError, http.client.HTTPException):
        content = _page(error, client)
    page = describe_page(url, content) if is_page(content, error.headers.get("Content-Type")) else None
    if page is not None and not page.what.startswith("a web page"):
        raise StyleSVError(f"{url}: {said}: the server sent {page.what}; {page.advice}") from error
    advice = "put the file there by hand, or mend url" if error.code in _GONE else "fetch the file by hand, or mend url"
    raise StyleSVError(f"{url}: {said}; {advice}") from error


def _total(headers: http.client.HTTPMessage) -> int | None:
    """All of a file's bytes, as an answer of 416 says."""
    found = re.fullmatch(r"bytes \*/(\d+)", headers.get("Content-Range") or "")
    return int(found[1]) if found else None


class _Progress:
    """A line every ten seconds: how much has come, how fast, and the time left."""

    def __init__(self, url: str, every_seconds: float = 10.0):
        self.url, self.every = url, every_seconds
        self.shown = self.began = time.monotonic()
        self.first: int | None = None

    def show(self, have: int, total: int | None) -> None:
        now = time.monotonic()
        self.first = have if self.first is None or have < self.first else self.first
        if now - self.shown < self.every:
            return
        self.shown = now
        rate = (have - self.first) / (now - self.began)
        left = f", {_duration((total - have) / rate)} left" if total and rate > 0 else ""
        of = f" of {total / 1e6:,.1f}" if total else ""
        print(f"{self.url}: {have / 1e6:,.1f}{of} MB, {rate / 1e6:.2f} MB/s{left}", file=sys.stderr, flush=True)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"

"""Films of a table of clips, fetched one by one with yt-dlp; what cannot be had is written down with the reason."""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av

from stylesv.data.decoding import DEMUXERS, VideoFacts, decode_film
from stylesv.errors import MachineError, StyleSVError, one_line
from stylesv.files import file_sha256
from stylesv.records.ledger import FilmRow, FilmStatus

_REFUSALS_IN_A_ROW = 5  # then a server is not asked for the rest
_UNFINISHED = (".part", ".ytdl", ".temp")
# what yt-dlp says, by what it means; the first that fits
_MEANINGS: tuple[tuple[FilmStatus, str], ...] = (
    ("private", r"private video|video is private|members[- ]only"),
    ("private", r"join this channel|this channel's members|requires payment"),
    (
        "blocked",
        r"not a bot|sign in to confirm|not available on this app|captcha|unusual traffic|HTTP Error 4(03|29|51)",
    ),
    ("blocked", r"too many requests|your country|your location|geo.?restrict|log ?in|account cookies"),
    (
        "gone",
        r"unavailable|removed|terminated|no longer available|does not exist|deleted|HTTP Error 4(04|10)|not found",
    ),
)
# what yt-dlp says of this machine and its connection; no film's fault, and the next one would end likewise
_MACHINE = (
    r"no space left|disk quota|read-only file system|permission denied|too many open files|cannot allocate memory"
    r"|input/output error|name or service not known|name resolution|nodename nor servname|network is (unreachable|down)"
    r"|no route to host|ff(mpeg|probe)\b.*\bnot (found|installed)"
)


def fetch_films(
    ids: Sequence[str], *, films: str, film_format: str, folder: Path, known: Sequence[FilmRow] = ()
) -> list[FilmRow]:
    """Each film that is not in `folder` yet is fetched; a row for each, in the order of `ids`.

    `films` is an address with {id} in it, or without :// the path of a user's own. `known` are rows of an earlier call:
    films that were ok there and have the hash of then stay; one that is another by now is looked at anew.

    Raises:
        StyleSVError: yt-dlp is not installed.
        MachineError: the disk is full, there is no network, or the like; films that were fetched stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = {row.id: row for row in known}
    rows: list[FilmRow] = []
    for name in ids:
        row = before.get(name)
        if row is None or not _is_as_it_was(row, folder):
            if [each.status for each in rows[-_REFUSALS_IN_A_ROW:]] == ["blocked"] * _REFUSALS_IN_A_ROW:
                reason = f"not asked for: {_REFUSALS_IN_A_ROW} films before it were refused, one after the other"
                row = FilmRow(id=name, status="blocked", reason=reason)
            else:
                row = _film(name, films.replace("{id}", name), film_format, folder)
        print(f"{name}: {row.status}{f': {row.reason}' if row.reason else ''}", file=sys.stderr, flush=True)
        rows.append(row)
    return rows


def film_file(row: FilmRow, folder: Path) -> Path:
    """The file of a film that is there."""
    return _file_of(row, folder)


def status_of(said: str) -> FilmStatus:
    """What a message of yt-dlp means for a film."""
    return next((status for status, words in _MEANINGS if re.search(words, said, re.I)), "failed")


def _is_as_it_was(row: FilmRow, folder: Path) -> bool:
    path = _file_of(row, folder)
    return row.status == "ok" and path.is_file() and file_sha256(path) == row.sha256


def _file_of(row: FilmRow, folder: Path) -> Path:
    return folder / (row.file or "")


def _film(name: str, address: str, film_format: str, folder: Path) -> FilmRow:
    if "://" not in address:
        if not Path(address).is_file():
            return FilmRow(id=name, status="gone", reason=f"there is no {address}")
        return _looked_at(name, Path(address).absolute(), str(Path(address).absolute()))
    file = _finished(name, folder)
    if file is None:
        said = _download(name, address, film_format, folder)
        if said is not None:
            return FilmRow(id=name, status=status_of(said), reason=said)
        file = _finished(name, folder)
        if file is None:
            return FilmRow(id=name, status="failed", reason="yt-dlp left no file")
    return _looked_at(name, file, file.name)


def _finished(name: str, folder: Path) -> Path | None:
    """The film's file; yt-dlp gives it its name when it is whole."""
    found = [file for file in folder.glob(f"{name}.*") if file.stem == name and file.suffix not in _UNFINISHED]
    return min(found, default=None)


def _download(name: str, address: str, film_format: str, folder: Path) -> str | None:
    """Fetch one film; the message, if it cannot be had."""
    try:
        from yt_dlp import YoutubeDL
        from yt_dlp.utils import YoutubeDLError
    except ImportError as error:
        raise StyleSVError(
            "films are fetched with yt-dlp, which is not installed: pip install -e '.[films]'"
        ) from error
    options: dict[str, Any] = {
        "format": film_format,
        "outtmpl": {"default": f"{folder}/{name}.%(ext)s".replace("%", "%%").replace("%%(ext)s", "%(ext)s")},
        "logger": _Log(),
        "noprogress": True,
        "noplaylist": True,
        "continuedl": True,
        "retries": 8,
        "extractor_retries": 3,
        "retry_sleep_functions": dict.fromkeys(("http", "extractor", "fragment"), lambda n: min(2**n, 300)),
        "socket_timeout": 60,
        "fixup": "never",  # the decoder reads films as they come
        "updatetime": False,
        "cachedir": False,
        "cookiefile": os.environ.get("STYLESV_COOKIES"),  # a secret, so in no settings file
    }
    try:
        with YoutubeDL(options) as client:
            client.download([address])
    except YoutubeDLError as error:
        said = re.sub(r"\x1b\[[0-9;]*m", "", one_line(error)).removeprefix("ERROR: ")
        if re.search(_MACHINE, said, re.I):
            raise MachineError(f"{address}: {said[:300]}; mend that, then run again to go on from there") from error
        return re.sub(r"; please report this issue.*| Use --cookies.*", "", said)[:300]
    return None


class _Log:
    """yt-dlp's messages, without its progress; errors come as exceptions."""

    def debug(self, message: str) -> None:
        pass

    def warning(self, message: str) -> None:
        print(message, file=sys.stderr, flush=True)

    def error(self, message: str) -> None:
        pass


def _looked_at(name: str, path: Path, file: str) -> FilmRow:
    """A film that is there: its size as displayed, rate and length, or that it is none."""
    facts = VideoFacts()
    frames = decode_film(path, facts)
    first = next(frames, None)
    frames.close()
    if first is None:
        path_is_ours = not Path(file).is_absolute()
        if path_is_ours:
            path.unlink()  # so that a repair fetches it anew
        return FilmRow(id=name, status="damaged", reason=facts.damage or "holds no frame")
    options = {"format_whitelist": DEMUXERS}
    with open(path, "rb") as opened, av.open(opened, metadata_errors="replace", options=options) as film:
        stream = film.streams.video[0]
        rate = stream.average_rate or stream.guessed_rate
        length = stream.frames
        if not length and film.duration is not None and rate:
            length = round(film.duration / av.time_base * rate)
    width, height = first.image.size
    values = {"width": width, "height": height, "fps": float(rate) if rate else None, "num_frames": length or None}
    return FilmRow(id=name, status="ok", file=file, sha256=file_sha256(path), **values)

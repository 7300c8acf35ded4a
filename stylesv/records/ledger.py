"""The records of what became of what was asked for: films that are fetched, and the clips of a data set, each with a reason."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from stylesv.config.base import Settings
from stylesv.files import readable_json, write_text
from stylesv.records.record_file import read_record
from stylesv.records.table import read_table, write_table

FilmStatus = Literal["ok", "gone", "private", "blocked", "failed", "damaged"]
Status = Literal[
    "ok", "gone", "private", "blocked", "failed", "damaged", "wrong size", "short", "too short", "left out"
]
WANTED_AWAY: tuple[Status, ...] = ("too short", "left out")  # by the settings, so not missing
_ADVICE = "delete it to make it again"


class FetchedFile(Settings):
    """A file that was fetched, as it was then."""

    address: str
    """Where it is from."""
    sha256: str
    """SHA-256 of its bytes."""
    num_bytes: int
    """Its size."""
    verified: bool
    """Whether its hash was known before."""


class FilmRow(Settings):
    """A film, and what became of it."""

    id: str
    """Its id."""
    status: FilmStatus
    """ok; gone: no longer there; private: for members only; blocked: refused to this machine (a bot check, a region);
    failed: for another reason, such as the network; damaged: no film that can be read."""
    reason: str | None = None
    """In words; null: ok."""
    file: str | None = None
    """Its file, relative to the folder of films, or a user's own; null: there is none."""
    width: int | None = None
    """Of its frames, as displayed, pixels."""
    height: int | None = None
    """Of its frames, pixels."""
    fps: float | None = None
    """Its frames per second."""
    num_frames: int | None = None
    """Its length by its header, frames."""
    sha256: str | None = None
    """SHA-256 of its file."""


class LedgerRow(Settings):
    """A clip or video that a data set was asked to hold, and what became of it."""

    name: str
    """Its name."""
    id: str
    """Film or video that it is from."""
    asked_frames: int | None = None
    """How many frames it was to have; null: nobody said."""
    got_frames: int
    """How many of them there are."""
    status: Status
    """Of its film (see FilmRow), or: wrong size: of another shape than the table says; short: ends too early;
    too short: of fewer frames than min_frames; left out: by the settings."""
    reason: str | None = None
    """In words; null: ok."""


class ClipCounts(Settings):
    """What became of all clips that were asked for."""

    asked: int
    """How many there were to be."""
    got: int
    """How many there are."""
    missing: int
    """How many are missing: neither there, nor too short for the settings, nor left out by them."""
    left_out: int
    """How many are too short for the settings, or left out by them."""

    @property
    def text(self) -> str:
        """In words."""
        away = f", {self.left_out} left out by the settings" if self.left_out else ""
        return f"{self.got} of {self.asked} videos asked for ({self.missing} missing{away})"


def count_clips(rows: Iterable[LedgerRow]) -> ClipCounts:
    """What became of the clips of a ledger."""
    found = Counter("ok" if r.status == "ok" else "away" if r.status in WANTED_AWAY else "missing" for r in rows)
    return ClipCounts(asked=found.total(), got=found["ok"], missing=found["missing"], left_out=found["away"])


def reasons_of(rows: Iterable[LedgerRow]) -> str:
    """How many clips each status has, those that are missing: `12 gone, 3 private`."""
    found = Counter(row.status for row in rows if row.status not in ("ok", *WANTED_AWAY))
    return ", ".join(f"{count} {status}" for status, count in found.most_common())


def write_films(path: Path, rows: Sequence[FilmRow]) -> None:
    """Write what became of films."""
    write_table(path, rows, FilmRow)


def read_films(path: Path) -> tuple[FilmRow, ...]:
    """Read what became of films.

    Raises:
        DataError: it is missing or is no such table.
    """
    return read_table(path, FilmRow, what="table of films", advice=_ADVICE)


def write_ledger(path: Path, rows: Sequence[LedgerRow]) -> None:
    """Write a ledger."""
    write_table(path, rows, LedgerRow)


def read_ledger(path: Path) -> tuple[LedgerRow, ...]:
    """Read a ledger.

    Raises:
        DataError: it is missing or is no ledger.
    """
    return read_table(path, LedgerRow, what="ledger", advice=_ADVICE)


def write_fetched(path: Path, record: FetchedFile) -> None:
    """Write what was fetched."""
    write_text(path, readable_json(record.model_dump(mode="json")))


def read_fetched(path: Path) -> FetchedFile:
    """Read what was fetched.

    Raises:
        DataError: it is missing or is no such record.
    """
    return read_record(path, FetchedFile, what="record of a fetched file", advice=_ADVICE)

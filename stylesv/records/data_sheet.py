"""The record of a data set's sheet: what a person should know before a score on it is believed."""

from pathlib import Path

from stylesv.config.base import Settings
from stylesv.files import readable_json, write_text
from stylesv.records.ledger import ClipCounts, FetchedFile
from stylesv.records.record_file import read_record
from stylesv.records.sealed_text import seal_object


class Share(Settings):
    """How many videos have a value."""

    value: str
    """The value, such as 1280x720."""
    videos: int
    """How many have it."""


class DataSheet(Settings):
    """A data set in numbers."""

    dataset: str
    """Its name, with its key."""
    source: str
    """Where its videos come from."""
    partition: str | None
    """Part of the published data set; null: nobody says."""
    counts: ClipCounts
    """What became of what was asked for."""
    reasons: tuple[Share, ...]
    """Why the rest is not there."""
    clips: int
    """Packed clips."""
    frames: int
    """Of all packed clips."""
    shortest: int
    """Frames of the shortest clip."""
    median: float
    """Median of the clips' frames."""
    longest: int
    """Frames of the longest clip."""
    rates: tuple[Share, ...]
    """Frame rates of the raw videos; unknown for folders of frames."""
    sizes: tuple[Share, ...]
    """Sizes of their frames, pixels, as displayed."""
    resolution: int
    """Height and width of the packed frames, pixels."""
    sha256: str
    """Of the packed clips."""
    fetched: tuple[FetchedFile, ...]
    """What was fetched for it."""


def write_data_sheet(path: Path, sheet: DataSheet) -> None:
    """Write a data sheet."""
    text = readable_json(sheet.model_dump(mode="json"))
    write_text(path, seal_object(text, name="file_sha256", indent=2))


def read_data_sheet(path: Path) -> DataSheet:
    """Read a data sheet.

    Raises:
        DataError: it is missing or is none.
    """
    return read_record(path, DataSheet, what="data sheet", advice="delete it to make it again")

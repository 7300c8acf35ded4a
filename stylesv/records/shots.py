"""The record of where shots begin and end in a video: a table, one line a shot."""

from collections.abc import Sequence
from pathlib import Path

from stylesv.config.base import Settings
from stylesv.records.table import read_table, write_table


class Shot(Settings):
    """Frames between two cuts, without those of a transition."""

    video: str
    """Name of the video, as among the sources of packed clips."""
    start: int
    """First frame."""
    end: int
    """Last frame, exclusive."""


def write_shots(path: Path, shots: Sequence[Shot]) -> None:
    """Write the shots of videos."""
    write_table(path, shots, Shot)


def read_shots(path: Path) -> dict[str, list[tuple[int, int]]]:
    """The shots of each video, in the order of the table.

    Raises:
        DataError: it is missing or is no such table.
    """
    shots: dict[str, list[tuple[int, int]]] = {}
    for shot in read_table(path, Shot, what="table of shots", advice="make it with workflow_scripts/split_shots.py"):
        shots.setdefault(shot.video, []).append((shot.start, shot.end))
    return shots

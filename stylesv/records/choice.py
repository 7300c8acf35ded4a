"""The record of a choice: which snapshot of a run is best, by which score under which protocol."""

from pathlib import Path

from stylesv.config.base import Settings
from stylesv.errors import CheckpointError
from stylesv.records.sealed_file import read_sealed, write_sealed


class Choice(Settings):
    """The best snapshot of a run."""

    run: str
    """Name of the run."""
    kimg: int
    """The snapshot, in thousands of frames shown to the discriminator."""
    networks: str
    """Its file, relative to the run's folder."""
    metric: str
    """The measure as the papers write it: FVD16, rFVD16, FID."""
    value: float
    """Its score."""
    protocol: str
    """Name and key of the protocol."""
    of_kimgs: tuple[int, ...]
    """The snapshots that it was chosen from."""
    moving_kimgs: tuple[int, ...] | None
    """Those of them whose clips move about as much as real ones, among which it is if there are any; null where motion does
    not decide."""
    reason: str
    """Why it is this one."""


def read_choice(path: Path) -> Choice:
    """Read a choice.

    Raises:
        CheckpointError: it is missing, is not a choice, or was changed since it was written.
    """
    advice = "delete it to make it again"
    return read_sealed(path, Choice, what="choice of a snapshot", advice=advice, error=CheckpointError)


def write_choice(path: Path, choice: Choice) -> None:
    """Write a choice as readable JSON with its hash."""
    write_sealed(path, choice)

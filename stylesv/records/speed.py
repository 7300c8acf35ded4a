"""How fast things are: config/speeds.csv, and what a few steps on this machine took."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from stylesv.config.base import Settings
from stylesv.files import readable_json, write_text
from stylesv.records.record_file import read_record
from stylesv.records.table import read_table

Unit = Literal["s/kimg", "s/job", "MB"]
ANY = "*"


class Speed(Settings):
    """A number that a cost is planned with."""

    stage: str
    """The rule whose jobs it is of; start: what any job needs before it does anything; snapshot, state: size of such a file."""
    name: str
    """Model or protocol; *: any."""
    resolution: int | None = Field(default=None, ge=1)
    """Height and width of frames, pixels; null: any."""
    machine: str
    """What it was measured on."""
    gpus: int = Field(ge=0)
    """GPUs of the job."""
    amount: float = Field(gt=0)
    """The number."""
    unit: Unit
    """Its unit; kimg: thousands of frames shown to the discriminator."""
    kind: Literal["published", "measured", "counted", "scaled"]
    """scaled: made of another number, as `source` says."""
    source: str
    """Where it is from."""


class MeasuredSpeed(Settings):
    """What a few training steps of a run took on this machine."""

    run: str
    """The run whose recipe was trained, on random frames."""
    model: str
    """Its model."""
    resolution: int
    """Height and width of its frames, pixels."""
    device: str
    """What computed: the processor or GPU."""
    gpus: int
    """GPUs that did."""
    start_seconds: float
    """From the start of the program to the end of the first step."""
    seconds_per_kimg: float
    """Of steps, with R1 as often as the recipe has it."""
    clips: int
    """Clips of a measured step; the recipe's batch, or fewer."""
    snapshot_mb: float
    """Size of a snapshot's networks, megabytes of 10^6 bytes."""
    state_mb: float
    """Size of a state, likewise."""


def read_speeds(path: Path) -> tuple[Speed, ...]:
    """Read the table of speeds.

    Raises:
        DataError: it is missing or a line of it is none.
    """
    return read_table(path, Speed, what="table of speeds", advice="mend it; docs/paper.md 4")


def write_measured_speed(path: Path, speed: MeasuredSpeed) -> None:
    """Write what was measured."""
    write_text(path, readable_json(speed.model_dump(mode="json")))


def read_measured_speed(path: Path) -> MeasuredSpeed:
    """Read what was measured.

    Raises:
        DataError: it is missing or is none.
    """
    return read_record(path, MeasuredSpeed, what="measured speed", advice="delete it to make it again")


def speed_of(speeds: tuple[Speed, ...], stage: str, name: str, resolution: int) -> Speed | None:
    """The line for a stage: of this name before any, of this resolution before any; None where there is none."""
    found = [
        speed
        for speed in speeds
        if speed.stage == stage and speed.name in (name, ANY) and speed.resolution in (resolution, None)
    ]
    return max(found, key=lambda speed: (speed.name == name, speed.resolution is not None), default=None)

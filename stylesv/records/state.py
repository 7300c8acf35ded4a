"""The record of a training state: the header of its file, with every number that goes on from step to step."""

from pathlib import Path
from typing import Any

from pydantic import Field, JsonValue

from stylesv.config.base import Settings
from stylesv.errors import CheckpointError
from stylesv.files import read_header
from stylesv.records.record_file import record_of

STATE_FORMAT = "stylesv state 1"


class LogSoFar(Settings):
    """The log of a segment up to a partial state."""

    lines: tuple[dict[str, JsonValue], ...]
    """Its lines."""
    sums: dict[str, float | str]
    """Sums over the steps of the tick that has begun, by name; one that is not finite as a word."""
    counts: dict[str, int]
    """How many steps had each of these numbers."""


class StateNumbers(Settings):
    """The numbers of a state that are saved and loaded."""

    step: int
    """Steps done."""
    augment_probability: float
    """Probability of the discriminator's augmentations."""
    sign_sum: float
    """Signs of the logits on real clips since the probability was last adapted, summed."""
    sign_count: int
    """How many these are."""
    path_length_mean: float
    """Running mean of path lengths."""


class State(StateNumbers):
    """What a file of a training state says beside its tensors."""

    recipe_key: str
    """Key of the run's recipe."""
    kimg: int | float
    """Thousands of frames shown to the discriminator; a whole number but in a partial state."""
    torch: str
    """The version that wrote it."""
    computed_with: dict[str, str] | None = Field(default=None, exclude_if=lambda found: found is None)
    """As of a snapshot."""
    log: LogSoFar | None
    """Of a partial state: what was logged since its segment began."""

    def header(self) -> dict[str, Any]:
        """The header of its file."""
        return {"format": STATE_FORMAT, **self.model_dump(mode="json")}


def state_of(header: dict[str, Any], path: Path) -> State:
    """The record in a file's header.

    Raises:
        CheckpointError: it is the header of something else, or of another version of this project.
    """
    if header.get("format") != STATE_FORMAT:
        raise CheckpointError(f"{path}: format {header.get('format')!r}, expected {STATE_FORMAT!r}")
    values = {name: value for name, value in header.items() if name not in ("format", "sha256")}
    advice = "use the version of stylesv that wrote it, or start from an earlier state"
    return record_of(values, State, path, what="training state that can be read", advice=advice, error=CheckpointError)


def read_state_header(path: Path) -> State:
    """The record of a state, without reading tensors or checking their hash.

    Raises:
        CheckpointError: the file is missing, damaged or not a state.
    """
    return state_of(read_header(path), path)

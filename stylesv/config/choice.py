"""The record of a choice: which snapshot of a run is best, by which score under which protocol."""

from pathlib import Path

from pydantic import ValidationError

from stylesv.config.base import Settings
from stylesv.errors import CheckpointError


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


def read_choice(path: Path) -> Choice:
    """Read a choice.

    Raises:
        CheckpointError: it is missing or is not a choice.
    """
    try:
        return Choice.model_validate_json(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(f"{path}: no such choice of a snapshot; score the run's snapshots first") from error
    except (ValidationError, UnicodeDecodeError) as error:
        reason = "; ".join(_reasons(error)) if isinstance(error, ValidationError) else str(error)
        raise CheckpointError(
            f"{path}: is not a choice of a snapshot ({reason}); delete it to make it again"
        ) from error


def _reasons(error: ValidationError) -> list[str]:
    found = error.errors(include_url=False)
    return [": ".join((*(str(part) for part in detail["loc"]), detail["msg"])) for detail in found]

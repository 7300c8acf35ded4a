"""The record of directions: steps in w that change what a clip shows, in a file with a hash of all of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float32

from stylesv.config.base import Settings
from stylesv.errors import DataError
from stylesv.records.array_file import read_arrays, require_finite, write_arrays
from stylesv.records.record_file import record_of

FORMAT = "stylesv directions 1"


class DirectionsFrom(Settings):
    """What the directions were found from."""

    format: Literal["stylesv directions 1"]
    kind: Literal["difference", "components"]
    """difference: from the mean of one set of codes to that of another; components: principal ones of draws of w."""
    networks_sha256: str
    """SHA-256 of the snapshot."""
    source: str
    """The sets, or the draws, in words."""
    shares: tuple[float, ...]
    """Share of the variance of w that each component has; empty for a difference."""


@dataclass(frozen=True)
class Directions:
    """`n` directions in w of `l` places (1: the same for all). One step is the whole difference, or one standard deviation."""

    about: DirectionsFrom
    steps: Float32[np.ndarray, "n l d"]


def write_directions(path: Path, directions: Directions) -> None:
    """Write directions, with a hash of all of it."""
    write_arrays(path, {"steps": directions.steps}, directions.about.model_dump(mode="json"))


def read_directions(path: Path) -> Directions:
    """Read directions.

    Raises:
        CheckpointError: the file is missing, or is not one of this project.
        DataError: it is damaged, or something else.
    """
    what, advice = "file of directions", "give one that find_directions.py wrote"
    arrays, header = read_arrays(path, what=what, advice=advice, form=FORMAT)
    about = record_of(header, DirectionsFrom, path, what=what, advice=advice)
    if sorted(arrays) != ["steps"] or arrays["steps"].ndim != 3:
        raise DataError(f"{path}: is not a {what}; {advice}")
    require_finite(path, arrays, advice=advice)
    return Directions(about, arrays["steps"])

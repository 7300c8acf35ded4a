"""The record of codes: what a clip was found to be made from, in a file with a hash of all of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Float32

from stylesv.config.base import Settings
from stylesv.errors import DataError
from stylesv.records.array_file import read_arrays, require_finite, write_arrays
from stylesv.records.record_file import record_of

CODES = "codes.safetensors"  # in the folder that invert.py writes
FORMAT = "stylesv codes 1"
Space = Literal["w", "w+"]


class CodesFrom(Settings):
    """What the codes are of."""

    format: Literal["stylesv codes 1"]
    networks_sha256: str
    """SHA-256 of the snapshot that they are for."""
    target: str
    """The clip that was given, in words."""
    space: Space
    """w: one w for the whole network; w+: one for each place that takes one."""
    num_frames: int
    """Frames of the clip, at times 0, 1, ..."""
    class_number: int | None
    """Class of the clip, of a snapshot that knows classes."""
    seed: int
    """Draws the motion noise of anchors after those that were found."""


@dataclass(frozen=True)
class Codes:
    """Content w of `l` places (1: the same for all), and motion noise at `k` anchors."""

    about: CodesFrom
    w: Float32[np.ndarray, "l d"]
    motion: Float32[np.ndarray, "k m"]


def write_codes(path: Path, codes: Codes) -> None:
    """Write codes, with a hash of all of it."""
    write_arrays(path, {"w": codes.w, "motion": codes.motion}, codes.about.model_dump(mode="json"))


def read_codes(path: Path) -> Codes:
    """Read codes, of a file or of the folder that invert.py wrote.

    Raises:
        CheckpointError: the file is missing, or is not one of this project.
        DataError: it is damaged, or something else.
    """
    what, advice = "file of codes", "give a codes.safetensors that invert.py wrote, or a seed"
    path = path / CODES if path.is_dir() else path
    arrays, header = read_arrays(path, what=what, advice=advice, form=FORMAT)
    about = record_of(header, CodesFrom, path, what=what, advice=advice)
    if sorted(arrays) != ["motion", "w"] or any(each.ndim != 2 for each in arrays.values()):
        raise DataError(f"{path}: is not a {what}; {advice}")
    require_finite(path, arrays, advice=advice)
    return Codes(about, arrays["w"], arrays["motion"])

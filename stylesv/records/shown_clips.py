"""The record of clips that are shown: pictures and numbers that figures are drawn from, of a snapshot or of real clips.

Small, so that drawing anew, in other colours or another order, needs neither networks nor videos.
"""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int64, UInt8

from stylesv.config.base import Settings
from stylesv.errors import DataError
from stylesv.records.array_file import read_arrays, write_arrays
from stylesv.records.record_file import record_of


class ShownFrom(Settings):
    """What the clips are of."""

    name: str
    """Name of the run, or of the data set, with its key."""
    kimg: int | None
    """The snapshot; null for real clips."""
    fps: float
    """Frames per second that they are shown with."""
    motion_distance: int | None
    """Frames from one motion code to the next; null for real clips."""


@dataclass(frozen=True)
class ShownClips:
    """Frames `h w 3`, slices through time `h t 3` (the middle column of pixels, time to the right), and numbers.

    A model of single frames has clips of one frame: what is about time is then empty.
    """

    about: ShownFrom
    strip: UInt8[np.ndarray, "n k h w 3"]
    """Frames of clips."""
    strip_times: Int64[np.ndarray, "k"]
    """Their times, in frames."""
    slices: UInt8[np.ndarray, "n h t 3"]
    """Slices through time of these clips."""
    still_detail: Float32[np.ndarray, "n h w"]
    """Their fine detail, mean over time, grey levels (`stylesv.metrics.clip_measures`)."""
    sticking: Float32[np.ndarray, "m"]
    """Share of fine detail that stays at its pixels, of each clip of the grid."""
    spectrum: Float32[np.ndarray, "f"]
    """Power of frames by spatial frequency, 1, 2, ... cycles per picture, grey levels squared."""
    long_strip: UInt8[np.ndarray, "n2 k2 h w 3"]
    """Frames of long clips."""
    long_times: Int64[np.ndarray, "k2"]
    """Their times, in frames."""
    differences: Float32[np.ndarray, "n2 t2"]
    """Difference of each frame of the long clips from the one before, grey levels; the first is of frame 1."""
    likeness: Float32[np.ndarray, "n2 l"]
    """Correlation of frames 0, 1, ... apart."""
    drift: Float32[np.ndarray, "n2 3 t3"]
    """Brightness, contrast and fine detail of every frame, grey levels."""
    decomposition: UInt8[np.ndarray, "rows columns k3 h w 3"]
    """Frames of clips whose columns share content and whose rows share motion; empty for real clips."""
    decomposition_times: Int64[np.ndarray, "k3"]
    """Their times, in frames."""

    @property
    def moves(self) -> bool:
        """Whether the clips have more than one frame."""
        return self.slices.shape[2] > 1


_ARRAYS = tuple(part.name for part in fields(ShownClips) if part.name != "about")


def write_shown_clips(path: Path, shown: ShownClips) -> None:
    """Write what is shown of clips, with a hash of all of it."""
    write_arrays(path, {name: getattr(shown, name) for name in _ARRAYS}, shown.about.model_dump(mode="json"))


def read_shown_clips(path: Path) -> ShownClips:
    """Read what is shown of clips.

    Raises:
        CheckpointError: it is missing, or is not a file of this project.
        DataError: it is damaged, or something else.
    """
    what, advice = "file of shown clips", "delete it to make it again"
    arrays, header = read_arrays(path, what=what, advice=advice)
    if sorted(arrays) != sorted(_ARRAYS):
        raise DataError(f"{path}: is not a {what}; {advice}")
    return ShownClips(about=record_of(header, ShownFrom, path, what=what, advice=advice), **arrays)

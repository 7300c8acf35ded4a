"""What the page shows: clips of a snapshot, by seeds, truncation, class, times and how they are put together."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from stylesv.errors import ConfigError
from stylesv.generation.request import FPS_RANGE, check_truncation

Kind = Literal["one", "seeds", "decomposition", "between"]
"""One clip; a grid of clips of a seed; a grid of contents and motions; one whose content goes to another one, and back."""

MOST_SEED = 2**53 - 1  # a browser's numbers are no larger
MOST_NUMBER = 2**24
MOST_TIME = 1_000_000  # frames; noise before it is drawn and dropped, which takes time
MOST_SPEED = 64.0
MOST_SIDE = 8  # columns or rows of a grid
MOST_FRAMES = 512
MOST_PIXELS = 2**25  # of all frames of a film; a browser takes 4 bytes for each


@dataclass(frozen=True)
class Source:
    """Where noise is drawn from: a seed, and the clip's number of that seed, which `generate.py` names its file after."""

    seed: int
    number: int = 0


@dataclass(frozen=True)
class View:
    """What is shown."""

    networks: Path
    kind: Kind = "one"
    content: Source = Source(0)
    motion: Source = Source(0)
    second_seed: int = 1
    """Of `between`: seed of the other content; both are those of their seeds' first clips."""
    every: int = 16
    """Of `between`: frames of time from one content to the other."""
    still: bool = False
    """Motion stands at time 0."""
    truncation: int | float = 1.0
    class_number: int | None = None
    """None: drawn for each clip, as `generate.py` draws it."""
    start: int = 0
    """Time of the first frame; of the last one where time runs backwards."""
    speed: int | float = 1.0
    """How much time passes from frame to frame: 0.5 is slow motion, below 0 is backwards, 0 stands still."""
    num_frames: int = 32
    fps: int | float = 25.0
    columns: int = 4
    rows: int = 4

    @property
    def grid(self) -> tuple[int, int]:
        """Columns and rows of clips."""
        return (self.columns, self.rows) if self.kind in ("seeds", "decomposition") else (1, 1)

    def clips(self) -> list[tuple[Source, Source]]:
        """Content and motion of each clip, row by row. Grids begin at number 0, as those of `generate.py` do."""
        columns, rows = self.grid
        if self.kind == "seeds":
            return [(Source(self.content.seed, k),) * 2 for k in range(columns * rows)]
        if self.kind == "decomposition":
            places = [(column, row) for row in range(rows) for column in range(columns)]
            return [(Source(self.content.seed, column), Source(self.motion.seed, row)) for column, row in places]
        if self.kind == "between":
            return [(Source(self.content.seed), Source(self.motion.seed))]
        return [(self.content, self.motion)]

    def times(self) -> Float[Tensor, "t"]:
        """Times of the frames, in frames, in the order they are shown in; never below 0."""
        if self.speed == 0:
            return torch.tensor([float(self.start)], dtype=torch.float64)
        times = self.start + torch.arange(self.num_frames, dtype=torch.float64) * abs(self.speed)
        return times if self.speed > 0 else times.flip(0)

    def checked(self, class_dim: int) -> "View":
        """The same.

        Raises:
            ConfigError: a value is out of range.
        """
        for name, value, most in (
            ("seed", self.content.seed, MOST_SEED),
            ("motion seed", self.motion.seed, MOST_SEED),
            ("second seed", self.second_seed, MOST_SEED),
            ("clip", self.content.number, MOST_NUMBER),
            ("motion clip", self.motion.number, MOST_NUMBER),
        ):
            _require(name, value, 0, most)
        _require("start", self.start, 0, MOST_TIME)
        _require("speed", self.speed, -MOST_SPEED, MOST_SPEED)
        _require("every", self.every, 1, MOST_TIME)
        _require("frames", self.num_frames, 1, MOST_FRAMES)
        _require("frames per second", self.fps, *FPS_RANGE)
        _require("columns", self.columns, 1, MOST_SIDE)
        _require("rows", self.rows, 1, MOST_SIDE)
        check_truncation("truncation ", self.truncation)
        if self.class_number is not None and not self.class_number < class_dim:
            return replace(self, class_number=None)  # of another snapshot
        return self

    def fitted(self, resolution: int) -> "View":
        """The same with as many frames as the page can hold."""
        columns, rows = self.grid
        most = max(1, MOST_PIXELS // (columns * rows * resolution**2))
        return replace(self, num_frames=min(self.num_frames, most))


def _require(name: str, value: int | float, least: int | float, most: int | float) -> None:
    if not (math.isfinite(value) and least <= value <= most):
        raise ConfigError(f"{name} {value:g}: from {least:,g} to {most:,g} is possible")

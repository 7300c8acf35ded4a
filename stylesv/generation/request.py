"""What `generate.py` is asked for, and the checks of it."""

import math
from dataclasses import dataclass, fields
from fractions import Fraction
from pathlib import Path
from typing import Any

from stylesv.errors import ConfigError
from stylesv.film_forms import Form
from stylesv.generation.times import Times

FPS_RANGE = (0.1, 1000.0)  # what players play
MOST_TRUNCATION = 4.0  # frames break far below
_NO_CONTENT = ("batch_size", "share")  # of a request: how the work is done, and not what comes of it


@dataclass(frozen=True)
class GenerateRequest:
    """What `generate.py` was asked for."""

    num_videos: int
    num_frames: int
    start_frame: int
    time_step: Fraction
    """Time from one frame to the next, in frames of training; below 1 is slow motion, or a higher frame rate."""
    fps: float
    grid: tuple[int, int] | None
    """Columns and rows of a film of some of the videos."""
    truncation: float
    seed: int
    decomposition: bool
    """Grid whose columns share content and whose rows share motion; all are of one class, which motion depends on."""
    class_number: int | None
    """Class of every video, of a snapshot that knows classes; None: one drawn for each."""
    save: Form
    seeds: tuple[int, ...] | None = None
    """The first video of each of these seeds, in the place of all videos of `seed`."""
    first_video: int = 0
    """Number of the first video of `seed`."""
    motion_seed: int | None = None
    """Seed of all motions, in the place of each video's own."""
    motion_video: int | None = None
    """Number of the video whose motion all of them have, in the place of each one's own."""
    interpolate: float | None = None
    """Frames of time from one content to the next; None: a video keeps its content."""
    contents: tuple[int, ...] | None = None
    """Seeds of the contents that a video then comes to, again and again; None: ever new ones."""
    still: bool = False
    """Motion stands at time 0, so that content alone changes."""
    beside: Path | None = None
    """Real videos that the grid shows, too: packed clips, or a folder or zip."""
    only_grid: bool = False
    """No single videos."""
    batch_size: int | None = None
    """Videos made at a time; another number may round a frame otherwise. None: by memory."""
    share: tuple[int, int] = (0, 1)
    """This process's number, and how many processes share the videos."""

    def times(self) -> Times:
        """Times of the frames, in frames of training."""
        return Times(self.start_frame, self.time_step, self.num_frames)

    @property
    def num_made(self) -> int:
        """How many videos this process makes, those of a grid alone, too."""
        if self.only_grid and self.grid is not None:
            return self.grid[0] * self.grid[1]
        return len(range(self.share[0], self.num_videos, self.share[1]))

    def clip(self, number: int) -> tuple[int, int]:
        """Seed and number in it of one of the videos."""
        return (self.seed, self.first_video + number) if self.seeds is None else (self.seeds[number], 0)

    def motion(self, number: int) -> tuple[int, int]:
        """Seed and number in it of the motion of one of the videos, whose own one may be another's."""
        seed, own = self.clip(number)
        return (
            seed if self.motion_seed is None else self.motion_seed,
            own if self.motion_video is None else self.motion_video,
        )

    def stem(self, number: int) -> str:
        """Name of one of the videos, without a suffix."""
        return f"{self.first_video + number:06d}" if self.seeds is None else f"seed{self.seeds[number]:06d}"

    def settings(self) -> dict[str, Any]:
        """What decides the videos, for a record."""
        values = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in _NO_CONTENT}
        return {name: str(value) if isinstance(value, Fraction | Path) else value for name, value in values.items()}

    def check(self) -> None:
        """Check what can be checked without a snapshot.

        Raises:
            ConfigError: a number is out of range, or options do not fit together.
        """
        check_truncation("--truncation ", self.truncation)
        if not (math.isfinite(self.fps) and FPS_RANGE[0] <= self.fps <= FPS_RANGE[1]):
            raise ConfigError(
                f"--fps {self.fps}: from {FPS_RANGE[0]:g} to {FPS_RANGE[1]:g} frames per second are possible"
            )
        if self.seeds is not None and len(set(self.seeds)) < len(self.seeds):
            twice = next(seed for seed in self.seeds if self.seeds.count(seed) > 1)
            raise ConfigError(f"--seeds: {twice} is there twice, and would be one file; leave one out")
        if self.seeds is not None and self.first_video:
            raise ConfigError(
                f"--first-video {self.first_video}: is of one --seed, and --seeds names many; leave one of them out"
            )
        self._check_grid()
        self._check_content()

    def _check_grid(self) -> None:
        if self.grid is None:
            for wanted, name in (
                (self.decomposition, "--decomposition"),
                (self.beside is not None, f"--beside {self.beside}"),
                (self.only_grid, "--only-grid"),
            ):
                if wanted:
                    why = ": columns share content, rows share motion" if name == "--decomposition" else ""
                    raise ConfigError(f"{name} needs --grid COLUMNSxROWS{why}")
            return
        columns, rows = self.grid
        if columns * rows > self.num_videos:
            raise ConfigError(
                f"--grid {columns}x{rows} shows {columns * rows} videos, but --num-videos is {self.num_videos}; "
                f"raise it to {columns * rows} or take a smaller grid"
            )
        if self.share[1] > 1:
            raise ConfigError(
                f"--share {self.share[0]}/{self.share[1]}: a grid is one process's work; make it by a call of its own "
                "(--only-grid), and the videos by the shares"
            )

    def _check_content(self) -> None:
        if self.decomposition and self.motion_video is not None:
            raise ConfigError(
                f"--motion-video {self.motion_video}: all videos would have one motion, and with --decomposition each row has "
                "its own; leave one of them out"
            )
        if self.interpolate is not None and not (math.isfinite(self.interpolate) and self.interpolate > 0):
            raise ConfigError(f"--interpolate {self.interpolate:g}: a number of frames above 0 is expected")
        if self.contents is not None and self.interpolate is None:
            raise ConfigError(
                "--contents: says which contents a video comes to: give --interpolate FRAMES, too, from one to the next"
            )


def check_truncation(name: str, truncation: float | int) -> None:
    """Check psi.

    Raises:
        ConfigError: it is out of range; the message begins with `name` and the value.
    """
    if not 0 <= truncation <= MOST_TRUNCATION:  # also NaN
        raise ConfigError(
            f"{name}{truncation}: a number from 0 to {MOST_TRUNCATION:g} is expected; 1 is none, above it is more variety"
        )

"""Videos of an experiment's snapshots, which the target `films` makes."""

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from stylesv.config.base import Count, Seed, Settings
from stylesv.film_forms import MOST_FRAMES, MOST_IN_GRID, MOST_VIDEOS, STEPS, Form, step_of

_STEP = {
    "anyOf": [
        {"type": "number", "exclusiveMinimum": 0, "maximum": 1000},
        {"type": "string", "pattern": f"^({STEPS})$"},
    ]
}


def _one_way_to_say(step: float | str) -> float | str:
    """The same for equal steps, since it is part of a key: a number, or a fraction where no number is equal to it."""
    found = step_of(step)
    return float(found) if Fraction(float(found)) == found else str(found)


class FilmSettings(Settings):
    """Which videos are made of a run, and how."""

    snapshot: Literal["best", "last"]
    """Which snapshot of a run: the one with the best score, or the last."""
    num_videos: Annotated[int, Field(ge=1, le=MOST_VIDEOS)]
    """Videos, each a file of its own."""
    columns: Count
    """Videos in a row of the grid."""
    rows: Count
    """Rows of the grid; it shows the first videos."""
    num_frames: Annotated[int, Field(ge=1, le=MOST_FRAMES)]
    """Frames of each video; a model of single frames has one."""
    start_frame: Annotated[int, Field(ge=0, le=MOST_FRAMES)]
    """Time of the first frame, in frames."""
    time_step: Annotated[float | str, AfterValidator(_one_way_to_say), WithJsonSchema(_STEP)]
    """Time from one frame to the next, in frames; below 1 is slow motion. Also a fraction as text, such as 1/3."""
    truncation: Annotated[float, Field(ge=0, le=4)]
    """Truncation psi, up to 4; 1 is none."""
    seed: Seed
    """Seed of the videos."""
    decomposition: bool
    """Whether columns of the grid share content and its rows motion; else every video has its own of both."""
    save: Form
    """Films, folders of pictures, or arrays of numpy; the grid is a film."""

    @model_validator(mode="after")
    def _fits(self) -> "FilmSettings":
        if self.columns * self.rows > MOST_IN_GRID:
            raise ValueError(
                f"a grid of {self.columns} columns and {self.rows} rows: at most {MOST_IN_GRID:,} are shown"
            )
        if self.columns * self.rows > self.num_videos:
            raise ValueError(
                f"a grid of {self.columns} columns and {self.rows} rows shows {self.columns * self.rows} videos, but num_videos "
                f"is {self.num_videos}; raise it or take a smaller grid"
            )
        return self

"""What films may be, in settings, on command lines and where they are written: their forms, and the time between frames."""

import re
from fractions import Fraction
from typing import Literal, get_args

MovingForm = Literal["mp4", "gif", "webp"]
FolderForm = Literal["png", "jpg"]
Form = Literal[MovingForm, FolderForm, "npz"]
"""One file; a folder of pictures; arrays of numpy."""
MOVING_FORMS: tuple[str, ...] = get_args(MovingForm)
FOLDER_FORMS: tuple[str, ...] = get_args(FolderForm)
FORMS: tuple[str, ...] = get_args(Form)
MOST_FRAMES = 10**9
"""Of a film, and its latest time: far beyond what anyone waits for, and a number that every counter holds."""
MOST_VIDEOS = 10**6
"""Of one call: their names have six digits."""
MOST_IN_GRID = 10_000
"""Videos side by side: each is made at the same time."""
STEPS = r"[0-9]+/[0-9]+|[0-9]*\.?[0-9]+([eE][-+]?[0-9]{1,3})?"
"""A regular expression of times from one frame to the next, as text; not all that it takes are in the range."""


def step_of(step: str | float | int) -> Fraction:
    """The time from one frame to the next, in frames, of a number or a fraction as text.

    Raises:
        ValueError: it is no such number.
    """
    found = Fraction(0)
    if re.fullmatch(STEPS, str(step), re.ASCII) and not str(step).endswith("/0"):
        found = Fraction(step).limit_denominator(10**6)
    if not 0 < found <= 1000:
        raise ValueError("a number above 0 and up to 1000 is expected, such as 0.5, 2 or 1/3")
    return found

"""The command of `generate.py` that makes what the page shows, and in what its films differ."""

import shlex
from pathlib import Path

from stylesv.explore.view import View

OUT = "explored"


def command_of(view: View) -> tuple[str, list[str]]:
    """The command, for the folder that the page was started in, and what is to be said of its films."""
    notes: list[str] = []
    options = ["--networks", _short(view.networks), "--out", OUT, "--seed", str(view.content.seed)]
    if view.kind != "seeds" and view.motion.seed != view.content.seed:
        options += ["--motion-seed", str(view.motion.seed)]
    options += [*_clips(view), *_times(view, notes)]
    if view.truncation != 1:
        options += ["--truncation", _digits(view.truncation)]
    if view.class_number is not None:
        options += ["--class", str(view.class_number)]
    return f"python workflow_scripts/generate.py {shlex.join(options)}", notes


def _clips(view: View) -> list[str]:
    """Which clips, and how they are put together."""
    columns, rows = view.grid
    if view.kind == "seeds":
        return ["--grid", f"{columns}x{rows}"]
    if view.kind == "decomposition":
        return ["--decomposition", "--grid", f"{columns}x{rows}"]
    (content, motion) = (each.number for each in view.clips()[0])
    options = ["--num-videos", "1"]
    if content:
        options += ["--first-video", str(content)]
    if motion != content:
        options += ["--motion-video", str(motion)]
    if view.kind == "between":
        options += ["--interpolate", str(view.every), "--contents", f"{view.content.seed},{view.second_seed}"]
    return options


def _times(view: View, notes: list[str]) -> list[str]:
    """Frames and their times."""
    options = ["--frames", str(len(view.times())), "--fps", _digits(view.fps)]
    if view.start:
        options += ["--start-frame", str(view.start)]
    if abs(view.speed) not in (0, 1):
        options += ["--time-step", _digits(abs(view.speed))]
    if view.still:
        options += ["--still"]
    if view.speed < 0:
        notes.append("its time runs forwards")
    return options


def _digits(number: int | float) -> str:
    """All of its digits, so that the command makes the same frames."""
    return str(int(number)) if number == int(number) else str(number)


def _short(path: Path) -> str:
    """A path from here where it lies below, else in full."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)

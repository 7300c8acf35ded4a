"""The command of `generate.py` that makes what the page shows, and what it cannot make."""

import os
import shlex
from pathlib import Path

from stylesv.explore.view import View

OUT = "explored"


def command_of(view: View) -> tuple[str, list[str]]:
    """The command, for the folder that the page was started in, and what is to be said of its films."""
    notes: list[str] = []
    options = ["--networks", _short(view.networks), "--out", OUT, *_clips(view, notes), *_times(view, notes)]
    if view.truncation != 1:
        options += ["--truncation", f"{view.truncation:g}"]
    if view.class_number is not None:
        options += ["--class", str(view.class_number)]
    return f"python workflow_scripts/generate.py {shlex.join(options)}", notes


def _clips(view: View, notes: list[str]) -> list[str]:
    """Which clips, and how they are put together."""
    seed = ["--seed", str(view.content.seed)]
    columns, rows = view.grid
    uses_motion = view.kind != "seeds"
    if uses_motion and view.motion.seed != view.content.seed:
        notes.append(f"its motion is of seed {view.content.seed}, too")
    if view.kind == "between":
        notes.append("its content stays that of the first frame")
    if view.kind == "seeds":
        return [*seed, "--num-videos", str(columns * rows), "--grid", f"{columns}x{rows}"]
    if view.kind == "decomposition":
        return [*seed, "--decomposition", "--num-videos", str(columns * rows), "--grid", f"{columns}x{rows}"]
    content, motion = view.content.number, view.motion.number
    if content == motion:
        count = content + 1
        if count > 1:
            notes.append(f"of its videos this is {content:06d}.mp4")
        return [*seed, "--num-videos", str(count)]
    columns, rows = content + 1, motion + 1
    notes.append(f"of its videos this is {motion * columns + content:06d}.mp4")
    return [*seed, "--decomposition", "--num-videos", str(columns * rows), "--grid", f"{columns}x{rows}"]


def _times(view: View, notes: list[str]) -> list[str]:
    """Frames and their times."""
    options = ["--frames", str(len(view.times())), "--fps", f"{view.fps:g}"]
    if view.start >= 1:
        options += ["--start-frame", str(int(view.start))]
    if view.start % 1:
        notes.append("it begins at a whole frame")
    speed = abs(view.speed)
    slowed = round(1 / speed) if 0 < speed < 1 else 1
    if slowed > 1:
        options += ["--slow-motion", str(slowed)]
    if speed not in (0, 1 / slowed):
        notes.append(f"its speed is {1 / slowed:g}")
    if view.speed < 0:
        notes.append("its time runs forwards")
    return options


def _short(path: Path) -> str:
    """A path from here where it lies below, else in full."""
    here = Path(os.getcwd())
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)

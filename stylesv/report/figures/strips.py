"""Frames of clips over time, with time stamps: of the clips of the films, and of long ones."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stylesv.report.figures.picture_rows import draw_rows
from stylesv.report.figures.sources import Shown, Sources
from stylesv.report.figures.style import column_ticks, tiled

MAX_CLIPS = {"strip": 3, "long_strip": 2}  # of each model


def draw_strips(sources: Sources) -> Figure:
    """The figure `strips`."""
    return _draw(sources, "strip", "strip_times")


def draw_long_video(sources: Sources) -> Figure:
    """The figure `long_video`."""
    return _draw(sources, "long_strip", "long_times")


def _draw(sources: Sources, frames: str, times: str) -> Figure:
    def finish(axes: Axes, shown: Shown, width: float) -> None:
        found = getattr(shown.clips, times)
        column_ticks(axes, len(found), stamps(found, shown.clips.about.fps), width)

    return draw_rows(
        sources,
        lambda shown, count: tiled(getattr(shown.clips, frames)[:count]),
        finish,
        clips=range(MAX_CLIPS[frames], 0, -1),
        beside=0.34,
    )


def stamps(times: np.ndarray, fps: float) -> list[str]:
    """Times in frames as seconds, such as `0.4 s` or `12 s`."""
    seconds = [float(time) / fps for time in times]
    digits = 1 if max(seconds) < 20 else 0
    return [f"{second:.{digits}f} s" for second in seconds]

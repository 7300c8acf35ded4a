"""Frames of clips over time, with time stamps: of the clips of the films, and of long ones."""

import numpy as np
from matplotlib.figure import Figure

from stylesv.report.figures.sources import Shown, Sources
from stylesv.report.figures.style import column_ticks, say_nothing_to_draw, show_picture, styled, tiled

MAX_CLIPS = {"strip": 3, "long_strip": 2}  # of each model


def draw_strips(sources: Sources) -> Figure:
    """The figure `strips`."""
    return _draw(sources, "strip", "strip_times")


def draw_long_video(sources: Sources) -> Figure:
    """The figure `long_video`."""
    return _draw(sources, "long_strip", "long_times")


def _draw(sources: Sources, frames: str, times: str) -> Figure:
    rows = [(dataset, each) for dataset, found in sources.shown() for each in found]
    pictures = [tiled(getattr(each.clips, frames)[: MAX_CLIPS[frames]]) for _, each in rows]
    ratios = [picture.shape[0] / picture.shape[1] for picture in pictures]
    with styled(7.2, sum(6.2 * ratio + 0.34 for ratio in ratios) if rows else 1.0) as figure:
        if not rows:
            say_nothing_to_draw(figure, "Every model makes single frames: nothing moves.")
            return figure
        panels = figure.subplots(len(rows), 1, squeeze=False, height_ratios=[ratio + 0.03 for ratio in ratios])[:, 0]
        for axes, (dataset, each), picture in zip(panels, rows, pictures, strict=True):
            show_picture(axes, picture, label=label_of(each, dataset, sources))
            found = getattr(each.clips, times)
            column_ticks(axes, len(found), stamps(found, each.clips.about.fps))
    return figure


def label_of(shown: Shown, dataset: str, sources: Sources) -> str:
    """Name of a model, with the data set where there are several."""
    return f"{dataset}\n{shown.name}" if len(sources.datasets) > 1 else shown.name


def stamps(times: np.ndarray, fps: float) -> list[str]:
    """Times in frames as seconds, such as `0.4 s` or `12 s`."""
    seconds = [float(time) / fps for time in times]
    digits = 1 if max(seconds) < 20 else 0
    return [f"{second:.{digits}f} s" for second in seconds]

"""Long clips: what changes as time goes on, and what comes back."""

import numpy as np
from jaxtyping import Float32
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stylesv.report.figures.sources import Shown, Sources
from stylesv.report.figures.style import REAL_COLOUR, line_of, say_nothing_to_draw, styled

NUMBERS = ("brightness", "contrast", "fine detail")
FIRST_FRAMES = 8  # what drift is measured from


def draw_drift(sources: Sources) -> Figure:
    """The figure `drift`: a column for each data set."""
    found = list(sources.shown())
    with styled(max(7.2, 3.6 * len(found)), 7.6) as figure:
        if not found:
            say_nothing_to_draw(figure, "Every model makes single frames: nothing moves.")
            return figure
        panels = figure.subplots(4, len(found), squeeze=False)
        for column, (dataset, shown) in zip(panels.T, found, strict=True):
            for each in shown:
                _draw(column, each, sources)
            column[0].set_title(dataset if len(found) > 1 else "")
            column[2].set_xlabel("time, seconds")
            column[3].set_xlabel("seconds apart")
            for axes in column[:3]:
                axes.axhline(1, color="#a1a1aa", lw=1, zorder=0)
        for axes, label in zip(panels[:, 0], [f"{name}\nover its start" for name in NUMBERS], strict=False):
            axes.set_ylabel(label)
        panels[3, 0].set_ylabel("likeness of frames\n(1 the same)")
        panels[0, 0].legend(loc="best", ncols=2)
    return figure


def relative_drift(drift: Float32[np.ndarray, "n 3 t"]) -> Float32[np.ndarray, "n 3 t"]:
    """Every number over its mean in the first frames of its clip; NaN where that is nothing."""
    start = drift[:, :, :FIRST_FRAMES].mean(axis=2, keepdims=True)
    return np.divide(drift, start, out=np.full_like(drift, np.nan), where=start > 1e-3)


def _draw(column: np.ndarray, shown: Shown, sources: Sources) -> None:
    clips = shown.clips
    for axes, values in zip(column[:3], relative_drift(clips.drift).transpose(1, 0, 2), strict=True):
        _band(axes, values, clips.about.fps, shown, sources)
    _band(column[3], clips.likeness, clips.about.fps, shown, sources)


def _band(axes: Axes, values: Float32[np.ndarray, "n t"], fps: float, shown: Shown, sources: Sources) -> None:
    """Mean over clips, and from the lowest to the highest."""
    seconds = np.arange(values.shape[1]) / fps
    style = {"color": REAL_COLOUR, "lw": 1.4} if shown.number is None else line_of(sources.colours, shown.number)
    every = {"markevery": max(1, len(seconds) // 8)} if "marker" in style else {}
    axes.plot(seconds, values.mean(axis=0), **style, **every, label=shown.name)
    low, high = values.min(axis=0), values.max(axis=0)
    axes.fill_between(seconds, low, high, color=style["color"], alpha=0.12, lw=0)

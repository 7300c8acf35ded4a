"""Long clips: what changes as time goes on, and what comes back."""

import numpy as np
from jaxtyping import Float32
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stylesv.report.figures.counted_clips import count_text, counted, say_counts
from stylesv.report.figures.sources import Shown, Sources
from stylesv.report.figures.style import REAL_COLOUR, add_legends, line_of, say_nothing_to_draw, styled, width_for

NUMBERS = ("brightness", "contrast", "fine detail")
FIRST_FRAMES = 8  # what drift is measured from


def draw_drift(sources: Sources) -> Figure:
    """The figure `drift`: a column for each data set."""
    found = list(sources.shown())
    with styled(width_for(len(found)), 7.6) as figure:
        if not found:
            say_nothing_to_draw(figure, "Every model makes single frames: nothing moves.")
            return figure
        panels = figure.subplots(4, len(found), squeeze=False)
        for column, (dataset, shown) in zip(panels.T, found, strict=True):
            counts = [_draw(column, each, sources) for each in shown]
            for axes, of_panel in zip(column, zip(*counts, strict=True), strict=True):
                say_counts(axes, [(each.name, count) for each, count in zip(shown, of_panel, strict=True)])
            column[0].set_title(dataset if len(found) > 1 else "")
            column[2].set_xlabel("time, seconds")
            column[3].set_xlabel("seconds apart")
            for axes in column[:3]:
                axes.axhline(1, color="#a1a1aa", lw=1, zorder=0)
        for axes, label in zip(panels[:, 0], [f"{name}\nover its start" for name in NUMBERS], strict=False):
            axes.set_ylabel(label)
        panels[3, 0].set_ylabel("likeness of frames\n(1 the same)")
        add_legends(figure, panels[0])  # data sets may have other models
    return figure


def relative_drift(drift: Float32[np.ndarray, "n 3 t"]) -> Float32[np.ndarray, "n 3 t"]:
    """Every number over its mean in the first frames of its clip; NaN where that is nothing."""
    start = drift[:, :, :FIRST_FRAMES].mean(axis=2, keepdims=True)
    return np.divide(drift, start, out=np.full_like(drift, np.nan), where=start > 1e-3)


def _draw(column: np.ndarray, shown: Shown, sources: Sources) -> list[str | None]:
    """Draw into every panel; for each, how many clips count where not all do."""
    values = (*relative_drift(shown.clips.drift).transpose(1, 0, 2), shown.clips.likeness)
    return [_band(axes, of, shown.clips.about.fps, shown, sources) for axes, of in zip(column, values, strict=True)]


def _band(axes: Axes, values: Float32[np.ndarray, "n t"], fps: float, shown: Shown, sources: Sources) -> str | None:
    """Mean over clips, and from the lowest to the highest; how many clips have such a number, where not all have."""
    seconds = np.arange(values.shape[1]) / fps
    style = {"color": REAL_COLOUR, "lw": 1.4} if shown.number is None else line_of(sources.colours, shown.number)
    every = {"markevery": max(1, len(seconds) // 8)} if "marker" in style else {}
    there = counted(values)
    mean = there.mean(axis=0) if len(there) else np.full(len(seconds), np.nan)
    axes.plot(seconds, mean, **style, **every, label=shown.name)
    if len(there):
        axes.fill_between(seconds, there.min(axis=0), there.max(axis=0), color=style["color"], alpha=0.12, lw=0)
    return count_text(len(there), len(values))

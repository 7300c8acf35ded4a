"""Texture that sticks to its pixels: what is left of fine detail when it is averaged over time, and its share in numbers."""

import numpy as np
from jaxtyping import Float32, UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stylesv.report.figures.counted_clips import count_text, counted
from stylesv.report.figures.picture_rows import datasets_of, in_lines, name_of, shown_by_key
from stylesv.report.figures.sources import Shown, Sources
from stylesv.report.figures.style import (
    MAX_HEIGHT,
    REAL_COLOUR,
    colour_of,
    say_nothing_to_draw,
    show_no_picture,
    show_picture,
    styled,
    tiled,
    width_for,
)

MAX_CLIPS = 4
CONTRAST = 4.0  # grey levels of the picture for one of detail


def draw_sticking(sources: Sources) -> Figure:
    """The figure `sticking`."""
    items = shown_by_key(sources)
    lines, columns = in_lines(items), len(datasets_of(items))
    width = max(width_for(columns), 4.2 * columns)
    with styled(width, min(1.25 * len(lines) + 0.6, MAX_HEIGHT)) as figure:
        if not items:
            say_nothing_to_draw(figure, "Every model makes single frames: nothing moves.")
            return figure
        panels = figure.subplots(len(lines), 2 * columns, squeeze=False, width_ratios=(2.2, 1) * columns)
        for of_line, line in zip(panels, lines, strict=True):
            for column, each in enumerate(line):
                left, right = of_line[2 * column : 2 * column + 2]
                _draw_model(left, right, each, "" if column else name_of(line), sources)
        several = len(sources.datasets) > 1
        for column, dataset in enumerate(datasets_of(items)):
            panels[0, 2 * column].set_title((f"{dataset}\n" if several else "") + "detail that stays (grey: none)")
            panels[0, 2 * column + 1].set_title("share that stays")
    return figure


def _draw_model(left: Axes, right: Axes, shown: Shown | None, label: str, sources: Sources) -> None:
    if shown is None:
        show_no_picture(left, label=label)
        right.set_visible(False)
    else:
        show_picture(left, _picture(shown.clips.still_detail[:MAX_CLIPS]), label=label)
        _draw_shares(right, shown, sources)


def _picture(detail: Float32[np.ndarray, "n h w"]) -> UInt8[np.ndarray, "h2 w2 3"]:
    grey = (128 + CONTRAST * detail).clip(0, 255).round().astype(np.uint8)
    return tiled(np.repeat(grey[None, ..., None], 3, axis=4), min_px=96)


def _draw_shares(axes: Axes, shown: Shown, sources: Sources) -> None:
    values = counted(shown.clips.sticking)
    colour = REAL_COLOUR if shown.number is None else colour_of(sources.colours, shown.number)
    axes.set_xlim(-0.1, 1.05)
    axes.set_ylim(-1, 1)
    axes.set_yticks([])
    axes.set_xticks([0, 0.5, 1])
    if text := count_text(len(values), len(shown.clips.sticking)):
        axes.annotate(text, (0.99, 0.02), xycoords="axes fraction", ha="right", va="bottom", fontsize=8)
    if len(values):
        # spread in height, so that dots of like clips can be told apart
        height = np.linspace(-0.5, 0.5, len(values)) if len(values) > 1 else np.zeros(1)
        axes.plot(values, height, "o", ms=4, color=colour, alpha=0.55, mec="none")
        axes.plot([values.mean()] * 2, [-0.8, 0.8], color=colour, lw=2.2)
        axes.annotate(f"{values.mean():.2f}", (values.mean(), 0.82), ha="center", fontsize=8)

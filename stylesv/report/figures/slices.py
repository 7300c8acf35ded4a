"""Slices through time at one column of pixels: the brush picture of the paper's project page."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stylesv.report.figures.picture_rows import draw_rows
from stylesv.report.figures.sources import Shown, Sources
from stylesv.report.figures.style import TILE_PX, tiled

MAX_CLIPS = 4  # of each model, beside each other


def draw_slices(sources: Sources) -> Figure:
    """The figure `slices`: a row for real clips and for each model; time runs to the right."""
    figure = draw_rows(
        sources,
        lambda shown, count: tiled(shown.clips.slices[None, :count], min_px=2 * TILE_PX),
        _say_time,
        clips=[MAX_CLIPS],  # fewer ones would be higher
        beside=0.32,
    )
    if figure.axes:
        figure.supxlabel("time runs to the right, a clip each", fontsize=10)
        figure.set_figheight(figure.get_figheight() + 0.25)
    return figure


def _say_time(axes: Axes, shown: Shown, _: float) -> None:
    axes.set_anchor("W")
    axes.set_xlabel(f"{shown.clips.slices.shape[2] / shown.clips.about.fps:.1f} s a slice", loc="left", labelpad=2)

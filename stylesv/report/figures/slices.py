"""Slices through time at one column of pixels: the brush picture of the paper's project page."""

import numpy as np
from jaxtyping import UInt8
from matplotlib.figure import Figure

from stylesv.report.figures.sources import Sources
from stylesv.report.figures.strips import label_of
from stylesv.report.figures.style import TILE_PX, say_nothing_to_draw, show_picture, styled, tiled

MAX_CLIPS = 4  # of each model, beside each other


def draw_slices(sources: Sources) -> Figure:
    """The figure `slices`: a row for real clips and for each model; time runs to the right."""
    rows = [(dataset, each) for dataset, found in sources.shown() for each in found]
    pictures = [_beside(each.clips.slices[:MAX_CLIPS]) for _, each in rows]
    height = 6.2 * max((p.shape[0] / p.shape[1] for p in pictures), default=0.1)
    with styled(7.2, len(rows) * (height + 0.3) + 0.3) as figure:
        if not rows:
            say_nothing_to_draw(figure, "Every model makes single frames: nothing moves.")
            return figure
        panels = figure.subplots(len(rows), 1, squeeze=False)[:, 0]
        for axes, (dataset, each), picture in zip(panels, rows, pictures, strict=True):
            show_picture(axes, picture, label=label_of(each, dataset, sources))
            axes.set_anchor("W")
            axes.set_xlabel(
                f"{each.clips.slices.shape[2] / each.clips.about.fps:.1f} s a slice", loc="left", labelpad=2
            )
        panels[-1].set_xlabel(f"{panels[-1].get_xlabel()}; time runs to the right, a clip each", loc="left", labelpad=2)
    return figure


def _beside(slices: UInt8[np.ndarray, "n h t 3"]) -> UInt8[np.ndarray, "h2 w2 3"]:
    return tiled(slices[None], min_px=2 * TILE_PX)

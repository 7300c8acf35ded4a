"""Content and motion apart: columns share content, rows share motion."""

import numpy as np
from jaxtyping import UInt8
from matplotlib.figure import Figure

from stylesv.report.figures.sources import Sources
from stylesv.report.figures.style import GAP_PX, say_nothing_to_draw, show_picture, styled, tiled


def draw_decomposition(sources: Sources) -> Figure:
    """The figure `decomposition`: a grid for each model; a cell has frames of a clip, early to late."""
    grids = [(dataset, each) for dataset, found in sources.shown() for each in found if each.number is not None]
    columns = 2 if len(grids) > 1 else 1
    lines = -(-len(grids) // columns)
    pictures = [_grid(each.clips.decomposition) for _, each in grids]
    ratio = max((picture.shape[0] / picture.shape[1] for picture in pictures), default=0.2)
    with styled(7.2, lines * (6.6 / columns * ratio + 0.55) if grids else 1.0) as figure:
        if not grids:
            say_nothing_to_draw(figure, "Every model makes single frames: nothing moves.")
            return figure
        panels = figure.subplots(lines, columns, squeeze=False).ravel()
        for axes, (dataset, each), picture in zip(panels, grids, pictures, strict=False):
            show_picture(axes, picture)
            axes.set_title(f"{dataset} {each.name}" if len(sources.datasets) > 1 else each.name)
            axes.set_xlabel("content →")
            axes.set_ylabel("← motion")
        for axes in panels[len(grids) :]:
            axes.set_visible(False)
    return figure


def _grid(cells: UInt8[np.ndarray, "r c k h w 3"]) -> UInt8[np.ndarray, "h2 w2 3"]:
    """Frames of a cell touch each other, cells do not."""
    rows, columns, frames, height, width = cells.shape[:5]
    beside = cells.transpose(0, 1, 3, 2, 4, 5).reshape(rows, columns, height, frames * width, 3)
    return tiled(np.pad(beside, ((0, 0), (0, 0), (0, GAP_PX), (0, GAP_PX), (0, 0)), constant_values=255), min_px=32)

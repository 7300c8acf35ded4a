"""Content and motion apart: columns share content, rows share motion."""

import numpy as np
from jaxtyping import UInt8
from matplotlib.figure import Figure

from stylesv.report.figures.picture_rows import (
    column_width,
    heights_over_widths,
    in_lines,
    shown_by_key,
    width_that_fits,
)
from stylesv.report.figures.sources import Sources
from stylesv.report.figures.style import GAP_PX, say_nothing_to_draw, show_picture, styled, tiled, width_for

MARGIN = 0.6  # inches beside pictures
BESIDE = 0.55  # inches above and below a picture


def draw_decomposition(sources: Sources) -> Figure:
    """The figure `decomposition`: a grid for each model; a cell has frames of a clip, early to late."""
    items = {
        (dataset, number): (f"{dataset} {each.name}" if len(sources.datasets) > 1 else each.name, each)
        for (dataset, number), each in shown_by_key(sources).items()
        if number is not None
    }
    if not items:
        with styled(height=1.0) as figure:
            say_nothing_to_draw(figure, "Every model makes single frames: nothing moves.")
            return figure
    lines = in_lines(items, beside=2)
    columns = len(lines[0])
    ratios = heights_over_widths([[cell and _grid(cell[1].clips.decomposition) for cell in line] for line in lines])
    width = width_that_fits(ratios, (width_for(columns) - MARGIN) / columns, BESIDE)
    wide = column_width(width, [title for title, _ in items.values()])
    with styled(MARGIN + columns * wide, sum(width * ratio + BESIDE for ratio in ratios)) as figure:
        panels = figure.subplots(len(lines), columns, squeeze=False).ravel()
        for axes, cell in zip(panels, [cell for line in lines for cell in line], strict=True):
            if cell is None:
                axes.set_visible(False)
                continue
            title, shown = cell
            show_picture(axes, _grid(shown.clips.decomposition))
            axes.set_title(title)
            axes.set_xlabel("content →")
            axes.set_ylabel("← motion")
    return figure


def _grid(cells: UInt8[np.ndarray, "r c k h w 3"]) -> UInt8[np.ndarray, "h2 w2 3"]:
    """Frames of a cell touch each other, cells do not."""
    rows, columns, frames, height, width = cells.shape[:5]
    beside = cells.transpose(0, 1, 3, 2, 4, 5).reshape(rows, columns, height, frames * width, 3)
    return tiled(np.pad(beside, ((0, 0), (0, 0), (0, GAP_PX), (0, GAP_PX), (0, 0)), constant_values=255), min_px=32)

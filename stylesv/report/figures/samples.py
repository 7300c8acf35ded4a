"""The same clips after each stretch of training, as snapshots left them."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from stylesv.errors import DataError
from stylesv.records.experiment import ReportedRun
from stylesv.report.figures.picture_rows import (
    Key,
    Picture,
    column_width,
    heights_over_widths,
    in_lines,
    most_that_fit,
    width_that_fits,
)
from stylesv.report.figures.sources import Sources
from stylesv.report.figures.style import show_picture, styled, width_for

MAX_SNAPSHOTS, MIN_SNAPSHOTS = 6, 2  # of a run, evenly spread; fewer where the figure would be too high
BESIDE = 0.4  # inches above and below a block
BLOCK_WIDTH = 0.86  # of a column's width, beside its labels
MAX_PX = 900  # width of a picture


def draw_samples_figure(sources: Sources) -> Figure:
    """The figure `samples`: of the first seed of every data set and model.

    Raises:
        DataError: a picture is missing or damaged.
    """
    runs: dict[Key, ReportedRun] = {}
    for run in sources.experiment.runs:
        runs.setdefault((run.dataset, sources.models[run.model]), run)
    lines = in_lines(runs, beside=2)
    columns = len(lines[0])
    width, read = BLOCK_WIDTH * width_for(columns) / columns, cache(_read)
    blocks = most_that_fit(
        range(MAX_SNAPSHOTS, MIN_SNAPSHOTS - 1, -1),
        lambda count: [
            [run and _block(run, count, lambda file: read(sources.root / file)) for run in line] for line in lines
        ],
        lambda found: sum(width * ratio + BESIDE for ratio in _ratios(found)),
    )
    ratios = _ratios(blocks)
    width = width_that_fits(ratios, width, BESIDE)
    titles = [f"{run.dataset} {run.model}" if len(sources.datasets) > 1 else run.model for run in runs.values()]
    with styled(
        columns * column_width(width / BLOCK_WIDTH, titles), sum(width * ratio + BESIDE for ratio in ratios)
    ) as figure:
        panels = figure.subplots(len(lines), columns, squeeze=False, height_ratios=ratios)
        for of_line, line, of_blocks in zip(panels, lines, blocks, strict=True):
            for axes, run, block in zip(of_line, line, of_blocks, strict=True):
                if run is None:
                    axes.set_visible(False)
                    continue
                _draw_block(axes, *block)
                axes.set_title(f"{run.dataset} {run.model}" if len(sources.datasets) > 1 else run.model)
    return figure


def _draw_block(axes: Axes, picture: Picture, kimgs: list[int]) -> None:
    show_picture(axes, picture)
    height = picture.shape[0] / len(kimgs)
    axes.set_yticks([(number + 0.5) * height for number in range(len(kimgs))], map(str, kimgs))
    axes.tick_params(length=0)
    axes.set_ylabel("kimg")
    axes.set_anchor("N")


def _block(run: ReportedRun, count: int, read: Callable[[str], Picture]) -> tuple[Picture, list[int]]:
    places = np.linspace(0, len(run.snapshots) - 1, min(count, len(run.snapshots))).round().astype(int)
    snapshots = [run.snapshots[place] for place in places]
    pictures = [read(snapshot.samples) for snapshot in snapshots]
    gap = np.full((max(4, pictures[0].shape[0] // 20), pictures[0].shape[1], 3), 255, np.uint8)
    return np.concatenate([part for picture in pictures for part in (picture, gap)]), [s.kimg for s in snapshots]


def _ratios(blocks: list[list[tuple[Picture, list[int]] | None]]) -> list[float]:
    return heights_over_widths([[block and block[0] for block in line] for line in blocks])


def _read(file: Path) -> Picture:
    try:
        with Image.open(file) as picture:
            picture = picture.convert("RGB")
    except OSError as error:
        raise DataError(f"{file}: is no picture of samples ({error}); delete it to make it again") from error
    picture.thumbnail((MAX_PX, 10 * MAX_PX), Image.Resampling.BOX, reducing_gap=None)
    return np.asarray(picture)

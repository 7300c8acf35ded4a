"""Pictures in rows: a row for a model, a column for each data set where there are several; never too high to be seen."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from jaxtyping import UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stylesv.report.figures.sources import Shown, Sources
from stylesv.report.figures.style import (
    MAX_HEIGHT,
    RC,
    say_nothing_to_draw,
    show_no_picture,
    show_picture,
    styled,
    text_width,
    width_for,
)

Picture = UInt8[np.ndarray, "_ _ 3"]
Key = tuple[str, int | None]
"""A data set, and the number of a model; None for real clips."""
T = TypeVar("T")

TITLE = 0.25  # inches


def shown_by_key(sources: Sources) -> dict[Key, Shown]:
    """What has more than one frame, by data set and model."""
    return {(dataset, each.number): each for dataset, found in sources.shown() for each in found}


def in_lines(items: dict[Key, T], beside: int = 1) -> list[list[T | None]]:
    """A line for each model with a column for each data set, None where it has none; of one data set, `beside` a line."""
    datasets = datasets_of(items)
    if len(datasets) > 1:
        numbers = sorted({number for _, number in items}, key=lambda number: -1 if number is None else number)
        return [[items.get((dataset, number)) for dataset in datasets] for number in numbers]
    found = list(items.values())
    columns = min(beside, len(found))
    found += [None] * (-len(found) % max(1, columns))
    return [found[start : start + columns] for start in range(0, len(found), max(1, columns))]


def datasets_of(items: dict[Key, object]) -> list[str]:
    """Data sets, in order."""
    return list(dict.fromkeys(dataset for dataset, _ in items))


def heights_over_widths(lines: Sequence[Sequence[Picture | None]]) -> list[float]:
    """Of every line, that of its highest picture."""
    return [max(picture.shape[0] / picture.shape[1] for picture in line if picture is not None) for line in lines]


def most_that_fit(of: Sequence[int], drawn: Callable[[int], T], height: Callable[[T], float]) -> T:
    """What is drawn of the first count of `of` that is not too high, or would be made only a little smaller; else of the last."""
    for count in of[:-1]:
        found = drawn(count)
        if height(found) <= 1.15 * MAX_HEIGHT:
            return found
    return drawn(of[-1])


def width_that_fits(ratios: Sequence[float], width: float, beside: float) -> float:
    """Inches of a picture's width, at most `width`, with which lines of pictures and `beside` inches each are not too high."""
    return min(width, max(MAX_HEIGHT - beside * len(ratios), MAX_HEIGHT / 4) / sum(ratios))


def column_width(width: float, titles: Iterable[str]) -> float:
    """Inches of a column of pictures of a width, such that no title above them meets its neighbour."""
    return max(width, *(text_width(title, RC["axes.titlesize"]) + 0.3 for title in titles))


def label_width(names: Sequence[str]) -> float:
    """Inches that names to the left of pictures need."""
    return max(1.0, *(text_width(name, RC["font.size"]) + 0.25 for name in names))


def draw_rows(
    sources: Sources,
    picture_of: Callable[[Shown, int], Picture],
    finish: Callable[[Axes, Shown, float], None],
    *,
    clips: Sequence[int],
    beside: float,
) -> Figure:
    """A figure of one picture in each cell.

    `picture_of` has a number of clips, the first of `clips` with which the figure is not too high; `finish` adds to a panel,
    whose width in inches it is told; `beside` is what a row needs beside its picture, inches.
    """
    items = shown_by_key(sources)
    if not items:
        with styled(height=1.0) as figure:
            say_nothing_to_draw(figure, "Every model makes single frames: nothing moves.")
            return figure
    lines, columns = in_lines(items), len(datasets_of(items))
    labels = label_width([each.name for each in items.values()])
    width = (width_for(columns) - labels) / columns
    pictures = most_that_fit(
        clips,
        lambda count: [[each and picture_of(each, count) for each in line] for line in lines],
        lambda found: sum(width * ratio + beside for ratio in heights_over_widths(found)),
    )
    ratios = heights_over_widths(pictures)
    width = width_that_fits(ratios, width, beside)
    wide = labels + columns * column_width(width, datasets_of(items))
    with styled(wide, sum(width * ratio + beside for ratio in ratios)) as figure:
        panels = figure.subplots(len(lines), columns, squeeze=False, height_ratios=[ratio + 0.03 for ratio in ratios])
        for axes, shown, picture, label in _cells(panels, lines, pictures):
            if shown is None:
                show_no_picture(axes, label=label)
            else:
                show_picture(axes, picture, label=label)
                finish(axes, shown, width)
        add_titles(figure, panels[0], sources, items)
    return figure


def name_of(line: Sequence[Shown | None]) -> str:
    """Name of a line."""
    return next(each.name for each in line if each is not None)


def add_titles(figure: Figure, panels: Iterable[Axes], sources: Sources, items: dict[Key, object]) -> None:
    """The data sets above the upper panels, where there are several; the figure grows by them."""
    if len(sources.datasets) > 1:
        for axes, dataset in zip(panels, datasets_of(items), strict=True):
            axes.set_title(dataset)
        figure.set_figheight(figure.get_figheight() + TITLE)


def _cells(panels: np.ndarray, lines: list, pictures: list) -> Iterator[tuple[Axes, Shown | None, Picture | None, str]]:
    for of_line, line, of_pictures in zip(panels, lines, pictures, strict=True):
        for column, cell in enumerate(zip(of_line, line, of_pictures, strict=True)):
            yield *cell, "" if column else name_of(line)

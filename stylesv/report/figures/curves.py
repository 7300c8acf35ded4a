"""Score over training: a row of panels for each protocol, a column for each data set, a line for each model."""

from collections.abc import Iterable

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stylesv.report.figures.sources import Sources
from stylesv.report.figures.style import FLOOR_COLOUR, KIMG_LABEL, add_legends, line_of, styled, width_for
from stylesv.report.score_row import ScoreRow
from stylesv.report.score_table import ScoreTable

LOG_RANGE = 30  # largest over smallest score from which the axis is logarithmic


def draw_curves(sources: Sources) -> Figure:
    """The figure `curves`: of the protocols that score several snapshots of a run, where there are such ones.

    Raises:
        DataError: there are no scores of snapshots.
        ConfigError: the scores of a protocol were made under different ones.
    """
    tables, datasets = sources.tables_over_training, sources.datasets
    with styled(width_for(len(datasets)), 3.1 * len(tables) + 0.5) as figure:
        panels = figure.subplots(len(tables), len(datasets), squeeze=False)
        for line, table in zip(panels, tables, strict=True):
            for axes, dataset in zip(line, datasets, strict=True):
                rows = [row for row in table.rows if sources.dataset_of(row.run) == dataset]
                _draw_panel(axes, table, rows, sources)
                if len(datasets) > 1:
                    axes.set_title(dataset)
            line[0].set_ylabel(f"{table.label}\n({table.direction})")
        figure.supxlabel(KIMG_LABEL, fontsize=10)
        add_legends(figure, panels.flat)
    return figure


def _draw_panel(axes: Axes, table: ScoreTable, rows: list[ScoreRow], sources: Sources) -> None:
    if not rows:
        axes.set_visible(False)
        return
    for model, number in sources.models.items():
        of_model = [row for row in rows if row.model == model]
        if of_model:
            _draw_model(axes, of_model, model, line_of(sources.colours, number))
    alone = len({row.seed for row in rows}) == 1  # a line of several seeds passes by their best snapshots
    for best in (row for row in table.best if row in rows and alone):
        axes.plot(best.kimg, best.value, "o", ms=11, mfc="none", mec="#3f3f46", mew=1.1, zorder=4)
    draw_floor(axes, rows, along="x")
    values = [row.value for row in rows]
    if min(values) > 0 and max(values) / min(values) > LOG_RANGE:
        axes.set_yscale("log")


def _draw_model(axes: Axes, rows: list[ScoreRow], name: str, style: dict[str, object]) -> None:
    by_kimg: dict[int, list[ScoreRow]] = {}
    for row in rows:
        by_kimg.setdefault(row.kimg, []).append(row)
    found = [(kimg, mean_of(of_kimg), *spread_of(of_kimg)) for kimg, of_kimg in sorted(by_kimg.items())]
    kimg, mean, low, high = zip(*found, strict=True)
    seeds = len({row.seed for row in rows})
    axes.plot(kimg, mean, **style, label=name + (f" ({seeds} seeds)" if seeds > 1 else ""), zorder=3)
    axes.fill_between(kimg, low, high, color=style["color"], alpha=0.18, lw=0, zorder=2)


def mean_of(rows: Iterable[ScoreRow]) -> float:
    """Mean score."""
    values = [row.value for row in rows]
    return sum(values) / len(values)


def spread_of(rows: list[ScoreRow]) -> tuple[float, float]:
    """Lowest and highest score of several seeds; of one its interval, or itself where there is none."""
    if len(rows) > 1:
        return min(row.value for row in rows), max(row.value for row in rows)
    (row,) = rows
    return (row.value, row.value) if row.low is None or row.high is None else (row.low, row.high)


def draw_floor(axes: Axes, rows: list[ScoreRow], *, along: str) -> None:
    """What a perfect generator would score, as a band along an axis."""
    floors = [row.floor for row in rows if row.floor is not None]
    if floors:
        band, line = (axes.axhspan, axes.axhline) if along == "x" else (axes.axvspan, axes.axvline)
        band(floors[0].low, floors[0].high, color=FLOOR_COLOUR, alpha=0.25, lw=0, zorder=1)
        line(floors[0].value, color=FLOOR_COLOUR, lw=1.2, ls="--", zorder=1, label="a perfect generator")

"""Curves over training. The same input gives the same bytes: no dates, no versions, fonts that matplotlib brings."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from stylesv.errors import DataError
from stylesv.files import write_bytes
from stylesv.records.log_line import LogLine
from stylesv.report.score_row import ScoreRow
from stylesv.report.tables import ScoreTable, tabulate_scores

# Okabe and Ito 2008: distinct also for colour-blind readers; yellow is left out, being faint on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "os^Dv<>"
FLOOR_COLOUR = "#71717a"
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e7",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "svg.hashsalt": "stylesv",
}
KIMG_LABEL = "thousands of frames shown to the discriminator (kimg)"
LOG_RANGE = 30  # largest over smallest score from which the axis is logarithmic


def draw_score_curves(rows: Sequence[ScoreRow], *, png: Path, pdf: Path) -> None:
    """Score over kimg, one line for each run with its interval as a band, the best snapshot ringed.

    Raises:
        DataError: there are no scores of snapshots.
        ConfigError: the scores were made under different protocols.
    """
    table = tabulate_scores([row for row in rows if row.kimg is not None])
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7, 4.2), layout="constrained")
        axes = figure.add_subplot()
        names = line_names(table)
        for number, (run, name) in enumerate(names.items()):
            _draw_run(axes, [row for row in table.rows if row.run == run], name, number)
        for best in table.best:
            axes.plot(best.kimg, best.value, "o", ms=13, mfc="none", mec="#3f3f46", mew=1.2, zorder=4)
        _draw_floors(axes, table)
        values = [row.value for row in table.rows]
        if min(values) > 0 and max(values) / min(values) > LOG_RANGE:
            axes.set_yscale("log")
        axes.set_xlabel(KIMG_LABEL)
        axes.set_ylabel(f"{table.label} ({table.direction})")
        axes.legend(loc="best")
        save_figure(figure, png=png, pdf=pdf)


def draw_training_curves(
    logs: Mapping[str, Sequence[LogLine]], fields: Mapping[str, str], *, png: Path, pdf: Path
) -> None:
    """Logged values over kimg: one panel for each of `fields` (name to axis label), one line for each run.

    `logs` are by run; a line without a field, or with null, leaves it out.

    Raises:
        DataError: no line has any of the fields.
    """
    with matplotlib.rc_context(STYLE):
        shown = [field for field in fields if any(_series(lines, field)[0] for lines in logs.values())]
        if not shown:
            raise DataError(f"no log line has any of {', '.join(fields)}; nothing to draw")
        figure = Figure(figsize=(7, 2.1 * len(shown) + 0.6), layout="constrained")
        panels = figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
        for axes, field in zip(panels, shown, strict=True):
            for number, (run, lines) in enumerate(logs.items()):
                axes.plot(*_series(lines, field), color=COLOURS[number % len(COLOURS)], lw=1.3, label=run)
            axes.set_ylabel(fields[field])
        panels[-1].set_xlabel(KIMG_LABEL)
        panels[0].legend(loc="lower left", bbox_to_anchor=(0, 1.0), fontsize=8, borderaxespad=0.2)
        save_figure(figure, png=png, pdf=pdf)


def _series(lines: Sequence[LogLine], field: str) -> tuple[list[float], list[float]]:
    found = [(line.kimg, line.curves[field]) for line in lines if field in line.curves]
    return [kimg for kimg, _ in found], [value for _, value in found]


def line_names(table: ScoreTable) -> dict[str, str]:
    """Run names shortened to what tells them apart: data set, model, and seed or key only where needed."""
    rows = {row.run: row for row in table.rows}
    short = {run: f"{row.dataset} {row.model}" for run, row in rows.items()}
    seeded = {run: f"{short[run]} seed {row.seed}" for run, row in rows.items()}
    for names in (short, seeded):
        if len(set(names.values())) == len(rows):
            return names
    return {run: run for run in rows}


def _draw_run(axes: Axes, rows: list[ScoreRow], name: str, number: int) -> None:
    colour = COLOURS[number % len(COLOURS)]
    kimg = [row.kimg for row in rows]
    marker = MARKERS[number // len(COLOURS) % len(MARKERS)]
    axes.plot(kimg, [row.value for row in rows], marker=marker, ms=4.5, lw=1.8, color=colour, label=name, zorder=3)
    banded = [row for row in rows if row.low is not None and row.high is not None]
    if banded:
        low, high = [row.low for row in banded], [row.high for row in banded]
        axes.fill_between([row.kimg for row in banded], low, high, color=colour, alpha=0.18, lw=0, zorder=2)


def _draw_floors(axes: Axes, table: ScoreTable) -> None:
    """What a perfect generator would score, one band for each data set."""
    floors = {row.dataset: row.floor for row in table.rows if row.floor is not None}
    for dataset, floor in floors.items():
        name = "a perfect generator" + (f", {dataset}" if len(floors) > 1 else "")
        axes.axhspan(floor.low, floor.high, color=FLOOR_COLOUR, alpha=0.25, lw=0, zorder=1)
        axes.axhline(floor.value, color=FLOOR_COLOUR, lw=1.2, ls="--", zorder=1, label=name)


def save_figure(figure: Figure, *, png: Path, pdf: Path) -> None:
    """Write a figure as PNG and PDF."""
    FigureCanvasAgg(figure)
    for path, kind, metadata in (
        (png, "png", {"Software": None}),
        (pdf, "pdf", {"Creator": None, "Producer": None, "CreationDate": None}),
    ):
        content = io.BytesIO()
        figure.savefig(content, format=kind, dpi=160, metadata=metadata)
        write_bytes(path, content.getvalue())

"""Best score of each model: a panel for each protocol and data set that several models share."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stylesv.report.figures.curves import draw_floor, mean_of, spread_of
from stylesv.report.figures.sources import Sources
from stylesv.report.figures.style import HATCHES, colour_of, say_nothing_to_draw, styled
from stylesv.report.score_row import ScoreRow, format_number
from stylesv.report.score_table import ScoreTable


def draw_ablation(sources: Sources) -> Figure:
    """The figure `ablation`.

    Raises:
        DataError, ConfigError: as `draw_curves`.
    """
    best = [
        (table, dataset, _best_of(table, dataset, sources))
        for table in sources.score_tables
        for dataset in sources.datasets
    ]
    panels = [panel for panel in best if len({row.model for row in panel[2]}) > 1]
    columns = min(len(panels), max(1, len(sources.datasets)))
    lines = -(-len(panels) // columns) if panels else 1
    bars = max((len({row.model for row in rows}) for _, _, rows in panels), default=1)
    with styled(max(7.2, 3.4 * columns), lines * (0.34 * bars + 0.9)) as figure:
        if not panels:
            say_nothing_to_draw(figure, "No two models were scored under one protocol on one data set.")
            return figure
        every = figure.subplots(lines, columns, squeeze=False).ravel()
        for axes, (table, dataset, rows) in zip(every, panels, strict=False):
            _draw_panel(axes, rows, sources)
            axes.set_title(dataset if len(sources.datasets) > 1 else "")
            axes.set_xlabel(f"{table.label} ({table.direction})")
        for axes in every[len(panels) :]:
            axes.set_visible(False)
    return figure


def _best_of(table: ScoreTable, dataset: str, sources: Sources) -> list[ScoreRow]:
    return [row for row in table.best if sources.dataset_of(row.run) == dataset]


def _draw_panel(axes: Axes, rows: list[ScoreRow], sources: Sources) -> None:
    models = [model for model in sources.models if any(row.model == model for row in rows)]
    for place, model in enumerate(models):
        of_model = [row for row in rows if row.model == model]
        mean, (low, high) = mean_of(of_model), spread_of(of_model)
        number = sources.models[model]
        colour = colour_of(sources.colours, number)
        axes.barh(place, mean, 0.72, color=colour, alpha=0.55, edgecolor="black", lw=0.6, hatch=HATCHES[number % 7])
        axes.plot([low, high], [place, place], color="black", lw=1.4, solid_capstyle="butt")
        axes.plot([low, high], [place, place], "|", color="black", ms=8)
        axes.annotate(
            format_number(mean), (max(mean, high), place), xytext=(5, 0), textcoords="offset points", va="center"
        )
    axes.set_yticks(range(len(models)), models)
    axes.invert_yaxis()
    axes.grid(False, axis="y")
    axes.margins(x=0.14)
    if axes.dataLim.x0 >= 0:  # a kernel distance may be below
        axes.set_xlim(left=0)
    draw_floor(axes, rows, along="y")

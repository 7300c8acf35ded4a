"""How clips move over training, with the real clips' own as a dashed line: a column for each data set, a line a model."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stylesv.report.figures.sources import Sources
from stylesv.report.figures.style import (
    KIMG_LABEL,
    REAL_COLOUR,
    add_legends,
    line_of,
    say_nothing_to_draw,
    styled,
    width_for,
)
from stylesv.report.score_row import ScoreRow

PANELS = {"difference_1": "frame difference\n(grey levels)", "flow_relative": "optical flow\n(% of width a frame)"}


def draw_motion(sources: Sources) -> Figure:
    """The figure `motion`: of the first protocol of each data set that measures how clips move, if possible over training.

    Raises:
        DataError, ConfigError: as `draw_curves`.
    """
    by_dataset: dict[str, list[ScoreRow]] = {}
    for table in (*sources.tables_over_training, *sources.score_tables):
        for dataset in sources.datasets:
            rows = [r for r in table.rows if r.motion is not None and sources.dataset_of(r.run) == dataset]
            if rows:
                by_dataset.setdefault(dataset, rows)
    with styled(width_for(len(by_dataset)), 4.6) as figure:
        if not by_dataset:
            say_nothing_to_draw(figure, "No protocol of this experiment measures how clips move.")
            return figure
        panels = figure.subplots(len(PANELS), len(by_dataset), sharex="col", squeeze=False)
        for column, (dataset, rows) in zip(panels.T, by_dataset.items(), strict=True):
            for axes, number in zip(column, PANELS, strict=True):
                _draw_panel(axes, rows, number, sources)
            column[0].set_title(dataset if len(by_dataset) > 1 else "")
        for axes, label in zip(panels[:, 0], PANELS.values(), strict=True):
            axes.set_ylabel(label)
        add_legends(figure, panels[0])  # data sets may have other models
        figure.supxlabel(KIMG_LABEL, fontsize=10)
    return figure


def _draw_panel(axes: Axes, rows: list[ScoreRow], number: str, sources: Sources) -> None:
    real = next((found.real for row in rows if (found := row.motion.number(number)).real), None)
    for model, place in sources.models.items():
        seeds = sorted({row.seed for row in rows if row.model == model})
        for seed in seeds:
            line = [
                (row.kimg, found.generated.mean)
                for row in rows
                if (row.model, row.seed) == (model, seed) and (found := row.motion.number(number)).generated
            ]
            label = model if seed == seeds[0] else None
            axes.plot(*zip(*line, strict=True) if line else ([], []), **line_of(sources.colours, place), label=label)
    if real is not None:
        axes.axhline(real.mean, color=REAL_COLOUR, lw=1.2, ls="--", label="real clips")
    axes.set_ylim(bottom=0)

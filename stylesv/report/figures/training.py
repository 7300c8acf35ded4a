"""Losses and the like over training: a row for each number of the log, a column for each data set, a line for each run."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stylesv.records.log_line import LogLine
from stylesv.report.figures.sources import Sources
from stylesv.report.figures.style import (
    DASHES,
    KIMG_LABEL,
    MARKERS,
    add_common_legend,
    colour_of,
    say_nothing_to_draw,
    styled,
    width_for,
)

FIELDS = {
    "loss_generator": "generator loss",
    "loss_discriminator": "discriminator loss",
    "logits_real": "logits, real",
    "logits_fake": "logits, generated",
    "r1_penalty": "R1 penalty",
    "augment_probability": "augmentation\nprobability",
}
"""Numbers of a training log that are drawn, and the labels of their axes."""


def draw_training(sources: Sources) -> Figure:
    """The figure `training`.

    Raises:
        DataError: a log cannot be read.
    """
    logs = sources.logs()
    fields = [field for field in FIELDS if any(_series(lines, field)[0] for lines in logs.values())]
    datasets = [name for name in sources.datasets if any(sources.dataset_of(run) == name for run in logs)]
    with styled(width_for(len(datasets)), 1.5 * max(1, len(fields)) + 0.9) as figure:
        if not fields:
            say_nothing_to_draw(figure, "No training log has any of these numbers.")
            return figure
        panels = figure.subplots(len(fields), len(datasets), sharex="col", sharey="row", squeeze=False)
        for line, field in zip(panels, fields, strict=True):
            for axes, dataset in zip(line, datasets, strict=True):
                runs = [run for run in sources.experiment.runs if run.dataset == dataset and run.name in logs]
                _draw_panel(axes, [(run.model, *_series(logs[run.name], field)) for run in runs], sources)
            line[0].set_ylabel(FIELDS[field])
        for axes, dataset in zip(panels[0], datasets, strict=True):
            axes.set_title(dataset if len(datasets) > 1 else "")
        figure.supxlabel(KIMG_LABEL, fontsize=10)
        drawn = [line for axes in panels[0] for line in axes.lines]
        of_model = {model: line for model in sources.models for line in drawn if line.get_label() == model}
        add_common_legend(figure, [(line, model) for model, line in of_model.items()])
    return figure


def _draw_panel(axes: Axes, series: list[tuple[str, list[float], list[float]]], sources: Sources) -> None:
    for model, kimg, values in series:
        number = sources.models[model]
        style = {"color": colour_of(sources.colours, number), "ls": DASHES[number % len(DASHES)]}
        marker = MARKERS[number % len(MARKERS)] if len(kimg) == 1 else None  # a line of one place is not seen
        axes.plot(kimg, values, **style, lw=1.3, marker=marker, ms=4.5, label=model)


def _series(lines: Sequence[LogLine], field: str) -> tuple[list[float], list[float]]:
    found = [(line.kimg, line.curves[field]) for line in lines if field in line.curves]
    return [kimg for kimg, _ in found], [value for _, value in found]

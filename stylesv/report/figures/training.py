"""Losses and the like over training: a panel for each number of the log, a line for each run."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from stylesv.records.log_line import LogLine
from stylesv.report.figures.sources import Sources
from stylesv.report.figures.style import DASHES, KIMG_LABEL, colour_of, say_nothing_to_draw, styled

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
    with styled(7.2, 1.5 * max(1, len(fields)) + 0.9) as figure:
        if not fields:
            say_nothing_to_draw(figure, "No training log has any of these numbers.")
            return figure
        panels = figure.subplots(len(fields), 1, sharex=True, squeeze=False)[:, 0]
        runs = {run.name: run for run in sources.experiment.runs}
        many = {kind: len({getattr(run, kind) for run in runs.values()}) > 1 for kind in ("dataset", "seed")}
        for axes, field in zip(panels, fields, strict=True):
            for name, lines in logs.items():
                run = runs[name]
                number = sources.models[run.model]
                label = " ".join(
                    [
                        run.model,
                        *([run.dataset] if many["dataset"] else []),
                        *([f"seed {run.seed}"] if many["seed"] else []),
                    ]
                )
                style = DASHES[number % len(DASHES)]
                axes.plot(
                    *_series(lines, field), color=colour_of(sources.colours, number), ls=style, lw=1.3, label=label
                )
            axes.set_ylabel(FIELDS[field])
        panels[-1].set_xlabel(KIMG_LABEL)
        handles, labels = panels[0].get_legend_handles_labels()
        if len(labels) <= 12:  # more would hide the figure
            figure.legend(handles, labels, loc="outside upper left", ncols=4)
    return figure


def _series(lines: Sequence[LogLine], field: str) -> tuple[list[float], list[float]]:
    found = [(line.kimg, line.curves[field]) for line in lines if field in line.curves]
    return [kimg for kimg, _ in found], [value for _, value in found]

"""Curves of how clips move over training, with the real clips' own as a dashed line."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from stylesv.report.figures import COLOURS, KIMG_LABEL, STYLE, line_names, save_figure
from stylesv.report.score_row import ScoreRow
from stylesv.report.tables import tabulate_scores

PANELS = {"difference_1": "frame difference\n(grey levels)", "flow_relative": "optical flow\n(% of width a frame)"}


def draw_motion_curves(rows: Sequence[ScoreRow], *, png: Path, pdf: Path) -> bool:
    """Frame difference and optical flow over kimg, one line for each run; whether there was anything to draw.

    Raises:
        ConfigError: the scores were made under different protocols.
    """
    shown = [row for row in rows if row.kimg is not None and row.motion is not None]
    if not shown:
        return False
    table = tabulate_scores(shown)
    names = line_names(table)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7, 4.2), layout="constrained")
        panels = figure.subplots(len(PANELS), 1, sharex=True)
        for axes, (number, label) in zip(panels, PANELS.items(), strict=True):
            for place, (run, name) in enumerate(names.items()):
                line = [(row.kimg, row.motion.number(number)) for row in table.rows if row.run == run]
                colour = COLOURS[place % len(COLOURS)]
                made = [(kimg, found.generated.mean) for kimg, found in line if found.generated]
                axes.plot(*zip(*made, strict=True), marker="o", ms=4, lw=1.8, color=colour, label=name)
                real = line[-1][1].real
                if real:
                    axes.axhline(real.mean, color=colour, lw=1.2, ls="--")
            axes.set_ylim(bottom=0)
            axes.set_ylabel(label)
        panels[0].plot([], [], color="#52525b", lw=1.2, ls="--", label="real clips")
        panels[0].legend(loc="best", fontsize=8)
        panels[-1].set_xlabel(KIMG_LABEL)
        save_figure(figure, png=png, pdf=pdf)
    return True

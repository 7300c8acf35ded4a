"""Power of frames by spatial frequency: generated beside real, and over it."""

import numpy as np
from matplotlib.figure import Figure

from stylesv.report.figures.sources import Shown, Sources
from stylesv.report.figures.style import REAL_COLOUR, add_legends, line_of, say_nothing_to_draw, styled, width_for


def draw_spectra(sources: Sources) -> Figure:
    """The figure `spectra`: a column for each data set."""
    found = list(sources.shown(moving=False))
    with styled(width_for(len(found)), 5.0) as figure:
        if not found:
            say_nothing_to_draw(figure, "No clips are shown.")
            return figure
        panels = figure.subplots(2, len(found), sharex="col", squeeze=False, height_ratios=(1.5, 1))
        for (above, below), (dataset, shown) in zip(panels.T, found, strict=True):
            real = next((each for each in shown if each.number is None), None)
            for each in shown:
                style = _style(each, sources)
                power = each.clips.spectrum
                cycles = np.arange(1, len(power) + 1)
                above.plot(cycles, power, **style, label=each.name)
                if real is not None and each is not real:
                    below.plot(cycles, power / np.maximum(real.clips.spectrum, 1e-12), **style)
            above.set_xscale("log", base=2)
            above.set_yscale("log")
            below.set_yscale("log")
            below.axhline(1, color=REAL_COLOUR, lw=1.2)
            above.set_title(dataset if len(found) > 1 else "")
            below.set_xlabel("cycles per picture")
            below.xaxis.set_major_formatter("{x:g}")
        add_legends(figure, panels[0])
        panels[0, 0].set_ylabel("power (grey levels²)")
        panels[1, 0].set_ylabel("generated\nover real")
    return figure


def _style(shown: Shown, sources: Sources) -> dict[str, object]:
    if shown.number is None:
        return {"color": REAL_COLOUR, "lw": 1.6}
    return line_of(sources.colours, shown.number) | {"markevery": 0.12}

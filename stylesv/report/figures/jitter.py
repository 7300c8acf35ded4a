"""Change from frame to frame around the frames where motion codes lie."""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float32
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from stylesv.records.motion import STILL_GREY_LEVELS, still_below
from stylesv.records.shown_clips import ShownClips
from stylesv.report.figures.counted_clips import count_text, counted, say_counts
from stylesv.report.figures.sources import Shown, Sources
from stylesv.report.figures.style import REAL_COLOUR, add_legends, line_of, say_nothing_to_draw, styled, width_for

MAX_AROUND = 24  # frames before and after a code


def draw_jitter(sources: Sources) -> Figure:
    """The figure `jitter`: a panel for each data set, a line for each model."""
    found = list(sources.shown())
    with styled(width_for(len(found)), 3.6) as figure:
        if not found:
            say_nothing_to_draw(figure, "Every model makes single frames: nothing moves.")
            return figure
        panels = figure.subplots(1, len(found), sharey=True, squeeze=False)[0]
        for axes, (dataset, shown) in zip(panels, found, strict=True):
            limit, said = _still_limit(shown), []
            for each in shown:
                if each.number is None:
                    said += _draw_real(axes, each, limit)
                else:
                    distances = {
                        e.clips.about.motion_distance for _, of in found for e in of if e.number == each.number
                    }
                    said += _draw_model(axes, each, limit, sorted(distances), sources)
            say_counts(axes, said)
            axes.axvline(0, color="#a1a1aa", lw=1, zorder=0)
            axes.set_title(dataset if len(found) > 1 else "")
            axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
            axes.set_xlabel("frames from a motion code")
            low, high = axes.get_ylim()
            axes.set_ylim(0, high + 0.2 * (high - max(low, 0)) if axes.texts else high)  # room for what is said
        panels[0].set_ylabel("change to the next frame,\nover the clip's mean")
        add_legends(figure, panels)
    return figure


def relative_changes(clips: ShownClips, still: float = STILL_GREY_LEVELS) -> Float32[np.ndarray, "k t"]:
    """Change to every next frame over the clip's mean, of the clips whose mean change is not below `still`, grey levels."""
    mean = clips.differences.mean(axis=1, keepdims=True)
    return counted(np.divide(clips.differences, mean, out=np.full_like(clips.differences, np.nan), where=mean >= still))


def changes_around_codes(clips: ShownClips, still: float = STILL_GREY_LEVELS) -> tuple[np.ndarray, np.ndarray]:
    """Frames from a motion code, and there the mean change to the next frame over the clip's mean, of clips that move.

    NaN where none does. The code at frame 0 begins the clip and does not count. Both are empty where no clip is long enough
    for another one.
    """
    distance, count = clips.about.motion_distance, clips.differences.shape[1]
    around = min(MAX_AROUND, distance // 2)
    codes = [code for code in range(distance, count, distance) if code + around <= count]
    if not codes:
        return np.empty(0, np.int64), np.empty(0)
    relative = relative_changes(clips, still)
    if not len(relative):
        return np.arange(-around, around), np.full(2 * around, np.nan)
    # differences[i] is from frame i to frame i + 1
    windows = np.stack([relative[:, code - around : code + around] for code in codes])
    return np.arange(-around, around), windows.reshape(-1, 2 * around).mean(axis=0)


def _still_limit(shown: Iterable[Shown]) -> float:
    """Mean change below which clips of a data set stand still: the limit of the warning `still`, at its shortest lag."""
    real = next((each.clips.differences.mean(axis=1) for each in shown if each.number is None), None)
    return still_below(None if real is None else float(np.median(real)))


def _draw_model(
    axes: Axes, shown: Shown, still: float, distances: list[int], sources: Sources
) -> list[tuple[str, str | None]]:
    """Its line; what is to be said of it in this panel. `distances` are those of its codes, of all data sets."""
    offsets, change = changes_around_codes(shown.clips, still)
    style = line_of(sources.colours, shown.number) | {"ms": 3}
    axes.plot(offsets, change, **style, label=f"{shown.name}, a code every {' or '.join(map(str, distances))} frames")
    distance = f"a code every {shown.clips.about.motion_distance} frames" if len(distances) > 1 else None
    too_short = None if len(offsets) else "no clip is long enough"
    return [(shown.name, said) for said in (_count(shown, still), distance, too_short)]


def _draw_real(axes: Axes, shown: Shown, still: float) -> list[tuple[str, str | None]]:
    relative = relative_changes(shown.clips, still)
    style = {"color": REAL_COLOUR, "alpha": 0.08, "lw": 0, "label": "real clips, nine in ten changes"}
    if len(relative):
        axes.axhspan(*np.quantile(relative, (0.05, 0.95)), **style)
    else:
        axes.add_patch(Rectangle((0, 0), 0, 0, **style))  # so that it is in the legend
    return [(shown.name, _count(shown, still))]


def _count(shown: Shown, still: float) -> str | None:
    """How many clips move, where not all do."""
    text = count_text(len(relative_changes(shown.clips, still)), len(shown.clips.differences))
    return None if text is None else f"{text} move"

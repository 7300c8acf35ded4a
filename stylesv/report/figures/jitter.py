"""Change from frame to frame around the frames where motion codes lie."""

import numpy as np
from jaxtyping import Float32
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stylesv.records.shown_clips import ShownClips
from stylesv.report.figures.counted_clips import count_text, counted
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
            for each in shown:
                _draw_real(axes, each) if each.number is None else _draw_model(axes, each, sources)
            axes.axvline(0, color="#a1a1aa", lw=1, zorder=0)
            axes.set_title(dataset if len(found) > 1 else "")
            axes.set_xlabel("frames from a motion code")
            axes.set_ylim(bottom=0)
        panels[0].set_ylabel("change to the next frame,\nover the clip's mean")
        add_legends(figure, panels)
    return figure


def relative_changes(clips: ShownClips) -> Float32[np.ndarray, "k t"]:
    """Change to every next frame over the clip's mean, of the clips that do not stand still."""
    mean = clips.differences.mean(axis=1, keepdims=True)
    return counted(np.divide(clips.differences, mean, out=np.full_like(clips.differences, np.nan), where=mean > 1e-3))


def changes_around_codes(clips: ShownClips) -> tuple[np.ndarray, np.ndarray]:
    """Frames from a motion code, and there the mean change to the next frame over the clip's mean, of clips that move.

    NaN where none does. The code at frame 0 begins the clip and does not count. Both are empty where no clip is long enough
    for another one.
    """
    distance, count = clips.about.motion_distance, clips.differences.shape[1]
    around = min(MAX_AROUND, distance // 2)
    codes = [code for code in range(distance, count, distance) if code + around <= count]
    if not codes:
        return np.empty(0, np.int64), np.empty(0)
    relative = relative_changes(clips)
    if not len(relative):
        return np.arange(-around, around), np.full(2 * around, np.nan)
    # differences[i] is from frame i to frame i + 1
    windows = np.stack([relative[:, code - around : code + around] for code in codes])
    return np.arange(-around, around), windows.reshape(-1, 2 * around).mean(axis=0)


def _draw_model(axes: Axes, shown: Shown, sources: Sources) -> None:
    offsets, change = changes_around_codes(shown.clips)
    style = line_of(sources.colours, shown.number) | {"ms": 3}
    label = f"{shown.name}, a code every {shown.clips.about.motion_distance} frames"
    axes.plot(
        offsets, change, **style, label=_counted(label, shown) if len(offsets) else f"{label}: no clip is that long"
    )


def _draw_real(axes: Axes, shown: Shown) -> None:
    relative = relative_changes(shown.clips)
    label = _counted("real clips, nine in ten changes", shown)
    if len(relative):
        low, high = np.quantile(relative, (0.05, 0.95))
        axes.axhspan(low, high, color=REAL_COLOUR, alpha=0.08, lw=0, label=label)
    else:
        axes.plot([], [], color=REAL_COLOUR, alpha=0.08, label=label)


def _counted(label: str, shown: Shown) -> str:
    """A label with the number of clips that move, where not all do."""
    text = count_text(len(relative_changes(shown.clips)), len(shown.clips.differences))
    return label if text is None else f"{label}; {text} move"

"""How every figure looks, in one place. The same input gives the same bytes: no dates, no versions, matplotlib's own fonts.

Models differ in colour, marker and line style, so that figures can be read in grey; real clips are black, floors grey.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import matplotlib
import numpy as np
from jaxtyping import UInt8
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from stylesv.files import write_bytes

MARKERS = "os^Dv<>"
DASHES = ("-", "--", "-.", (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5, 1, 1.5)), (0, (8, 2)), (0, (3, 1)))
HATCHES = ("", "///", "...", "xx", "\\\\\\", "oo", "++")
REAL_COLOUR = "#000000"
FLOOR_COLOUR = "#71717a"
RC = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e7",
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "hatch.linewidth": 0.6,
    "pdf.fonttype": 42,
    "svg.hashsalt": "stylesv",
}
KIMG_LABEL = "thousands of frames shown to the discriminator (kimg)"
WIDTH = 7.2  # inches
DPI = 160
TILE_PX = 64  # smallest side of a frame in a figure
GAP_PX = 3


@contextmanager
def styled(width: float = WIDTH, height: float = 4.2) -> Iterator[Figure]:
    """An empty figure, inches, in the project's style."""
    with matplotlib.rc_context(RC):
        yield Figure(figsize=(width, height), layout="constrained")


def colour_of(colours: Sequence[str], number: int) -> str:
    """Colour of the model of a number."""
    return colours[number % len(colours)]


def line_of(colours: Sequence[str], number: int) -> dict[str, object]:
    """Colour, marker and line style of the model of a number."""
    return {
        "color": colour_of(colours, number),
        "marker": MARKERS[number % len(MARKERS)],
        "ls": DASHES[number % len(DASHES)],
        "ms": 4.5,
        "lw": 1.7,
    }


def add_legends(figure: Figure, panels: Iterable[Axes], most: int = 5) -> None:
    """A legend in every panel; above all of them a common one where a panel has more than `most` lines, which it would hide."""
    named = [(axes, *axes.get_legend_handles_labels()) for axes in panels]
    if all(len(labels) <= most for _, _, labels in named):
        for axes, handles, labels in named:
            if labels:
                axes.legend(handles, labels, loc="best")
        return
    common = {label: handle for _, handles, labels in named for handle, label in zip(handles, labels, strict=True)}
    figure.legend(common.values(), common, loc="outside upper left", ncols=4)


def save_figure(figure: Figure, *, png: Path, pdf: Path) -> None:
    """Write a figure as PNG and PDF."""
    with matplotlib.rc_context(RC):
        FigureCanvasAgg(figure)
        for path, kind, metadata in (
            (png, "png", {"Software": None}),
            (pdf, "pdf", {"Creator": None, "Producer": None, "CreationDate": None}),
        ):
            content = io.BytesIO()
            figure.savefig(content, format=kind, dpi=DPI, metadata=metadata)
            write_bytes(path, content.getvalue())


def tiled(frames: UInt8[np.ndarray, "r c h w 3"], min_px: int = TILE_PX) -> UInt8[np.ndarray, "h2 w2 3"]:
    """Frames in rows and columns on white; small ones are enlarged by a whole factor, without smoothing."""
    rows, columns, height, width = frames.shape[:4]
    factor = max(1, -(-min_px // min(height, width)))
    large = frames.repeat(factor, axis=2).repeat(factor, axis=3)
    height, width = large.shape[2:4]
    canvas = np.full((rows, height + GAP_PX, columns, width + GAP_PX, 3), 255, np.uint8)
    canvas[:, :height, :, :width] = large.transpose(0, 2, 1, 3, 4)
    whole = canvas.reshape(rows * (height + GAP_PX), columns * (width + GAP_PX), 3)
    return whole[:-GAP_PX, :-GAP_PX]


def show_picture(axes: Axes, picture: UInt8[np.ndarray, "h w 3"], *, label: str = "") -> None:
    """A picture without axes, its name to the left."""
    axes.imshow(picture, interpolation="nearest", aspect="equal")
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.set_yticks([])
    axes.set_xticks([])
    if label:
        axes.set_ylabel(label, rotation=0, ha="right", va="center", labelpad=8)


def column_ticks(axes: Axes, count: int, labels: Sequence[str]) -> None:
    """A label below each of `count` columns of equal width of a picture."""
    width = axes.images[0].get_array().shape[1]
    axes.set_xticks([(number + 0.5) * width / count - 0.5 for number in range(count)], labels)
    axes.tick_params(length=0)


def say_nothing_to_draw(figure: Figure, reason: str) -> None:
    """A figure that says why it is empty."""
    figure.text(0.5, 0.5, reason, ha="center", va="center", color=FLOOR_COLOUR)

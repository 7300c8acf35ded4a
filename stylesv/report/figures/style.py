"""How every figure looks, in one place. The same input gives the same bytes: no dates, no versions, matplotlib's own fonts.

Models differ in colour, marker and line style, so that figures can be read in grey; real clips are black, floors grey.
"""

import io
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import matplotlib
import numpy as np
from jaxtyping import UInt8
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from stylesv.files import write_bytes

MARKERS = "os^Dv<>"
DASHES = ("-", "--", "-.", (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5, 1, 1.5)), (0, (8, 2)), (0, (3, 1)))
HATCHES = ("", "///", "...", "xx", "\\\\\\", "oo", "++")
REAL_COLOUR = "#000000"
FLOOR_COLOUR = "#71717a"
RC = {
    "font.family": "DejaVu Sans",
    "font.size": 10.0,
    "axes.titlesize": 10.0,
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
COLUMN_WIDTH = 3.6  # of a data set, where there are several
MAX_HEIGHT = 13.5  # of panels; a higher figure is not seen as a whole
DPI = 160
TILE_PX = 64  # smallest side of a frame in a figure
GAP_PX = 3


@contextmanager
def styled(width: float = WIDTH, height: float = 4.2) -> Iterator[Figure]:
    """An empty figure, inches, in the project's style."""
    with matplotlib.rc_context(RC):
        yield Figure(figsize=(width, height), layout="constrained")


def width_for(columns: int) -> float:
    """Inches of a figure with so many columns of panels."""
    return max(WIDTH, COLUMN_WIDTH * columns)


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
    """A legend in every panel; above all of them a common one where a panel has more than `most` lines, which it would hide, or
    is too narrow for its legend."""
    named = [(axes, *axes.get_legend_handles_labels()) for axes in panels]
    if all(len(labels) <= most and _fits(axes, labels) for axes, _, labels in named):
        for axes, handles, labels in named:
            if labels:
                axes.legend(handles, labels, loc="best")
        return
    add_common_legend(figure, [entry for _, *of_axes in named for entry in zip(*of_axes, strict=True)])


def add_common_legend(figure: Figure, entries: Iterable[tuple[Artist, str]]) -> None:
    """A legend above all panels, in as many columns as its longest label leaves room for.

    Entries of one name and look are one; where only the name is the same, all stay. The figure grows by what the legend needs
    beyond two lines.
    """
    common = {(label, _look(handle)): handle for handle, label in entries}
    room = figure.get_figwidth() - 0.2
    labels = [_wrapped(label, room - _entry_width("")) for label, _ in common]
    columns = max(1, int(room / max(map(_entry_width, labels), default=room)))
    rows = max(1, -(-len(labels) // columns))
    columns = -(-len(labels) // rows)  # the last row as full as it can be
    lines = rows * (1 + max((label.count("\n") for label in labels), default=0))
    figure.set_figheight(figure.get_figheight() + 0.18 * max(0, lines - 2))
    figure.legend(common.values(), labels, loc="outside upper left", ncols=max(1, columns))


def text_width(text: str, points: float) -> float:
    """Width of a text, inches: of the longest of its lines."""
    font = FontProperties(family=RC["font.family"], size=points)
    widths = [TextPath((0, 0), line, prop=font).get_extents().width if line else 0 for line in text.split("\n")]
    return float(max(widths)) / 72


def _entry_width(label: str) -> float:
    """Inches of a column of a legend: a line of 2 em, 0.8 em to its label, and 2 em to the next column, matplotlib's own."""
    return text_width(label, RC["legend.fontsize"]) + 4.8 * RC["legend.fontsize"] / 72


def _fits(axes: Axes, labels: Iterable[str]) -> bool:
    room = float(axes.get_position().width * axes.figure.get_figwidth())
    return max(map(_entry_width, labels), default=0.0) <= room


def _wrapped(label: str, room: float) -> str:
    width = text_width(label, RC["legend.fontsize"])
    return label if width <= room else textwrap.fill(label, max(1, int(0.9 * len(label) * room / width)))


def _look(handle: Artist) -> str:
    """Colour, line style, marker and hatch, as far as it has them."""
    names = ("color", "linestyle", "marker", "facecolor", "hatch")
    return str([getattr(handle, f"get_{name}")() for name in names if hasattr(handle, f"get_{name}")])


def save_figure(figure: Figure, *, png: Path, pdf: Path) -> None:
    """Write a figure as PNG and PDF."""
    with matplotlib.rc_context(RC):
        FigureCanvasAgg(figure)
        drawn = {png: io.BytesIO(), pdf: io.BytesIO()}
        figure.savefig(drawn[png], format="png", dpi=DPI, metadata={"Software": None})
        metadata = {"Creator": None, "Producer": None, "CreationDate": None}
        figure.savefig(drawn[pdf], format="pdf", dpi=DPI, metadata=metadata)
    for path, content in drawn.items():  # both are drawn before one is there
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
        axes.set_yticks([picture.shape[0] / 2 - 0.5], [label])
        axes.tick_params(axis="y", length=0, pad=8)


def show_no_picture(axes: Axes, *, label: str = "") -> None:
    """An empty panel, its name to the left."""
    show_picture(axes, np.full((1, 1, 3), 255, np.uint8), label=label)
    axes.set_aspect("auto")


def column_ticks(axes: Axes, count: int, labels: Sequence[str], inches: float) -> None:
    """A label below each of `count` columns of equal width of a picture `inches` wide; below some where they are too narrow."""
    width = axes.images[0].get_array().shape[1]
    points = RC["font.size"] if inches / count > 0.6 else 7.0
    step = int(1.1 * max(text_width(label, points) for label in labels) / (inches / count)) + 1
    places = [(number + 0.5) * width / count - 0.5 for number in range(count)]
    axes.set_xticks(places[::step], labels[::step])
    axes.tick_params(axis="x", length=0, labelsize=points)


def say_nothing_to_draw(figure: Figure, reason: str) -> None:
    """A figure that says why it is empty."""
    figure.text(0.5, 0.5, reason, ha="center", va="center", color=FLOOR_COLOUR)

"""Clips of which a number of a figure is known: one that stands still or is of one colour has none, and takes no other along."""

import textwrap
from collections.abc import Iterable

import numpy as np
from jaxtyping import Float32
from matplotlib.axes import Axes

FONT_SIZE = 8
CHARACTERS = 16  # of this size to an inch


def counted(values: Float32[np.ndarray, "n *rest"]) -> Float32[np.ndarray, "k *rest"]:
    """The clips that have numbers: those that are not NaN."""
    return values[np.isfinite(values).reshape(len(values), -1).any(axis=1)]


def count_text(number: int, of: int) -> str | None:
    """Such as `3 of 4 clips`; None where all count."""
    return None if number == of else f"{number} of {of} clips"


def say_counts(axes: Axes, counts: Iterable[tuple[str, str | None]]) -> None:
    """Below a panel's upper edge, of which models not every clip counts, or what else is to be said of them."""
    names: dict[str, list[str]] = {}
    for name, said in counts:
        if said is not None:
            names.setdefault(said, []).append(name)
    if names:
        parts = [", ".join(of) + f": {said}".replace(" ", "\N{NO-BREAK SPACE}") for said, of in names.items()]
        room = int(CHARACTERS * axes.get_position().width * axes.figure.get_figwidth())
        lines = textwrap.fill("; ".join(parts), room, break_on_hyphens=False, break_long_words=False)
        style = {"ha": "right", "va": "top", "fontsize": FONT_SIZE, "zorder": 5}
        box = {"facecolor": "white", "alpha": 0.75, "lw": 0, "pad": 1}
        axes.text(0.99, 0.98, lines.replace("\N{NO-BREAK SPACE}", " "), transform=axes.transAxes, **style, bbox=box)

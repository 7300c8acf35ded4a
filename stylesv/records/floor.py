"""The records of a score's floor and of its value at infinitely many clips (docs/protocols.md 8.1)."""

from typing import Literal

from stylesv.config.base import Settings


class Floor(Settings):
    """What a perfect generator would score with as many clips (`stylesv.metrics.floor`)."""

    value: float
    """Its expected score."""
    low: float
    """Lower end of where its scores fall."""
    high: float
    """Upper end."""
    error: float
    """Standard error of `value` by the number of draws; not by the choice of real clips."""
    level: float
    """Share of a perfect generator's scores between the ends."""
    draws: int
    """Perfect generators that were drawn."""
    method: Literal["halves", "gaussian"]
    """halves: drawn from the real clips, and corrected by disjoint halves of them; gaussian: drawn from a normal
    distribution with their moments, each clip of a video of its own, which is too low where tails are heavy."""
    halves_distance: float | None
    """Mean distance of two disjoint halves of the real videos; null for gaussian."""
    correction: float | None
    """Factor that halves gave; null for gaussian."""
    real_clips: int
    """Real clips that it holds for."""
    generated_clips: int
    """Generated clips that it holds for."""


class InfinityPoint(Settings):
    """Mean distance of the parts of a set."""

    real_clips: int
    """Real clips in a part."""
    generated_clips: int
    """Generated clips in a part."""
    distance: float
    """Mean distance of the parts."""


class Infinity(Settings):
    """The score at infinitely many clips (`stylesv.metrics.infinity`)."""

    value: float
    """Where a line through the points, against one over the number of clips, meets zero; below zero by chance."""
    points: tuple[InfinityPoint, ...]
    """What the line goes through: all clips, halves of them, thirds, ..."""

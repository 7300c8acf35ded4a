"""Settings of what stands beside a Fréchet score and comes from the same features."""

from typing import Annotated

from pydantic import Field

from stylesv.config.base import Count, Seed, Settings


class NeighbourSettings(Settings):
    """Precision, recall, density, coverage and copies, beside a Fréchet score (`stylesv.metrics.neighbours`)."""

    nearest: Count
    """Which neighbour the ball around a clip reaches to. prdc: 5."""
    max_clips: Annotated[int, Field(ge=10)]
    """At most this many clips of either side, drawn where there are more: time and memory grow with their square."""
    seed: Seed
    """Seed of that draw, and of the halves of the real videos that stand beside it."""


class FloorSettings(Settings):
    """What a perfect generator would score with as many clips, and what this one would with infinitely many."""

    draws: Annotated[int, Field(ge=20, le=100_000)]
    """Perfect generators that are drawn from the real clips (`stylesv.metrics.floor`)."""
    level: Annotated[float, Field(gt=0, lt=1)]
    """Share of their scores inside the floor's interval, such as 0.95."""
    parts: Annotated[int, Field(ge=2, le=16)]
    """Clips are cut into 1, 2, ... to so many parts, whose scores give the one at infinitely many
    (`stylesv.metrics.infinity`)."""
    seed: Seed
    """Seed of draws and parts."""

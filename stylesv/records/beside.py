"""The records of what stands beside a Fréchet score and comes from the same features (docs/protocols.md 7.4)."""

from stylesv.config.base import Settings

FIDELITY = {
    "kernel": "distance without a floor: 0 for a perfect generator, whatever the number of clips (x 1000)",
    "precision": "share of generated clips that look like some real one; low: clips look wrong",
    "recall": "share of real clips that some generated one looks like; low: kinds of clips are missing",
    "density": "the same as precision, counting how many real clips each looks like",
    "coverage": "the same as recall, and harder to please by chance; low: kinds of clips are missing",
}
"""What the numbers mean, for tables and the page."""


class FidelityScore(Settings):
    """A number of generated clips and of real ones."""

    name: str
    """kernel (distance, times 1000), precision, recall, density or coverage."""
    generated: float
    """Of the generated clips against the real ones."""
    real: float | None
    """Of one half of the real videos against the other: what it should be; null where they are too few."""


class NearestPair(Settings):
    """A generated clip and the real clip that is nearest to it in features."""

    generated: int
    """Number of the generated clip, from 0."""
    real: int
    """Number of the real clip among those that the protocol chooses, from 0."""
    distance: float
    """Their distance."""


class Memorisation(Settings):
    """How near generated clips come to real ones (`stylesv.metrics.neighbours`)."""

    generated_distance: float
    """Median distance of a generated clip from its nearest real one."""
    real_distance: float | None
    """Median distance of a real clip from the nearest of another video; null for a single video."""
    copy_distance: float
    """Generated clips at this distance or nearer count as copies: half of `real_distance`."""
    real_share: float
    """Share of real clips that are as near to one of another video: what a perfect generator has, too."""
    copies: int
    """Generated clips that do."""
    clips: int
    """Generated clips that were looked at."""
    pairs: tuple[NearestPair, ...]
    """The generated clips that are nearest to a real one, the nearest first."""

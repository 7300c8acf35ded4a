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
ARTEFACTS = {
    "sticking": "share of fine detail that stays at its pixels (0 moving, 1 stuck)",
    "spectrum_to_0": "share of fine detail in x-t and y-t slices that stands still",
    "spectrum_to_0.0625": "share of it that changes with 0 to 0.0625 cycles a frame",
    "spectrum_to_0.125": "share of it that changes with 0.0625 to 0.125 cycles a frame",
    "spectrum_to_0.25": "share of it that changes with 0.125 to 0.25 cycles a frame",
    "spectrum_to_0.5": "share of it that changes with 0.25 to 0.5 cycles a frame",
    "jitter": "frame difference at motion codes over that elsewhere (1 even)",
    "repetition": "highest likeness of frames a quarter to a half of the clip apart (1 the same again)",
}
"""What the numbers of `stylesv.metrics.artefacts` mean."""


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

"""What a person looks at: settings of clips that are shown, and of the figures that are drawn."""

from typing import Annotated, Literal

from pydantic import Field

from stylesv.config.base import Count, Fraction, Seed, Settings

FigureName = Literal[
    "curves",
    "ablation",
    "motion",
    "training",
    "samples",
    "strips",
    "slices",
    "sticking",
    "jitter",
    "decomposition",
    "long_video",
    "drift",
    "spectra",
]
"""Figures, in the order of the report."""

DRAWN_FROM: dict[FigureName, Literal["scores", "logs", "samples", "clips"]] = {
    "curves": "scores",
    "ablation": "scores",
    "motion": "scores",
    "training": "logs",
    "samples": "samples",
    "strips": "clips",
    "slices": "clips",
    "sticking": "clips",
    "jitter": "clips",
    "decomposition": "clips",
    "long_video": "clips",
    "drift": "clips",
    "spectra": "clips",
}
"""What each is drawn from."""

Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]


class ClipSettings(Settings):
    """Clips that a person looks at, and what figures of clips are drawn from."""

    num_clips: Count
    """Generated clips in a grid, and real ones in another beside it."""
    columns: Count
    """Clips in one row of the grid."""
    num_frames: Count
    """Frames of each film."""
    strip_clips: Count
    """Clips whose frames and slices through time are shown."""
    strip_frames: Count
    """Frames shown of each of them, evenly spaced."""
    long_clips: Count
    """Long clips: what jitter, drift and repetition are measured on."""
    long_frames: Count
    """Frames of each; real ones are as long as there are."""
    decomposition: Count
    """Contents, and as many motions, in the grid of content and motion."""
    truncation: Fraction
    """Truncation psi of the generated clips; 1 is none."""
    seed: Seed
    """Seed of the generated clips."""


class StyleSettings(Settings):
    """How figures are drawn."""

    colours: Annotated[tuple[Colour, ...], Field(min_length=1)]
    """Of models, in order; real clips are black."""


class FigureSettings(ClipSettings, StyleSettings):
    """The films and figures of an experiment."""

    snapshot: Literal["best", "last"]
    """Which snapshot of a run is shown: the one with the best score, or the last."""
    drawn: tuple[FigureName, ...] | None
    """Figures that are drawn; null: all that the experiment has something for."""

    @property
    def clips(self) -> ClipSettings:
        """What decides clips and what is measured on them."""
        return ClipSettings(**self.model_dump(include=set(ClipSettings.model_fields)))

    @property
    def style(self) -> StyleSettings:
        """What decides the look of figures alone."""
        return StyleSettings(**self.model_dump(include=set(StyleSettings.model_fields)))

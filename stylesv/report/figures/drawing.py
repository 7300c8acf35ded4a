"""Every figure by its name."""

from collections.abc import Callable
from pathlib import Path

from matplotlib.figure import Figure

from stylesv.config.figures import FigureName
from stylesv.errors import ConfigError
from stylesv.report.figures.ablation import draw_ablation
from stylesv.report.figures.curves import draw_curves
from stylesv.report.figures.decomposition import draw_decomposition
from stylesv.report.figures.drift import draw_drift
from stylesv.report.figures.jitter import draw_jitter
from stylesv.report.figures.motion import draw_motion
from stylesv.report.figures.samples import draw_samples_figure
from stylesv.report.figures.slices import draw_slices
from stylesv.report.figures.sources import Sources
from stylesv.report.figures.spectra import draw_spectra
from stylesv.report.figures.sticking import draw_sticking
from stylesv.report.figures.strips import draw_long_video, draw_strips
from stylesv.report.figures.style import save_figure
from stylesv.report.figures.training import draw_training

TITLES: dict[FigureName, str] = {
    "curves": "Scores over training",
    "ablation": "Models side by side",
    "motion": "Motion over training",
    "training": "Losses and logits over training",
    "samples": "Samples over training",
    "strips": "Frames over time",
    "slices": "One column of pixels over time",
    "sticking": "Texture sticking",
    "jitter": "Jitter at motion codes",
    "decomposition": "Content and motion apart",
    "long_video": "Long clips",
    "drift": "Drift and repetition of long clips",
    "spectra": "Power by spatial frequency",
}

DRAWN: dict[FigureName, Callable[[Sources], Figure]] = {
    "curves": draw_curves,
    "ablation": draw_ablation,
    "motion": draw_motion,
    "training": draw_training,
    "samples": draw_samples_figure,
    "strips": draw_strips,
    "slices": draw_slices,
    "sticking": draw_sticking,
    "jitter": draw_jitter,
    "decomposition": draw_decomposition,
    "long_video": draw_long_video,
    "drift": draw_drift,
    "spectra": draw_spectra,
}


def draw_figure(name: str, experiment: Path, *, png: Path, pdf: Path) -> None:
    """Draw one figure of an experiment from its record's file.

    Raises:
        ConfigError: there is no such figure, or the record cannot be read.
        DataError: something that it is drawn from cannot be read.
    """
    if name not in DRAWN:
        raise ConfigError(f"--figure {name}: no such figure; known: {', '.join(DRAWN)}")
    save_figure(DRAWN[name](Sources.of(experiment)), png=png, pdf=pdf)

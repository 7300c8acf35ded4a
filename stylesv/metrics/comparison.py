"""From two sets of features to numbers: the score, its interval, and what stands beside it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from stylesv.config.protocol import ProtocolSettings
from stylesv.metrics.artefacts import ARTEFACT_NAMES
from stylesv.metrics.bootstrap import bootstrap_interval
from stylesv.metrics.features import FeatureSet
from stylesv.metrics.frechet import (
    frechet_distance,
    frechet_distance_of_features,
    frechet_distance_of_few,
    has_few_clips,
)
from stylesv.metrics.inception_score import inception_score
from stylesv.metrics.kernel import kernel_distance
from stylesv.metrics.moments import Moments
from stylesv.seeding import numpy_generator


@dataclass(frozen=True)
class Estimate:
    """A mean over `count` clips with its standard error; None where no clip has such a number."""

    mean: float | None
    error: float | None
    count: int


def compare(real: FeatureSet, generated: FeatureSet) -> float:
    """The score of a protocol's metric."""
    settings = generated.origin.protocol.settings
    if settings.metric.startswith("frechet_"):
        return _frechet(real, generated, settings)
    return compare_features(real.features, generated.features, settings)


def compare_features(
    real: Float[np.ndarray, "n d"], generated: Float[np.ndarray, "m d"], settings: ProtocolSettings
) -> float:
    """The score from all features, as the bootstrap needs it."""
    if settings.kernel is not None:
        return kernel_distance(
            real,
            generated,
            subsets=settings.kernel.subsets,
            max_subset_size=settings.kernel.max_subset_size,
            random=numpy_generator(settings.kernel.seed, "kernel subsets"),
        )
    if settings.inception is not None:
        return score_probabilities(generated, settings)[0]
    return frechet_distance_of_features(real, generated, covariance=settings.covariance)


def score_probabilities(probabilities: Float[np.ndarray, "n d"], settings: ProtocolSettings) -> tuple[float, float]:
    """Inception score of one set, and its standard deviation over parts."""
    inception = settings.inception
    return inception_score(probabilities, splits=inception.splits, shuffle_seed=inception.shuffle_seed)


def interval_of(real: FeatureSet, generated: FeatureSet) -> tuple[float, float] | None:
    """Bootstrap interval of a score over videos; None if the protocol asks for none."""
    settings = generated.origin.protocol.settings
    if settings.bootstrap.resamples == 0:
        return None
    videos = tuple(np.arange(len(side.features)) if side.videos is None else side.videos for side in (real, generated))
    return bootstrap_interval(
        real.features,
        generated.features,
        distance=lambda a, b: compare_features(a, b, settings),
        resamples=settings.bootstrap.resamples,
        level=settings.bootstrap.level,
        seed=settings.bootstrap.seed,
        groups=videos,
    )


def late_distance(real: FeatureSet, late: Float[np.ndarray, "_ d"], settings: ProtocolSettings) -> float | None:
    """Fréchet distance of clips that start late from the real clips; None for fewer than two."""
    if len(late) < 2:
        return None
    if real.features is not None:
        return frechet_distance_of_features(real.features, late, covariance=settings.covariance)
    return frechet_distance(real.moments, Moments.from_features(late), covariance=settings.covariance)


def artefact_estimates(found: Float[np.ndarray, "k names"] | None) -> dict[str, Estimate]:
    """Mean and standard error of each number over clips, those that have none (NaN) left out."""
    estimates = {}
    for column, name in enumerate(ARTEFACT_NAMES):
        values = np.empty(0) if found is None else found[:, column][~np.isnan(found[:, column])]
        mean = float(values.mean()) if len(values) else None
        error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
        estimates[name] = Estimate(mean, error, len(values))
    return estimates


def _frechet(real: FeatureSet, generated: FeatureSet, settings: ProtocolSettings) -> float:
    few = has_few_clips(real.moments.count, generated.moments.count, feature_dim=len(real.moments.mean))
    if few and real.features is not None and generated.features is not None:
        return frechet_distance_of_few(real.features, generated.features, covariance=settings.covariance)
    return frechet_distance(real.moments, generated.moments, covariance=settings.covariance)

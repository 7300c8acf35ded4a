"""From two sets of features to numbers: the score, its interval, and what stands beside it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from stylesv.config.protocol import ProtocolSettings
from stylesv.metrics.artefacts import ARTEFACT_NAMES
from stylesv.metrics.beside import kernel_of
from stylesv.metrics.bootstrap import bootstrap_interval, frechet_interval
from stylesv.metrics.features import FeatureSet
from stylesv.metrics.floor import GeneratedClips, floor_of_features, floor_of_moments
from stylesv.metrics.frechet import (
    frechet_distance,
    frechet_distance_of_features,
    frechet_distance_of_few,
    has_few_clips,
)
from stylesv.metrics.inception_score import inception_score
from stylesv.metrics.infinity import extrapolate
from stylesv.metrics.moments import Moments
from stylesv.metrics.resampling import ResampledFrechet, once
from stylesv.records.floor import Floor, Infinity
from stylesv.records.protocol import Protocol


@dataclass(frozen=True)
class Estimate:
    """A mean over `count` clips with its standard error; None where no clip has such a number."""

    mean: float | None
    error: float | None
    count: int


def compare(real: FeatureSet, generated: FeatureSet) -> float:
    """The score of a protocol's metric."""
    settings = generated.origin.protocol.settings
    if settings.is_frechet:
        return _frechet(real, generated, settings)
    return compare_features(real.features, generated.features, settings)


def compare_features(
    real: Float[np.ndarray, "n d"], generated: Float[np.ndarray, "m d"], settings: ProtocolSettings
) -> float:
    """The score from all features, as the bootstrap needs it."""
    if settings.metric.startswith("kernel_"):
        return kernel_of(real, generated, settings.kernel)
    if settings.inception is not None:
        return score_probabilities(generated, settings)[0]
    return frechet_distance_of_features(real, generated, covariance=settings.covariance)


def score_probabilities(probabilities: Float[np.ndarray, "n d"], settings: ProtocolSettings) -> tuple[float, float]:
    """Inception score of one set, and its standard deviation over parts."""
    inception = settings.inception
    return inception_score(probabilities, splits=inception.splits, shuffle_seed=inception.shuffle_seed)


def resampled(real: FeatureSet, generated: FeatureSet) -> ResampledFrechet | None:
    """Fréchet distances of parts and resamples of both sides; None for other metrics, or where only moments are known."""
    settings = generated.origin.protocol.settings
    if not settings.is_frechet or real.features is None or generated.features is None:
        return None
    return ResampledFrechet(real.real_side(settings.covariance), generated.features)


def interval_of(
    real: FeatureSet, generated: FeatureSet, clips: ResampledFrechet | None = None
) -> tuple[float, float] | None:
    """Bootstrap interval of a score over videos; None if the protocol asks for none. `clips` are both sides' `resampled`."""
    settings = generated.origin.protocol.settings
    if settings.bootstrap.resamples == 0:
        return None
    options = {**settings.bootstrap.model_dump(), "groups": (real.groups, generated.groups)}
    if clips is not None:
        return frechet_interval(clips, **options)
    features = (real.features, generated.features)
    return bootstrap_interval(*features, distance=lambda a, b: compare_features(a, b, settings), **options)


def floor_of(real: FeatureSet, protocol: Protocol, *, num_generated: int) -> Floor | None:
    """What a perfect generator would score; None if no floor is asked for or can be known (`stylesv.metrics.floor`).

    Raises:
        DataError: there are fewer than two clips on a side.
    """
    settings = protocol.settings
    if settings.floor is None:
        return None
    options = {"covariance": settings.covariance, "settings": settings.floor}
    generated = GeneratedClips(num_generated, settings.generated.clips_per_video)
    if real.features is None:
        return floor_of_moments(real.moments, real.origin.clips.max_clips_per_video, generated, **options)
    return floor_of_features(real.features, real.groups, generated, **options)


def infinity_of(real: FeatureSet, generated: FeatureSet, clips: ResampledFrechet | None) -> Infinity | None:
    """The score at infinitely many clips; None if the protocol does not ask for it, or only moments are known."""
    settings = generated.origin.protocol.settings.floor
    if settings is None or clips is None:
        return None
    return extrapolate(clips, groups=(real.groups, generated.groups), parts=settings.parts, seed=settings.seed)


def late_distance(real: FeatureSet, late: Float[np.ndarray, "_ d"], settings: ProtocolSettings) -> float | None:
    """Fréchet distance of clips that start late from the real clips; None for fewer than two."""
    if len(late) < 2:
        return None
    if real.features is not None:
        side = real.real_side(settings.covariance)
        return ResampledFrechet(side, late).distance(once(len(real.features)), once(len(late)))
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

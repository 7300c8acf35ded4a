"""A score, and all that is needed to judge it: DESIGN's rule that a score is never a bare number."""

import json
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from pydantic import ValidationError

from stylesv import __version__
from stylesv.config.base import Settings
from stylesv.config.protocol import UsedProtocol, require_one_protocol
from stylesv.errors import DataError
from stylesv.files import write_text
from stylesv.metrics.bootstrap import bootstrap_interval
from stylesv.metrics.features import FeatureSet, GeneratedClips, RealClips, require_all_clips
from stylesv.metrics.frechet import frechet_distance, frechet_distance_of_features, has_few_clips


class ScoredRun(Settings):
    """What was scored."""

    run: str
    """Name of the run, or of the folder of clips."""
    dataset: str
    """Name of the data set."""
    model: str | None
    """Name of the model; null for a folder."""
    seed: int | None
    """Seed of the run; null for a folder."""
    kimg: int | None
    """Snapshot, in thousands of frames shown to the discriminator; null for a folder."""


class Interval(Settings):
    """Bootstrap interval of a score (`stylesv.metrics.bootstrap`)."""

    low: float
    """Lower end."""
    high: float
    """Upper end."""
    level: float
    """Share of the resamples inside."""
    resamples: int
    """Number of resamples."""


class Score(Settings):
    """One number, with everything that decides it."""

    metric: str
    """fvd or fid; rfvd or rfid with a random detector."""
    label: str
    """The metric as the papers write it: FVD16, rFVD16, FID."""
    value: float
    """The score; lower is better."""
    interval: Interval | None
    """Its bootstrap interval; null if the protocol asks for none."""
    few_clips: bool
    """Fewer clips than feature dimensions: covariances are singular, and the value depends strongly on their number."""
    scored: ScoredRun
    """What was scored."""
    protocol: UsedProtocol
    """Protocol: settings (resize filter and covariance normalisation among them), key and SHA-256 of the detector."""
    real: RealClips
    """Real clips."""
    generated: GeneratedClips
    """Generated clips."""
    versions: dict[str, str]
    """Versions of this package and of what it computed with."""


def score_features(real: FeatureSet, generated: FeatureSet, *, scored: ScoredRun) -> Score:
    """Score generated features against real ones.

    Raises:
        DataError: the two are not real and generated features, or not features of all clips.
        ConfigError: which fields of their protocols differ.
    """
    require_one_protocol([("real features", real.origin.protocol), ("generated features", generated.origin.protocol)])
    clips = (real.origin.clips, generated.origin.clips)
    if not isinstance(clips[0], RealClips) or not isinstance(clips[1], GeneratedClips):
        raise DataError("a score compares features of real clips with features of generated ones; check their order")
    for features in (real, generated):
        require_all_clips(features.moments.count, features.origin.clips.count)
    protocol = generated.origin.protocol
    few = has_few_clips(real.moments.count, generated.moments.count, feature_dim=len(real.moments.mean))
    return Score(
        metric=protocol.settings.metric_name,
        label=protocol.settings.metric_label,
        value=_distance(real, generated, few),
        interval=_interval(real, generated),
        few_clips=few,
        scored=scored,
        protocol=protocol,
        real=clips[0],
        generated=clips[1],
        versions=package_versions(),
    )


def package_versions() -> dict[str, str]:
    """Versions of this package, Python and the packages that decide numbers."""
    packages = {name: version(name) for name in ("torch", "numpy")}
    return {"stylesv": __version__, "python": platform.python_version(), **packages}


def write_score(path: Path, score: Score) -> None:
    """Write a score as readable JSON."""
    write_text(path, json.dumps(score.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n")


def read_score(path: Path) -> Score:
    """Read a score.

    Raises:
        DataError: it is missing or is not a score of this project.
    """
    try:
        return Score.model_validate_json(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such score; score the snapshot first") from error
    except (ValidationError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataError(f"{path}: not a score of this project ({reason}); score the snapshot again") from error


def compare_protocols(scores: Sequence[Score]) -> None:
    """Check that scores may stand in one table column.

    Raises:
        ConfigError: two protocols differ; the message names the scores and the fields.
    """
    require_one_protocol([(f"{s.scored.run} at {s.scored.kimg} kimg", s.protocol) for s in scores])


def _distance(real: FeatureSet, generated: FeatureSet, few: bool) -> float:
    covariance = generated.origin.protocol.settings.covariance
    if few:
        return frechet_distance_of_features(real.features, generated.features, covariance=covariance)
    return frechet_distance(real.moments, generated.moments, covariance=covariance)


def _interval(real: FeatureSet, generated: FeatureSet) -> Interval | None:
    settings = generated.origin.protocol.settings
    if settings.bootstrap.resamples == 0:
        return None
    low, high = bootstrap_interval(
        real.features,
        generated.features,
        distance=lambda a, b: frechet_distance_of_features(a, b, covariance=settings.covariance),
        resamples=settings.bootstrap.resamples,
        level=settings.bootstrap.level,
        seed=settings.bootstrap.seed,
    )
    return Interval(low=low, high=high, level=settings.bootstrap.level, resamples=settings.bootstrap.resamples)

"""A score, and all that is needed to judge it: DESIGN's rule that a score is never a bare number."""

import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from stylesv import __version__
from stylesv.config.base import Settings
from stylesv.config.protocol import UsedProtocol, require_one_protocol
from stylesv.config.protocol_plan import reference_of
from stylesv.errors import DataError
from stylesv.files import readable_json, write_text
from stylesv.metrics.comparison import (
    artefact_estimates,
    compare,
    interval_of,
    late_distance,
    score_probabilities,
)
from stylesv.metrics.features import FeatureSet, GeneratedClips, RealClips, require_all_clips
from stylesv.metrics.frechet import has_few_clips


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


class ArtefactScore(Settings):
    """A number of what FVD misses (`stylesv.metrics.artefacts`), for generated and for real clips."""

    name: str
    """sticking, spectrum_to_..., jitter or repetition."""
    generated: float | None
    """Mean over generated clips; null where none has such a number."""
    generated_error: float | None
    """Its standard error over clips."""
    generated_clips: int
    """Clips it is a mean of."""
    real: float | None
    """The same for real clips: what it should be."""
    real_error: float | None
    """Its standard error over clips."""
    real_clips: int
    """Clips it is a mean of."""


class DriftScore(Settings):
    """The score of clips that start late, against the same real clips."""

    start_time: int
    """First frame of the clips."""
    generated: float | None
    """Score of generated clips; null for fewer than two."""
    generated_clips: int
    """Their number."""
    real: float | None
    """Score of real clips that start there; null for fewer than two."""
    real_clips: int
    """Their number."""


class Score(Settings):
    """One number, with everything that decides it."""

    metric: str
    """fvd, fid, kid, is or isv; with an r before it for a random detector, cd for a modern video encoder."""
    label: str
    """The metric as the papers write it: FVD16, rFVD16, FID."""
    value: float
    """The score; lower is better, but higher for inception scores."""
    interval: Interval | None
    """Its bootstrap interval; null if the protocol asks for none."""
    real_value: float | None
    """Inception score of the real clips, beside that of the generated ones; null for distances."""
    split_std: float | None
    """Standard deviation of an inception score over its parts; null for distances."""
    few_clips: bool
    """Fewer clips than feature dimensions: covariances are singular, and the value depends strongly on their number."""
    artefacts: tuple[ArtefactScore, ...]
    """What FVD misses; empty if the protocol does not ask for it."""
    drift: tuple[DriftScore, ...]
    """Scores of clips that start late; empty if the protocol does not ask for them."""
    scored: ScoredRun
    """What was scored."""
    protocol: UsedProtocol
    """Protocol: settings (resize filter and covariance normalisation among them), key and SHA-256 of the detector."""
    real: RealClips
    """Real clips."""
    generated: GeneratedClips
    """Generated clips."""
    notes: tuple[str, ...]
    """What to know before the number is believed."""
    versions: dict[str, str]
    """Versions of this package and of what it computed with."""


def score_features(real: FeatureSet, generated: FeatureSet, *, scored: ScoredRun) -> Score:
    """Score generated features against real ones.

    Raises:
        DataError: the two are not real and generated features, not features of all clips, or of unequal resolution.
        ConfigError: which fields of their protocols differ.
    """
    made = {"real features": real.origin.protocol, "generated features": generated.origin.protocol}
    require_one_protocol([(name, reference_of(used)) for name, used in made.items()])
    clips = (real.origin.clips, generated.origin.clips)
    if not isinstance(clips[0], RealClips) or not isinstance(clips[1], GeneratedClips):
        raise DataError("a score compares features of real clips with features of generated ones; check their order")
    if clips[0].resolution_px != clips[1].resolution_px:
        raise DataError(
            f"real frames have {clips[0].resolution_px} px and generated ones {clips[1].resolution_px}: the detector's "
            "resizing alone would move the score; bring both to one resolution (--resolution)"
        )
    for features in (real, generated):
        require_all_clips(features.moments.count, features.origin.clips.count)
    protocol = generated.origin.protocol
    settings = protocol.settings
    is_frechet = settings.metric.startswith("frechet_")
    few = is_frechet and has_few_clips(clips[0].count, clips[1].count, feature_dim=len(real.moments.mean))
    ends, bootstrap = interval_of(real, generated), settings.bootstrap
    return Score(
        metric=settings.metric_name,
        label=settings.metric_label,
        value=compare(real, generated),
        interval=ends and Interval(low=ends[0], high=ends[1], level=bootstrap.level, resamples=bootstrap.resamples),
        real_value=score_probabilities(real.features, settings)[0] if settings.inception else None,
        split_std=score_probabilities(generated.features, settings)[1] if settings.inception else None,
        few_clips=few,
        artefacts=_artefact_scores(real, generated) if settings.artefacts else (),
        drift=_drift_scores(real, generated) if settings.drift else (),
        scored=scored,
        protocol=protocol,
        real=clips[0],
        generated=clips[1],
        notes=_notes(clips[0], clips[1], protocol, few),
        versions=package_versions(),
    )


def package_versions() -> dict[str, str]:
    """Versions of this package, Python and the packages that decide numbers."""
    packages = {name: version(name) for name in ("torch", "numpy")}
    return {"stylesv": __version__, "python": platform.python_version(), **packages}


def write_score(path: Path, score: Score) -> None:
    """Write a score as readable JSON, its numbers rounded to 10 digits.

    The last bits of an eigenvalue depend on how the linear algebra library happened to use its threads.
    """
    values = _rounded(score.model_dump(mode="json"))
    write_text(path, readable_json(values))


def _rounded(values: Any) -> Any:
    if isinstance(values, float):
        return float(f"{values:.10g}")
    if isinstance(values, dict):
        return {name: _rounded(value) for name, value in values.items()}
    return [_rounded(value) for value in values] if isinstance(values, list) else values


def read_score(path: Path) -> Score:
    """Read a score.

    Raises:
        DataError: it is missing, is not a score of this project, or has a number that is not finite.
    """
    try:
        return Score.model_validate_json(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such score; score the snapshot first") from error
    except (ValidationError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataError(f"{path}: not a score of this project ({reason}); score the snapshot again") from error


def _artefact_scores(real: FeatureSet, generated: FeatureSet) -> tuple[ArtefactScore, ...]:
    found, wanted = artefact_estimates(generated.artefacts), artefact_estimates(real.artefacts)
    return tuple(
        ArtefactScore(
            name=name,
            generated=found[name].mean,
            generated_error=found[name].error,
            generated_clips=found[name].count,
            real=wanted[name].mean,
            real_error=wanted[name].error,
            real_clips=wanted[name].count,
        )
        for name in found
    )


def _drift_scores(real: FeatureSet, generated: FeatureSet) -> tuple[DriftScore, ...]:
    settings = generated.origin.protocol.settings
    none = np.empty((0, len(real.moments.mean)), np.float32)
    rows = (
        (start, generated.late.get(start, none), real.late.get(start, none)) for start in settings.drift.start_times
    )
    return tuple(
        DriftScore(
            start_time=start,
            generated=late_distance(real, made, settings),
            generated_clips=len(made),
            real=late_distance(real, taken, settings),
            real_clips=len(taken),
        )
        for start, made, taken in rows
    )


def _notes(real: RealClips, generated: GeneratedClips, protocol: UsedProtocol, few: bool) -> tuple[str, ...]:
    settings = protocol.settings
    notes = []
    if few:
        notes.append(
            f"covariances are singular: {real.count} real and {generated.count} generated clips for "
            f"{settings.detector.feature_dim} feature dimensions; the value depends strongly on the number of clips"
        )
    if generated.count < settings.generated.num_clips:
        notes.append(
            f"{generated.count} generated clips where the protocol says {settings.generated.num_clips}: not comparable "
            "with scores of the full number"
        )
    if settings.real.max_clips is not None and real.count < settings.real.max_clips:
        notes.append(f"{real.count} real clips where the protocol allows {settings.real.max_clips}")
    if real.short_videos or generated.short_videos:
        notes.append(f"left out as too short: {real.short_videos} real and {generated.short_videos} generated videos")
    if settings.detector.sha256 is None and not settings.detector.is_random:
        notes.append(f"detector {settings.detector.name} was not checked against a known SHA-256")
    return tuple(notes)

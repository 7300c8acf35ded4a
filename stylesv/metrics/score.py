"""A score, and all that is needed to judge it: it is never a bare number (docs/protocols.md 1)."""

import platform
from importlib.metadata import version

import numpy as np

from stylesv import __version__
from stylesv.errors import DataError
from stylesv.metrics.beside import copy_warnings, fidelity_scores, memorisation_of
from stylesv.metrics.comparison import (
    artefact_estimates,
    compare,
    floor_of,
    infinity_of,
    interval_of,
    late_distance,
    resampled,
    score_probabilities,
)
from stylesv.metrics.features import FeatureSet, require_all_clips
from stylesv.metrics.frechet import has_few_clips
from stylesv.metrics.motion import ClipMotion
from stylesv.metrics.motion_comparison import compare_motion
from stylesv.metrics.motion_warnings import motion_warnings
from stylesv.records.floor import Floor
from stylesv.records.motion import MotionScore
from stylesv.records.protocol import UsedProtocol, require_one_protocol
from stylesv.records.score import ArtefactScore, DriftScore, GeneratedClipSet, Interval, RealClipSet, Score, ScoredRun

ClipSet = RealClipSet | GeneratedClipSet


def require_one_resolution(real: ClipSet, generated: ClipSet) -> None:
    """Refuse two sides whose frames have unequal sizes; called before anything is measured, which may take hours.

    Raises:
        DataError: they have.
    """
    if real.resolution_px != generated.resolution_px:
        raise DataError(
            f"real frames have {real.resolution_px} px and generated ones {generated.resolution_px}: the detector's "
            "resizing alone would move the score; bring both to one resolution (--resolution)"
        )


def score_features(real: FeatureSet, generated: FeatureSet, *, scored: ScoredRun, floor: Floor | None = None) -> Score:
    """Score generated features against real ones; `floor` is that of their protocol, measured here if it is not given.

    Raises:
        DataError: the two are not real and generated features, not features of all clips, or of unequal resolution.
        ConfigError: which fields of their protocols differ.
    """
    made = {"real features": real.origin.protocol, "generated features": generated.origin.protocol}
    require_one_protocol([(name, used.reference) for name, used in made.items()])
    clips = (real.origin.clips, generated.origin.clips)
    if not isinstance(clips[0], RealClipSet) or not isinstance(clips[1], GeneratedClipSet):
        raise DataError("a score compares features of real clips with features of generated ones; check their order")
    require_one_resolution(*clips)
    for features in (real, generated):
        require_all_clips(features.moments.count, features.origin.clips.count)
    protocol = generated.origin.protocol
    settings = protocol.settings
    few = settings.is_frechet and has_few_clips(clips[0].count, clips[1].count, feature_dim=len(real.moments.mean))
    motion = _motion(real, generated, width_px=clips[0].resolution_px) if settings.measured_motion else None
    pairs = resampled(real, generated)
    memorised = memorisation_of(real, generated)
    ends, bootstrap = interval_of(real, generated, pairs), settings.bootstrap
    floor = floor or floor_of(real, protocol, num_generated=clips[1].count)
    return Score(
        metric=settings.metric_name,
        label=settings.metric_label,
        value=compare(real, generated),
        interval=ends and Interval(low=ends[0], high=ends[1], level=bootstrap.level, resamples=bootstrap.resamples),
        real_value=score_probabilities(real.features, settings)[0] if settings.inception else None,
        split_std=score_probabilities(generated.features, settings)[1] if settings.inception else None,
        few_clips=few,
        floor=floor,
        infinity=infinity_of(real, generated, pairs),
        fidelity=fidelity_scores(real, generated),
        memorisation=memorised,
        artefacts=_artefact_scores(real, generated) if settings.artefacts else (),
        drift=_drift_scores(real, generated) if settings.drift else (),
        motion=motion,
        scored=scored,
        protocol=protocol,
        real=clips[0],
        generated=clips[1],
        notes=_notes(clips[0], clips[1], protocol, few, moves=motion is not None, has_floor=floor is not None),
        warnings=(*(motion_warnings(motion) if motion else ()), *copy_warnings(memorised)),
        versions=package_versions() | (generated.origin.computed_with or {}) | _told_apart(real, generated),
    )


def _told_apart(real: FeatureSet, generated: FeatureSet) -> dict[str, str]:
    """How the real side was computed, where it was otherwise."""
    made = generated.origin.computed_with or {}
    other = (real.origin.computed_with or {}).items()
    return {f"reference {name}": value for name, value in other if name in made and made[name] != value}


def package_versions() -> dict[str, str]:
    """Versions of this package, Python and the packages that decide numbers."""
    packages = {name: version(name) for name in ("torch", "numpy", "opencv-python-headless")}
    return {"stylesv": __version__, "python": platform.python_version(), **packages}


def _motion(real: FeatureSet, generated: FeatureSet, *, width_px: int) -> MotionScore | None:
    """None where one side has no two clips of neighbouring frames."""
    if real.motion is None or generated.motion is None:
        return None
    sides = (ClipMotion.from_rows(side.motion) for side in (real, generated))
    return compare_motion(*sides, width_px=width_px)


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


def _notes(
    real: RealClipSet, generated: GeneratedClipSet, protocol: UsedProtocol, few: bool, *, moves: bool, has_floor: bool
) -> tuple[str, ...]:
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
    if real.asked is not None:
        notes.append(f"the data set holds {real.asked.text}")
    if real.short_videos or generated.short_videos:
        notes.append(f"left out as too short: {real.short_videos} real and {generated.short_videos} generated videos")
    if settings.measured_motion is not None and not moves:
        notes.append("motion was not measured: there are no two clips of neighbouring frames")
    if settings.floor is not None and not has_floor:
        notes.append(
            "no floor: clips share videos or latents, and of too many clips to keep, or of too few videos, it is not known how "
            "alike these are; a perfect generator would not score 0"
        )
    if settings.detector.sha256 is None and settings.detector.is_file:
        notes.append(f"detector {settings.detector.name} was not checked against a known SHA-256")
    return tuple(notes)

"""Features of clips, and the file that keeps them with their moments and with what made them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Float64, Int64
from pydantic import Field, ValidationError

from stylesv.config.base import Settings
from stylesv.config.protocol import ProtocolSettings
from stylesv.errors import DataError, DetectorError
from stylesv.metrics.clip_selection import ClipSelection
from stylesv.metrics.moments import Covariance, Moments, require_finite
from stylesv.metrics.resampling import RealSide
from stylesv.records.array_file import read_arrays, write_arrays
from stylesv.records.protocol import UsedProtocol
from stylesv.records.score import GeneratedClipSet, RealClipSet


class FeatureOrigin(Settings):
    """What made a file of features."""

    protocol: UsedProtocol
    """Protocol, with the SHA-256 of the detector."""
    clips: RealClipSet | GeneratedClipSet
    """The clips."""
    computed_with: dict[str, str] | None = Field(default=None, exclude_if=lambda found: found is None)
    """What decides the last bits of the features; null: earlier versions did not say."""


@dataclass(frozen=True)
class FeatureSet:
    """Features of real or generated clips, their moments and their origin.

    `features` and `videos` (the number of each clip's video, uncut) are None where moments are all that the score needs.
    `artefacts` has the numbers of `stylesv.metrics.artefacts` for clips of their own, `late` the features of clips that
    start late, by their time; `motion` has rows of `stylesv.metrics.motion.ClipMotion`, of clips of their own, too.

    Raises:
        DetectorError: a feature or a moment is not finite.
    """

    features: Float32[np.ndarray, "n d"] | None
    moments: Moments
    origin: FeatureOrigin
    videos: Int64[np.ndarray, "n"] | None = None
    artefacts: Float64[np.ndarray, "k names"] | None = None
    late: dict[int, Float32[np.ndarray, "_ d"]] = field(default_factory=dict)
    motion: Float32[np.ndarray, "m row"] | None = None
    _sides: dict[Covariance, RealSide] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.features is not None:
            require_finite(self.features)
        if not (np.isfinite(self.moments.mean).all() and np.isfinite(self.moments.scatter).all()):
            raise DetectorError("moments of features are not finite (NaN or infinite); measure the clips again")
        for rows in self.late.values():
            require_finite(rows)

    def real_side(self, covariance: Covariance) -> RealSide:
        """Its features as the real side of distances; all sets that are compared with it share what it has decomposed."""
        if covariance not in self._sides:
            self._sides[covariance] = RealSide(self.features, covariance)
        return self._sides[covariance]

    @property
    def groups(self) -> Int64[np.ndarray, "n"]:
        """The video of each clip, or its own number where that is not known."""
        return np.arange(self.moments.count) if self.videos is None else self.videos


def describe_real_clips(
    selection: ClipSelection, *, films: Sequence[int], dataset: str, protocol: UsedProtocol, resolution_px: int
) -> RealClipSet:
    """The record of a selection of real clips; `films` has the film that each video was cut from."""
    videos = np.array([films[video] for video, _ in selection.clips])
    per_video = np.unique(videos, return_counts=True)[1]
    return RealClipSet(
        dataset=dataset,
        count=len(videos),
        num_videos=len(per_video),
        short_videos=selection.num_short_videos,
        max_clips_per_video=int(per_video.max()),
        frame_stride=protocol.settings.frame_stride,
        first_frames=protocol.settings.real.first_frames,
        selection_sha256=selection.sha256,
        resolution_px=resolution_px,
    )


def describe_generated_clips(*, source: str, protocol: UsedProtocol, resolution_px: int) -> GeneratedClipSet:
    """The record of clips generated from a snapshot as the protocol says."""
    settings = protocol.settings
    return GeneratedClipSet(
        source=source,
        count=settings.generated.num_clips,
        clips_per_video=settings.generated.clips_per_video,
        short_videos=0,
        seed=settings.generated.seed,
        start_time=settings.generated.start_time,
        frame_stride=settings.frame_stride,
        truncation=settings.generated.truncation,
        resolution_px=resolution_px,
    )


def needs_features(settings: ProtocolSettings, num_clips: int) -> bool:
    """Whether a score needs every clip's features, and not their moments alone, which take far less memory."""
    few = num_clips <= 4 * settings.detector.feature_dim
    return not settings.is_frechet or few or settings.needs_all_features or settings.drift is not None


def collect_features(
    rows: Iterable[Float32[np.ndarray, "_ d"]], *, keep: bool
) -> tuple[Float32[np.ndarray, "n d"] | None, Moments]:
    """Features shard by shard: their moments, and all of them if they are to be kept.

    Raises:
        DataError: there are none.
    """
    kept: list[np.ndarray] = []
    moments: Moments | None = None
    for shard in rows:
        moments = Moments.from_features(shard) if moments is None else moments.update(shard)
        if keep:
            kept.append(shard)
    if moments is None:
        raise DataError("no clips: at least 2 are needed")
    return (np.concatenate(kept) if keep else None), moments


def require_all_clips(num_features: int, num_clips: int) -> None:
    """Check that no clip was left out.

    Raises:
        DataError: there are fewer or more features than clips.
    """
    if num_features != num_clips:
        raise DataError(
            f"{num_features} clips have features, but {num_clips} were chosen; "
            "a part must not pass for the whole: extract them all again"
        )


def write_features(path: Path, found: FeatureSet) -> None:
    """Write features, their moments and their origin to one safetensors file, whole or not at all.

    Raises:
        DataError: the number of features is not the number of clips, or is below two.
    """
    moments = found.moments
    require_all_clips(moments.count, found.origin.clips.count)
    moments.covariance("population")
    optional = {
        "features": found.features,
        "videos": found.videos,
        "artefacts": found.artefacts,
        "motion": found.motion,
    }
    arrays = {
        "count": np.array([moments.count], np.int64),
        "mean": moments.mean,
        "scatter": moments.scatter,
        **{name: array for name, array in optional.items() if array is not None},
        **{f"late_{start}": rows for start, rows in found.late.items()},
    }
    write_arrays(path, arrays, found.origin.model_dump(mode="json"))


def read_features(path: Path) -> FeatureSet:
    """Read a file written by `write_features`.

    Raises:
        CheckpointError: it is missing or is not a file of this project.
        DataError: it is damaged, was changed since it was written, or holds no features.
        DetectorError: its features are not finite.
    """
    advice = "delete it and run again"
    arrays, header = read_arrays(path, what="file of features", advice=advice)
    try:
        origin = FeatureOrigin.model_validate_json(json.dumps(header))
        moments = Moments(int(arrays["count"][0]), arrays["mean"], arrays["scatter"])
    except (ValidationError, KeyError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataError(f"{path}: not a whole file of features ({reason}); {advice}") from error
    late = {int(name[5:]): rows for name, rows in arrays.items() if name.startswith("late_")}
    optional = (arrays.get(name) for name in ("videos", "artefacts"))
    try:
        return FeatureSet(arrays.get("features"), moments, origin, *optional, late, arrays.get("motion"))
    except DetectorError as error:
        raise DetectorError(f"{path}: {error}: delete it and run again") from error

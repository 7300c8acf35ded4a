"""Features of clips, and the file that keeps them with their moments and with what made them."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors.numpy
from jaxtyping import Float32, UInt8
from pydantic import ValidationError
from safetensors import SafetensorError
from torch import Tensor

from stylesv.config.base import Settings
from stylesv.config.protocol import UsedProtocol
from stylesv.errors import DataError
from stylesv.files import canonical_json, read_header, write_bytes
from stylesv.metrics.clip_selection import ClipSelection
from stylesv.metrics.detector import Detector
from stylesv.metrics.moments import Moments


class RealClips(Settings):
    """Which clips of a data set were taken."""

    dataset: str
    """Name of the data set with the key of its recipe, or of the folder of clips."""
    count: int
    """Number of clips."""
    num_videos: int
    """Number of videos they come from."""
    short_videos: int
    """Videos left out because a clip does not fit into them."""
    max_clips_per_video: int
    """Most clips taken from one video."""
    frame_stride: int
    """Distance between the frames of a clip, in frames."""
    first_frames: str
    """Rule of the first frames: random or spread."""
    selection_sha256: str
    """SHA-256 of the list of video numbers and frames."""


class GeneratedClips(Settings):
    """Which clips were generated."""

    source: str
    """Run and snapshot, or the folder of clips."""
    count: int
    """Number of clips."""
    seed: int | None
    """Seed of latents and motion noise; null for a folder."""
    start_time: int | None
    """Time of their first frame, in frames; null for a folder."""
    frame_stride: int
    """Distance between the frames of a clip, in frames."""
    truncation: float | None
    """Truncation psi; null for a folder."""


class FeatureOrigin(Settings):
    """What made a file of features."""

    protocol: UsedProtocol
    """Protocol, with the SHA-256 of the detector."""
    clips: RealClips | GeneratedClips
    """The clips."""


@dataclass(frozen=True)
class FeatureSet:
    """Features of real or generated clips, their moments and their origin."""

    features: Float32[np.ndarray, "n d"]
    moments: Moments
    origin: FeatureOrigin


def describe_real_clips(selection: ClipSelection, *, dataset: str, protocol: UsedProtocol) -> RealClips:
    """The record of a selection of real clips."""
    videos = [video for video, _ in selection.clips]
    return RealClips(
        dataset=dataset,
        count=len(videos),
        num_videos=len(set(videos)),
        short_videos=selection.num_short_videos,
        max_clips_per_video=max(videos.count(video) for video in set(videos)),
        frame_stride=protocol.settings.frame_stride,
        first_frames=protocol.settings.real.first_frames,
        selection_sha256=selection.sha256,
    )


def describe_generated_clips(*, source: str, protocol: UsedProtocol) -> GeneratedClips:
    """The record of clips generated from a snapshot as the protocol says."""
    settings = protocol.settings
    return GeneratedClips(
        source=source,
        count=settings.generated.num_clips,
        seed=settings.generated.seed,
        start_time=settings.generated.start_time,
        frame_stride=settings.frame_stride,
        truncation=settings.generated.truncation,
    )


def extract_features(
    detector: Detector, clip_batches: Iterable[UInt8[Tensor, "_ t c h w"]]
) -> Float32[np.ndarray, "n d"]:
    """Features of all clips, in order.

    Raises:
        DataError: there is no clip.
        DetectorError: features are not finite or of another shape.
    """
    features = [detector(batch).numpy() for batch in clip_batches]
    if not features:
        raise DataError(f"no clips for detector {detector.name}: at least 2 are needed")
    return np.concatenate(features)


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


def write_features(path: Path, features: Float32[np.ndarray, "n d"], origin: FeatureOrigin) -> None:
    """Write features, their moments and their origin to one safetensors file, whole or not at all.

    Raises:
        DataError: the number of features is not the number of clips, or is below two.
    """
    require_all_clips(len(features), origin.clips.count)
    moments = Moments.from_features(features)
    moments.covariance("population")
    arrays = {
        "features": np.ascontiguousarray(features),
        "count": np.array([moments.count], np.int64),
        "mean": moments.mean,
        "scatter": moments.scatter,
    }
    header = canonical_json(origin.model_dump(mode="json"))
    write_bytes(path, safetensors.numpy.save(arrays, metadata={"header": header}))


def read_features(path: Path) -> FeatureSet:
    """Read a file written by `write_features`.

    Raises:
        CheckpointError: it is missing or is not a file of this project.
        DataError: it is damaged or holds no features.
    """
    header = read_header(path)
    try:
        origin = FeatureOrigin.model_validate_json(json.dumps(header))
        arrays = safetensors.numpy.load_file(path)
        moments = Moments(int(arrays["count"][0]), arrays["mean"], arrays["scatter"])
        return FeatureSet(arrays["features"], moments, origin)
    except (ValidationError, SafetensorError, KeyError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DataError(f"{path}: not a whole file of features ({reason}); delete it and run again") from error

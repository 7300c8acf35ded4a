"""How snapshots are scored (PAPER section 4, SPEC section 8), and when two scores may be compared.

Protocol alone moves the published FVD of one checkpoint by a factor of 1.6, so all of it is settings, and the key over
these settings goes with every score.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from stylesv.config.base import Settings
from stylesv.errors import ConfigError

Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0)]

RANDOM_I3D = "random-i3d"


class RealClipSettings(Settings):
    """Which clips of the data set stand for the real distribution."""

    max_clips: Count
    """At most this many real clips. Papers: 2048, and fewer where there are fewer videos, which they do not report."""
    max_clips_per_video: Count
    """At most this many clips from one video; every video gives its first clip before any gives a second. Clips of one
    video overlap where it is short. Papers: 1."""
    first_frames: Literal["random", "spread"]
    """First frames of a video's clips. `random`: drawn from all that fit, without repetition (papers); `spread`: evenly
    from the first that fits to the last, and in the middle for a single clip."""
    seed: Seed
    """Seed of `random` first frames; unused by `spread`."""


class GeneratedClipSettings(Settings):
    """Which clips are drawn from a generator."""

    num_clips: Annotated[int, Field(ge=2)]
    """Number of generated clips, each with latents of its own. Papers: 2048 for FVD, 50000 frames for FID."""
    seed: Seed
    """Seed of their latents and motion noise. The published code draws from the unseeded global generator."""
    start_time: Annotated[int, Field(ge=0)]
    """Time of their first frame, in frames. Papers: 0."""
    truncation: Annotated[float, Field(ge=0, le=1)]
    """Truncation psi; 1 is none (papers)."""


class FeatureDetectorSettings(Settings):
    """The network whose features are compared."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
    """`random-i3d`: I3D with fixed-seed random weights, for the demo and tests, whose scores are called rfvd and rfid;
    or the stem of a TorchScript file, e.g. i3d_torchscript (SPEC section 8)."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None
    """SHA-256 of the TorchScript file; null for random-i3d, whose hash is recorded with every score."""
    resize_px: Annotated[int, Field(ge=32, le=1024)] | None
    """Height and width of the frames the detector sees, in pixels; null for a TorchScript file, which resizes itself."""
    resize_filter: Literal["bilinear", "bicubic"] | None
    """Antialiased filter of that resize; null for a TorchScript file."""

    @model_validator(mode="after")
    def _consistent(self) -> "FeatureDetectorSettings":
        if self.name.startswith("random-") and self.name != RANDOM_I3D:
            raise ValueError(
                f"detector {self.name} is unknown; allowed: {RANDOM_I3D}, or the stem of a TorchScript file"
            )
        random = self.name == RANDOM_I3D
        if random and self.sha256 is not None:
            raise ValueError(f"sha256 is the hash of a file, and {RANDOM_I3D} is none; set it to null")
        if random and (self.resize_px is None or self.resize_filter is None):
            raise ValueError(f"{RANDOM_I3D} needs resize_px (such as 64) and resize_filter (bilinear or bicubic)")
        if not random and self.sha256 is None:
            raise ValueError(f"detector {self.name} needs sha256, the 64 hex digits that `sha256sum FILE` prints")
        if not random and (self.resize_px is not None or self.resize_filter is not None):
            raise ValueError(f"detector {self.name} resizes frames itself; set resize_px and resize_filter to null")
        return self


class BootstrapSettings(Settings):
    """The interval around a score."""

    resamples: Annotated[int, Field(ge=0, le=100_000)]
    """Number of times that real and generated clips are drawn again with replacement; 0: no interval."""
    level: Annotated[float, Field(gt=0, lt=1)]
    """Share of the resamples inside the interval, such as 0.95."""
    seed: Seed
    """Seed of the resamples."""


class ProtocolSettings(Settings):
    """One way of scoring snapshots."""

    metric: Literal["frechet_video", "frechet_image"]
    """Fréchet distance between features of clips (FVD), or of single frames (FID)."""
    num_frames: Count
    """Frames in a clip; 1 for frechet_image. Papers: 16 and 128."""
    frame_stride: Count
    """Distance between the frames of a clip, in frames, for real and generated clips alike. Papers: 1, or 8."""
    real: RealClipSettings
    """Real clips."""
    generated: GeneratedClipSettings
    """Generated clips."""
    detector: FeatureDetectorSettings
    """Feature network."""
    covariance: Literal["population", "sample"]
    """Divide by the number of clips (`population`, the published code) or by one less (`sample`)."""
    bootstrap: BootstrapSettings
    """Interval around the score."""

    @model_validator(mode="after")
    def _consistent(self) -> "ProtocolSettings":
        if self.metric == "frechet_image" and (self.num_frames, self.frame_stride) != (1, 1):
            raise ValueError(
                f"frechet_image compares single frames, but num_frames is {self.num_frames} and frame_stride "
                f"{self.frame_stride}; set both to 1, or metric to frechet_video"
            )
        if self.metric == "frechet_video" and self.num_frames == 1:
            raise ValueError("frechet_video needs clips of at least 2 frames; raise num_frames, or take frechet_image")
        return self

    @property
    def span(self) -> int:
        """Frames from a clip's first frame to its last, both counted."""
        return (self.num_frames - 1) * self.frame_stride + 1

    @property
    def metric_name(self) -> str:
        """fvd or fid; rfvd or rfid with a random detector, so that the two can never be mistaken."""
        name = "fvd" if self.metric == "frechet_video" else "fid"
        return f"r{name}" if self.detector.name == RANDOM_I3D else name

    @property
    def metric_label(self) -> str:
        """As the papers write it: FVD16, FVD128, FID; with an r before it for a random detector."""
        frames = str(self.num_frames) if self.metric == "frechet_video" else ""
        return self.metric_name[:-3] + self.metric_name[-3:].upper() + frames


class UsedProtocol(Settings):
    """The protocol that made a score."""

    name: str
    """Name of its file in config/protocols."""
    key: Annotated[str, Field(pattern=r"^[0-9a-f]{8}$")]
    """Key over its settings and the version of the scoring code (`recipe_key`)."""
    settings: ProtocolSettings
    """Its settings."""
    detector_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of the detector that was run: its file, or the weights of random-i3d."""


def require_one_protocol(used: Sequence[tuple[str, UsedProtocol]]) -> None:
    """Check that scores, each a name and its protocol, may stand in one column.

    Raises:
        ConfigError: two of them differ in key or detector; the message says in which fields.
    """
    for name, protocol in used[1:]:
        first_name, first = used[0]
        if (protocol.key, protocol.detector_sha256) == (first.key, first.detector_sha256):
            continue
        fields = differing_fields(first.settings.model_dump(mode="json"), protocol.settings.model_dump(mode="json"))
        if first.detector_sha256 != protocol.detector_sha256:
            fields.append(f"detector's SHA-256: {first.detector_sha256[:12]}... and {protocol.detector_sha256[:12]}...")
        reason = "; ".join(fields) or "same settings, but another version of the scoring code"
        raise ConfigError(
            f"{first_name} (protocol {first.name}-{first.key}) and {name} (protocol {protocol.name}-{protocol.key}) "
            f"cannot be compared: {reason}; score both under one protocol, or put them in separate tables"
        )


def differing_fields(first: Mapping[str, Any], second: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Where two nested mappings differ, as `real.max_clips: 256 and 512`."""
    lines: list[str] = []
    for name in dict.fromkeys([*first, *second]):
        a, b = first.get(name), second.get(name)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            lines += differing_fields(a, b, f"{prefix}{name}.")
        elif a != b:
            lines.append(f"{prefix}{name}: {a} and {b}")
    return lines

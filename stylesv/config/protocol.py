"""How snapshots are scored (docs/protocols.md 1 to 5), and when two scores may be compared.

Protocol alone moves the published FVD of one checkpoint by a factor of 1.6, so all of it is settings, and the key over
these settings goes with every score.
"""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, model_validator

from stylesv.config.base import Count, Fraction, Seed, Settings
from stylesv.config.beside import FloorSettings, NeighbourSettings
from stylesv.config.detector import FeatureDetectorSettings

Metric = Literal["frechet_video", "frechet_image", "kernel_image", "inception_image", "inception_video"]

SHORT_NAMES = {
    "frechet_video": "fvd",
    "frechet_image": "fid",
    "kernel_image": "kid",
    "inception_image": "is",
    "inception_video": "isv",
}
# besides random-i3d, whose logits stand in for any features, and for probabilities after a softmax
KINDS_OF_METRIC = {
    "frechet_video": ("i3d_weights", "i3d_torchscript", "encoder_torchscript", "transnetv2", "content_and_change"),
    "frechet_image": ("inception_torchscript", "efficientnet_lite0"),
    "kernel_image": ("inception_torchscript", "efficientnet_lite0"),
    "inception_image": ("inception_probabilities", "efficientnet_lite0_probabilities"),
    "inception_video": ("c3d_probabilities",),
}
# before the name of a metric, where the detector is not the papers': a number is never mistaken for theirs
PREFIXES = {
    "random_i3d": "r",
    "encoder_torchscript": "cd",
    "efficientnet_lite0": "e",
    "efficientnet_lite0_probabilities": "e",
    "transnetv2": "t",
    "content_and_change": "e",
}
# a Frechet video distance of other features than I3D's is no FVD (Unterthiner et al. 2018)
OWN_SHORT_NAMES = {"transnetv2": "vd", "content_and_change": "vd"}

BESIDE: dict[str, None] = {"neighbours": None, "floor": None, "artefacts": None, "drift": None}
"""Settings of what stands beside a score and changes no choice of a snapshot."""


class RealClipSettings(Settings):
    """Which clips of the data set stand for the real distribution."""

    max_clips: Count | None
    """At most this many real clips; null: all. Papers: 2048, and fewer where there are fewer videos, which they do not
    report."""
    max_clips_per_video: Count | None
    """At most this many clips from one video; null: all that fit. Every video gives its first clip before any gives a
    second. Clips of one video overlap where it is short. Papers: 1, and every frame for FID and KID."""
    first_frames: Literal["random", "spread"]
    """First frames of a video's clips. `random`: drawn from all that fit, without repetition (papers); `spread`: evenly
    from the first that fits to the last, and in the middle for a single clip."""
    whole_strides: bool
    """Only videos of num_frames * frame_stride frames or more (papers); false: every video that a clip fits into."""
    seed: Seed
    """Seed of `random` first frames; unused by `spread`."""


class GeneratedClipSettings(Settings):
    """Which clips are drawn from a generator."""

    num_clips: Annotated[int, Field(ge=2)]
    """Number of generated clips. Papers: 2048 for FVD, 50000 frames for FID."""
    clips_per_video: Count
    """Clips from one generated video, one behind the other. Papers: 1, and 16 (frames of one latent) for FID, KID, IS."""
    seed: Seed
    """Seed of their latents and motion noise. The published code draws from the unseeded global generator."""
    start_time: NonNegativeInt
    """Time of their first frame, in frames. Papers: 0."""
    truncation: Fraction
    """Truncation psi; 1 is none (papers)."""


class KernelSettings(Settings):
    """Kernel distance (Binkowski et al. 2018)."""

    subsets: Count
    """Number of subsets whose unbiased distances are averaged. Papers: 100."""
    max_subset_size: Annotated[int, Field(ge=2)]
    """Clips of either kind in a subset, or as many as there are. Papers: 1000."""
    seed: Seed
    """Seed of the subsets. The published code draws from the unseeded global generator."""


class InceptionSettings(Settings):
    """Inception score (Salimans et al. 2016)."""

    splits: Count
    """Parts that are scored one by one; the score is their mean. Papers: 10."""
    shuffle_seed: Seed | None
    """Seed of NumPy's RandomState that shuffles clips before they are split; null: in order (papers: 42 for videos)."""


class BootstrapSettings(Settings):
    """The interval around a score."""

    resamples: Annotated[int, Field(ge=0, le=100_000)]
    """Number of times that real videos and generated clips are drawn again with replacement; 0: no interval."""
    level: Annotated[float, Field(gt=0, lt=1)]
    """Share of the resamples inside the interval, such as 0.95."""
    seed: Seed
    """Seed of the resamples."""


class ArtefactSettings(Settings):
    """What FVD misses, measured on pixels of generated and real clips (`stylesv.metrics.artefacts`)."""

    num_clips: Annotated[int, Field(ge=2)]
    """Generated clips, and at most as many real ones (one a video, the first that fits)."""
    num_frames: Annotated[int, Field(ge=8)]
    """Frames of these clips; more than motion_distance, or jitter is left out."""
    motion_distance: Annotated[int, Field(ge=2)]
    """Frames between motion codes, at whose multiples jitter is looked for. StyleSV: 256; StyleGAN-V: 16."""


class DriftSettings(Settings):
    """Scores of clips that start late, against the same real clips (`frechet_video` only)."""

    start_times: Annotated[tuple[NonNegativeInt, ...], Field(min_length=1)]
    """First frames of the clips, such as 0, 128, ..., 1024."""
    num_clips: Annotated[int, Field(ge=2)]
    """Generated clips for each of them."""


class MotionSettings(Settings):
    """How clips move, beside real ones (`stylesv.metrics.motion`); of metrics of clips."""

    num_clips: Annotated[int, Field(ge=2)]
    """Generated clips, and at most as many real ones, drawn from all films (one of each before any gives a second)."""
    num_frames: Annotated[int, Field(ge=2)]
    """Neighbouring frames of these clips; fewer where half of the videos are shorter. 17 or more have differences at lag 16;
    repetitions are found up to half of them."""
    decides: bool
    """Whether the best snapshot is looked for among those whose clips change and flow at least half and at most twice as much as
    real ones."""


class ProtocolSettings(Settings):
    """One way of scoring snapshots."""

    metric: Metric
    """Frechet distance between features of clips (FVD) or of single frames (FID), kernel distance of frames (KID),
    inception score of frames (IS) or of clips (ISV)."""
    num_frames: Count
    """Frames in a clip; 1 for metrics of images. Papers: 16 and 128."""
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
    kernel: KernelSettings | None
    """Kernel distance: the score for kernel_image, beside it for frechet_*; null: none."""
    neighbours: NeighbourSettings | None
    """Precision, recall, density, coverage and copies beside frechet_*; null: none."""
    inception: InceptionSettings | None
    """For inception_image and inception_video; null for other metrics."""
    bootstrap: BootstrapSettings
    """Interval around the score."""
    floor: FloorSettings | None
    """What a perfect generator would score, for frechet_*; null: not measured."""
    artefacts: ArtefactSettings | None
    """Texture sticking, jitter and repetition; null: not measured."""
    drift: DriftSettings | None
    """Scores of clips that start late; null: not measured."""
    motion: MotionSettings | None
    """How clips move; null: not measured. Of no effect on metrics of single frames (`measured_motion`)."""

    @model_validator(mode="after")
    def _consistent(self) -> "ProtocolSettings":
        if self.is_of_images and (self.num_frames, self.frame_stride) != (1, 1):
            raise ValueError(
                f"{self.metric} compares single frames, but num_frames is {self.num_frames} and frame_stride "
                f"{self.frame_stride}; set both to 1, or metric to frechet_video"
            )
        if not self.is_of_images and self.num_frames == 1:
            raise ValueError(f"{self.metric} needs clips of at least 2 frames; raise num_frames, or take frechet_image")
        kinds = KINDS_OF_METRIC[self.metric]
        if not self.detector.is_random and self.detector.kind not in kinds:
            allowed = ", ".join(("random_i3d", *kinds))
            raise ValueError(f"{self.metric} cannot use a detector of kind {self.detector.kind}; allowed: {allowed}")
        if self.metric.startswith("kernel_") and self.kernel is None:
            raise ValueError(f"kernel must be given for {self.metric}")
        if self.metric.startswith("inception_") != (self.inception is not None):
            raise ValueError(f"inception must be given for inception_* metrics and be null for others ({self.metric})")
        beside = {"floor": self.floor, "neighbours": self.neighbours}
        if not self.metric.startswith("kernel_"):
            beside["kernel"] = self.kernel
        if not self.is_frechet and (given := [name for name, value in beside.items() if value is not None]):
            raise ValueError(f"{', '.join(given)} belong to frechet_* metrics, not to {self.metric}; set them to null")
        if self.detector.kind == "content_and_change" and self.num_frames < 9:
            raise ValueError(f"{self.detector.name} measures change over 8 frames, but num_frames is {self.num_frames}")
        if self.drift is not None and self.metric != "frechet_video":
            raise ValueError(f"drift is measured by frechet_video, not by {self.metric}; set it to null")
        return self

    def for_key(self) -> "ProtocolSettings":
        """These settings with what decides no number at fixed values: an address, a seed that nothing draws from, and motion of
        single frames."""
        real = self.real if self.real.first_frames == "random" else self.real.model_copy(update={"seed": 0})
        detector = self.detector.model_copy(update={"url": None})
        return self.model_copy(update={"real": real, "detector": detector, "motion": self.measured_motion})

    def for_real_clips(self) -> "ProtocolSettings":
        """These settings with what cannot change the features of the real clips at fixed values.

        Protocols that differ in nothing else share one reference.
        """
        generated = GeneratedClipSettings(num_clips=2, clips_per_video=1, seed=0, start_time=0, truncation=1)
        # some numbers need every clip's features, and not their moments alone; which of them is open
        bootstrap = BootstrapSettings(resamples=int(self.needs_all_features), level=0.5, seed=0)
        motion = self.measured_motion and self.measured_motion.model_copy(update={"decides": False})
        fixed = {"generated": generated, "bootstrap": bootstrap, "covariance": "population", "motion": motion}
        fixed |= {
            "neighbours": None,
            "floor": None,
            "kernel": self.kernel if self.metric.startswith("kernel_") else None,
        }
        return self.for_key().model_copy(update=fixed)

    def for_choice(self) -> "ProtocolSettings":
        """These settings with what cannot change which snapshot is the best at fixed values: what stands beside a score."""
        bootstrap = BootstrapSettings(resamples=0, level=0.5, seed=0)
        kernel = None if self.is_frechet else self.kernel
        fixed = BESIDE | {"bootstrap": bootstrap, "kernel": kernel}
        if not self.motion_decides:
            fixed["motion"] = None
        return self.for_key().model_copy(update=fixed)

    @property
    def is_of_images(self) -> bool:
        """Whether single frames are compared."""
        return self.metric.endswith("_image")

    @property
    def measured_motion(self) -> MotionSettings | None:
        """How motion is measured; None for single frames, so that one setting in config.yaml serves all protocols."""
        return None if self.is_of_images else self.motion

    @property
    def motion_decides(self) -> bool:
        """Whether the best snapshot is looked for among those whose clips move."""
        return self.measured_motion is not None and self.measured_motion.decides

    @property
    def needs_all_features(self) -> bool:
        """Whether something beside the distance itself needs every clip's features."""
        return self.bootstrap.resamples > 0 or self.kernel is not None or self.neighbours is not None

    @property
    def is_frechet(self) -> bool:
        """Whether the score is a Fréchet distance."""
        return self.metric.startswith("frechet_")

    @property
    def higher_is_better(self) -> bool:
        """Whether a higher score is better: for inception scores, which are no distances."""
        return self.metric.startswith("inception_")

    @property
    def span(self) -> int:
        """Frames from a clip's first frame to its last, both counted."""
        return (self.num_frames - 1) * self.frame_stride + 1

    @property
    def metric_name(self) -> str:
        """fvd, fid, kid, is, isv; with r before it for a random detector and cd for a modern video encoder (content
        debiased), so that they can never be mistaken; efid, ekid, eis, tvd and evd for the networks of packages."""
        return self._prefix + self._short_name

    @property
    def metric_label(self) -> str:
        """As the papers write it: FVD16, FVD128, FID; FVD16-s8 for every 8th frame; with r, cd, e or t before it."""
        frames = "" if self.is_of_images else str(self.num_frames)
        stride = f"-s{self.frame_stride}" if self.frame_stride > 1 else ""
        return self._prefix + self._short_name.upper() + frames + stride

    @property
    def _prefix(self) -> str:
        return PREFIXES.get(self.detector.kind, "")

    @property
    def _short_name(self) -> str:
        return OWN_SHORT_NAMES.get(self.detector.kind, SHORT_NAMES[self.metric])

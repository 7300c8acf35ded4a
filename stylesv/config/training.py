"""What decides a training run's content, apart from the networks themselves (docs/model.md 4 to 9).

Every value has its published default, with its source, in `config/config.yaml`; here is only what is allowed. Numbers
named `_kclips` count thousands of clips (generated or real videos of a batch), as the published moving average and
augmentation schedule do; `kimg` elsewhere counts thousands of frames.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from stylesv.config.base import Count, Fraction, NonNegative, Positive, Settings

BelowOne = Annotated[float, Field(ge=0, lt=1)]


class FrameSamplingSettings(Settings):
    """Which frames of a video make a clip (docs/model.md 8)."""

    kind: Literal["random", "uniform"]
    """`random`: first and last frame at a drawn span, the others anywhere between; `uniform`: equal distances."""
    distances: Annotated[tuple[Count, ...], Field(min_length=1)] | None
    """Distances that may be drawn, in frames: first to last frame if `random`, frame to frame if `uniform`.
    null: every whole number. StyleGAN-V and StyleSV: powers of two (docs/model.md 8.1)."""
    max_distance: Count | None
    """Largest distance that is drawn, in frames; null: as far as the video reaches. StyleSV: 32 (docs/model.md 8.1)."""
    published_spans: bool
    """Draw spans as the published code does: without `distances` the largest is left out, and a single frame
    still draws a span, so that a video's last frames come up too rarely (docs/differences.md 2.14 and 2.15)."""

    def largest_distance(self) -> int | None:
        """The largest distance that can be drawn from a long video, 0 if none; null if there is no bound."""
        if self.distances is None:
            return self.max_distance
        return max((d for d in self.distances if d <= (self.max_distance or d)), default=0)


class AugmentTransformSettings(Settings):
    """The transforms of adaptive augmentation and their strengths (ADA paper, appendix B; docs/model.md 7.1).

    Of each transform, the first number multiplies the augmentation probability; 0 leaves the transform out.
    """

    xflip: NonNegative
    """Probability multiplier of mirroring left and right."""
    rotate90: NonNegative
    """Probability multiplier of rotating by a multiple of 90 degrees."""
    xint: NonNegative
    """Probability multiplier of shifting by whole pixels."""
    xint_max: Fraction
    """Largest whole-pixel shift, as a fraction of the image size."""
    scale: NonNegative
    """Probability multiplier of scaling."""
    scale_std: NonNegative
    """Standard deviation of the base-2 logarithm of the scale."""
    rotate: NonNegative
    """Probability multiplier of rotating by any angle."""
    rotate_max: NonNegative
    """Largest rotation, as a fraction of 180 degrees."""
    aniso: NonNegative
    """Probability multiplier of scaling width against height."""
    aniso_std: NonNegative
    """Standard deviation of the base-2 logarithm of that scale."""
    xfrac: NonNegative
    """Probability multiplier of shifting by a fraction of a pixel."""
    xfrac_std: NonNegative
    """Standard deviation of that shift, as a fraction of the image size."""
    brightness: NonNegative
    """Probability multiplier of changing brightness."""
    brightness_std: NonNegative
    """Standard deviation of the added brightness; images lie in -1..1."""
    contrast: NonNegative
    """Probability multiplier of changing contrast."""
    contrast_std: NonNegative
    """Standard deviation of the base-2 logarithm of the contrast."""
    lumaflip: NonNegative
    """Probability multiplier of inverting luma."""
    hue: NonNegative
    """Probability multiplier of rotating hue."""
    hue_max: NonNegative
    """Largest hue rotation, as a fraction of 180 degrees."""
    saturation: NonNegative
    """Probability multiplier of changing saturation."""
    saturation_std: NonNegative
    """Standard deviation of the base-2 logarithm of the saturation."""
    imgfilter: NonNegative
    """Probability multiplier of filtering four frequency bands; images must be larger than 21 pixels."""
    imgfilter_bands: tuple[NonNegative, NonNegative, NonNegative, NonNegative]
    """Probability multipliers of the four bands, lowest frequency first."""
    imgfilter_std: NonNegative
    """Standard deviation of the base-2 logarithm of a band's gain."""
    noise: NonNegative
    """Probability multiplier of adding pixel noise."""
    noise_std: NonNegative
    """Scale of the half-normal standard deviation of that noise; images lie in -1..1."""
    cutout: NonNegative
    """Probability multiplier of blanking a rectangle."""
    cutout_size: Fraction
    """Sides of the rectangle, as a fraction of the image size."""


class AugmentSettings(Settings):
    """How strongly the discriminator's clips are augmented; a clip's frames share one transform."""

    mode: Literal["none", "fixed", "adaptive", "linear"]
    """`none`; `fixed`: always `probability`; `adaptive`: driven by the discriminator's signs on real clips (ADA);
    `linear`: rises from 0 to `probability`."""
    probability: Fraction
    """`fixed`: the probability; `adaptive`: where it starts; `linear`: where it ends."""
    target_sign: Annotated[float, Field(ge=-1, le=1)]
    """`adaptive`: mean sign of the discriminator's logits on real clips to hold (ADA paper: 0.6)."""
    adjust_interval: Count
    """`adaptive`: steps between two adjustments of the probability (ADA paper: 4)."""
    rise_kclips: Positive
    """Thousands of clips in which an adapted probability can rise from 0 to 1, or the linear one does rise."""
    transforms: AugmentTransformSettings
    """Which transforms, and how strong."""


class OptimizerSettings(Settings):
    """Adam for one network."""

    lr: Positive
    """Learning rate, before lazy regularisation scales it (docs/model.md 5.1)."""
    betas: tuple[BelowOne, BelowOne]
    """Decay of the first and second moment, before lazy regularisation scales it."""
    eps: Positive
    """Added to the root of the second moment."""


class PathLengthSettings(Settings):
    """Path length regularisation of the generator (StyleGAN2, section 3.2)."""

    weight: NonNegative
    """Weight; 0 leaves it out, as StyleSV does."""
    interval: Count
    """Generator steps from one to the next; its gain and the optimiser are scaled accordingly. StyleGAN2: 4."""
    batch_shrink: Count
    """The batch is divided by this for it. StyleGAN2: 2."""
    decay: Annotated[float, Field(gt=0, le=1)]
    """Share of the present mean in the running mean of path lengths. StyleGAN2: 0.01."""


class LossSettings(Settings):
    """The non-saturating loss is fixed; these are its regularisers."""

    r1_gamma: NonNegative
    """Weight of the gradient penalty on real clips; 0 leaves it out."""
    r1_interval: Count
    """Discriminator steps from one penalty to the next; its gain and the optimiser are scaled accordingly."""
    path_length: PathLengthSettings
    """Path length regularisation."""
    style_mixing_probability: Fraction
    """Probability that a generated clip takes its content from two latents, one for its coarse and one for its fine
    layers (StyleGAN, section 3.1); 0 is never, as in StyleSV."""


class LatentInterpolationSettings(Settings):
    """Generated clips whose content moves from one latent to another over time (docs/model.md 4.4)."""

    probability: Fraction
    """Probability that a step's generated clips are interpolated; 0 is never, as in the paper's recipes."""
    length: Positive
    """Frames from one content latent to the other."""


class EmaSettings(Settings):
    """The moving average of the generator's weights, used for snapshots."""

    half_life_kclips: Positive
    """Half-life in thousands of clips."""
    ramp_up: Positive | None
    """The half-life, in clips, is at most this share of the frames shown so far, as published; null: no ramp-up."""


class TrainingSettings(Settings):
    """Loss, optimisers, augmentation and sampling."""

    precision: Literal["float32", "bfloat16", "float16"]
    """What the `num_fp16_res` highest resolutions of both networks compute in on a GPU; a CPU computes in float32."""
    allow_tf32: bool
    """Whether a GPU may round the inputs of float32 products and convolutions to TF32."""
    batch_size: Count
    """Clips in a step, over all GPUs."""
    num_frames: Count
    """Frames of a clip, 1 for image pretraining."""
    max_num_frames: Count
    """Frames of the window of a video that clips are drawn from; bounds generated times too (docs/model.md 8.3)."""
    mirror: bool
    """Double the data with clips mirrored left and right."""
    frame_sampling: FrameSamplingSettings
    """Times of real and generated clips."""
    fractional_times: bool
    """Generated clips may lie between whole frames (docs/model.md 8.3)."""
    latent_interpolation: LatentInterpolationSettings
    """Content that moves over time."""
    loss: LossSettings
    """Regularisers."""
    generator_optimizer: OptimizerSettings
    """Adam of the generator."""
    discriminator_optimizer: OptimizerSettings
    """Adam of the discriminator."""
    ema: EmaSettings
    """Moving average of the generator."""
    augment: AugmentSettings
    """Augmentation of what the discriminator sees."""

    @model_validator(mode="after")
    def _fits_together(self) -> "TrainingSettings":
        if self.num_frames > self.max_num_frames:
            raise ValueError(
                f"num_frames {self.num_frames} is more than max_num_frames {self.max_num_frames}; lower num_frames "
                "or raise max_num_frames"
            )
        largest = self.frame_sampling.largest_distance()
        smallest = self.num_frames - 1 if self.frame_sampling.kind == "random" else 1
        if largest is not None and largest < smallest:
            raise ValueError(
                f"clips of {self.num_frames} frames need distances of at least {smallest}, but the largest that "
                f"frame_sampling allows is {largest}; raise distances and max_distance or lower num_frames"
            )
        if self.batch_size < self.loss.path_length.batch_shrink and self.loss.path_length.weight > 0:
            raise ValueError(
                f"batch_size {self.batch_size} is less than path_length.batch_shrink "
                f"{self.loss.path_length.batch_shrink}; lower batch_shrink or raise batch_size"
            )
        return self

"""Settings of the generator and the discriminator: what a user may choose about the model, and which shapes cannot work.

Plain data only. Options of the published code that do nothing there (docs/differences.md 1.5) have no setting here.
What follows from the data set or the clips (resolution, number of frames, classes) is not a setting of the model;
`stylesv.config.model_checks` holds the model's shapes against it.
"""

from typing import Literal

from pydantic import NonNegativeInt, model_validator

from stylesv.config.base import Count, Positive, Settings


class TimeEncodingSettings(Settings):
    """Fourier encoding of time with aligners (StyleGAN-V section 3.1; docs/model.md 2.3)."""

    dim: Count
    """Number of frequencies; a motion code has a sine and a cosine for each. docs/model.md 2.3."""
    min_period_len: Positive
    """Shortest period in frames; 16 in StyleGAN-V, 256 in the StyleSV scripts."""
    max_period_len: Positive
    """Longest period in frames. docs/model.md 2.3."""

    @model_validator(mode="after")
    def _periods_in_order(self) -> "TimeEncodingSettings":
        if self.min_period_len > self.max_period_len:
            raise ValueError(
                f"min_period_len {self.min_period_len:g} is above max_period_len {self.max_period_len:g}; "
                "the shortest period must not exceed the longest"
            )
        return self


class MotionSettings(Settings):
    """From motion noise at anchors to a motion code for each time (docs/model.md 2.2 to 2.4)."""

    z_dim: Count
    """Numbers of noise at each anchor. docs/model.md 2.2."""
    v_dim: Count
    """Numbers in a motion code at an anchor. docs/model.md 2.2."""
    motion_z_distance: Count
    """Frames between anchors; the published code takes time_enc.min_period_len. docs/model.md 2.2."""
    gen_strategy: Literal["conv", "autoregressive"]
    """Codes by two convolutions over the noise without padding, or by an LSTM. docs/model.md 2.2."""
    kernel_size: Count | None
    """Width of the convolutions in anchors; null if autoregressive. docs/model.md 2.2."""
    time_enc: TimeEncodingSettings | None
    """Fourier encoding of time; null: interpolated codes go through a mapping network instead (`fourier: false` there)."""
    bspline: bool
    """Blend three anchors with a quadratic B-spline instead of two linearly; model E. docs/model.md 2.4."""
    bs_emb: bool
    """With bspline: blend periods and phases too, and do not subtract the interpolated encoding. docs/model.md 2.4."""
    offset: NonNegativeInt
    """With bspline: in training, times are shifted by up to so many frames per clip; 0 in the scripts. docs/model.md 2.4."""

    @property
    def code_dim(self) -> int:
        """Numbers in the motion code of a frame."""
        return self.v_dim if self.time_enc is None else 2 * self.time_enc.dim

    @model_validator(mode="after")
    def _options_agree(self) -> "MotionSettings":
        recurrent = self.gen_strategy == "autoregressive"
        if recurrent and self.kernel_size is not None:
            raise ValueError("kernel_size is for gen_strategy conv; with autoregressive it must be null")
        if not recurrent and self.kernel_size is None:
            raise ValueError("kernel_size must be a number with gen_strategy conv")
        if recurrent and self.time_enc is not None and self.v_dim != self.z_dim:
            raise ValueError(
                f"v_dim {self.v_dim} differs from z_dim {self.z_dim}: with gen_strategy autoregressive the code at an "
                "anchor is the LSTM's state, as wide as its noise; set both the same"
            )
        if (self.bs_emb or self.offset) and not (self.bspline and self.time_enc is not None):
            raise ValueError(
                "bs_emb and offset belong to the B-spline over a Fourier encoding: set bspline: true and time_enc, or "
                "bs_emb: false and offset: 0"
            )
        return self


class SynthesisSettings(Settings):
    """The alias-free synthesis network, and how motion enters it (StyleGAN3 section 3; docs/model.md 2.5 to 2.10)."""

    num_layers: Count
    """Layers before the one to RGB; 14 in the paper. docs/model.md 2.6."""
    num_critical: NonNegativeInt
    """Last layers that are sampled critically. docs/model.md 2.6."""
    first_cutoff: Positive
    """Cut-off frequency of the first layer, in cycles per image. docs/model.md 2.6."""
    first_stopband: Positive
    """Stop band of the first layer, in cycles per image; 2^2.1. docs/model.md 2.6."""
    last_stopband_rel: Positive
    """Stop band of the last layer over its cut-off; 2^0.3. docs/model.md 2.6."""
    margin_size: NonNegativeInt
    """Pixels kept outside the image at every layer. docs/model.md 2.6."""
    output_scale: Positive
    """The image is multiplied by it. docs/model.md 2.6."""
    conv_kernel: Count
    """Width of the convolutions; 3, or 1 for a rotation-equivariant generator (with radial filters). docs/model.md 2.6."""
    filter_size: Count
    """Taps of the low-pass filters over the resampling factor. docs/model.md 2.6."""
    lrelu_upsampling: Count
    """Oversampling at the non-linearity. docs/model.md 2.6."""
    use_radial_filters: bool
    """Radially symmetric down-sampling filters, except in critical layers. docs/model.md 2.6."""
    fuse_w: Literal["concat", "add"]
    """How the motion code joins w: through one shared layer, or as a sum. docs/model.md 2.5."""
    learnable_motion_mask: bool
    """Whether the factor on the motion code is learnt; fixed in image pretraining. docs/model.md 2.5."""
    init_motion_mask: Literal["zeros", "ones"]
    """Where the factor on the motion code starts. docs/model.md 2.5."""
    low_rank: NonNegativeInt
    """Rank of the weights modulated by motion; 0: none. docs/model.md 2.9 (-1 there)."""
    always_lr: bool
    """Also give frozen layers weights modulated by motion. docs/model.md 2.10."""
    freezesyn: NonNegativeInt
    """Number of last layers, the one to RGB included, that are not trained. docs/model.md 2.10."""

    @model_validator(mode="after")
    def _shapes_can_work(self) -> "SynthesisSettings":
        if self.num_critical >= self.num_layers:
            raise ValueError(
                f"num_critical {self.num_critical} leaves no layer that is not critical; "
                f"it must be below num_layers {self.num_layers}"
            )
        if self.conv_kernel % 2 == 0:
            raise ValueError(f"conv_kernel {self.conv_kernel} is even and would shift the image; take 3 or 1")
        if self.first_stopband <= self.first_cutoff:
            raise ValueError(f"first_stopband {self.first_stopband:g} must be above first_cutoff {self.first_cutoff:g}")
        if self.last_stopband_rel <= 1:
            raise ValueError(f"last_stopband_rel {self.last_stopband_rel:g} must be above 1")
        if self.always_lr and not self.low_rank:
            raise ValueError("always_lr without low_rank has no effect; set low_rank above 0, or always_lr: false")
        if self.freezesyn > self.num_layers + 1:
            raise ValueError(f"freezesyn {self.freezesyn} is above the number of layers, {self.num_layers + 1}")
        return self


class GeneratorSettings(Settings):
    """The generator (docs/model.md 2)."""

    architecture: Literal["stylegan3", "stylegan2"]
    """stylegan3: alias-free (models B to E); stylegan2: motion codes in its constant input (StyleGAN-V, model A)."""
    z_dim: Count
    """Numbers of content noise. docs/model.md 2.1."""
    w_dim: Count
    """Numbers in the intermediate latent. docs/model.md 2.1."""
    num_mapping_layers: Count
    """Layers from z to w. docs/model.md 2.1."""
    freezemap: bool
    """Whether the layers from z to w are not trained. docs/model.md 2.1."""
    channel_base: Count
    """Channels of a layer are channel_base / 2 / cut-off (stylegan2: channel_base / resolution); fmaps 0.5 is 16384."""
    channel_max: Count
    """Most channels of a layer. docs/model.md 2.6."""
    conv_clamp: Positive | None
    """Activations are clamped to +- this; null: not. docs/model.md 2.6."""
    num_fp16_res: NonNegativeInt
    """Highest resolutions that are computed in half precision, if training says so; 0: none. docs/model.md 11."""
    update_emas: bool
    """Whether training tracks the mean w and the layers' magnitudes; false in the released code. docs/differences.md 2.1."""
    motion: MotionSettings
    """Motion codes."""
    synthesis: SynthesisSettings | None
    """The alias-free synthesis network; null with architecture stylegan2."""

    @model_validator(mode="after")
    def _parts_fit(self) -> "GeneratorSettings":
        if (self.synthesis is None) != (self.architecture == "stylegan2"):
            raise ValueError("synthesis describes architecture stylegan3: set it there, and to null with stylegan2")
        if self.synthesis is None:
            return self
        first_channels = layer_channels(self.channel_base, self.channel_max, self.synthesis.first_cutoff)
        if first_channels < 1:
            raise ValueError(
                f"channel_base {self.channel_base} leaves no channel in the first layer "
                f"(channel_base / 2 / first_cutoff); raise it"
            )
        if self.synthesis.fuse_w == "add" and not self.w_dim == first_channels == self.motion.code_dim:
            raise ValueError(
                f"fuse_w add sums motion codes ({self.motion.code_dim} numbers), w (w_dim {self.w_dim}) and the first "
                f"layer's channels ({first_channels}), which must be equally many; change them, or take fuse_w concat"
            )
        return self


class DiscriminatorSettings(Settings):
    """The discriminator (docs/model.md 3)."""

    architecture: Literal["resnet", "skip", "orig"]
    """Blocks with a residual connection, with the image at every resolution (single images only), or plain. docs/model.md 3.1."""
    channel_base: Count
    """Channels of a block are channel_base / resolution; fmaps 0.5 is 16384. docs/model.md 3.1."""
    channel_max: Count
    """Most channels of a block. docs/model.md 3.1."""
    conv_clamp: Positive | None
    """Activations are clamped to +- this; null: not. docs/model.md 3.1."""
    num_fp16_res: NonNegativeInt
    """Highest resolutions that are computed in half precision, if training says so; 0: none. docs/model.md 11."""
    num_mapping_layers: Count
    """Layers that map time differences and label. docs/model.md 3.5."""
    mbstd_group_size: Count | None
    """Clips whose standard deviation is one statistic; null: the whole batch. docs/model.md 3.4."""
    mbstd_num_channels: NonNegativeInt
    """Channels of that statistic; 0: none. docs/model.md 3.4."""
    concat_res: Count
    """Resolution in px of the block before which the frames of a clip are merged. docs/model.md 3.3."""
    tmean: bool
    """Merge frames by their mean; false: by concatenation (StyleGAN-V). docs/model.md 3.3."""
    num_frames_div_factor: Count | None
    """With concatenation: channels per frame are divided by it; null with tmean. docs/model.md 3.3."""
    tsm: bool
    """Temporal shift: each block sees an eighth of the channels of the next and of the previous frame. docs/model.md 3.2."""
    dummy_c: bool
    """Replace the encoding of time differences by zeros. docs/model.md 3.5."""
    time_embed_dim: Count
    """Numbers learnt for each time difference; 256 there. docs/model.md 3.5."""
    skip_small_t_freqs: NonNegativeInt
    """Highest frequencies left out of the encoding of time differences. docs/model.md 3.5."""
    freeze_layers: NonNegativeInt
    """Number of first layers that are not trained (Freeze-D); their blocks have no temporal shift. docs/model.md 3.6."""
    always_update: bool
    """Train the frozen layers all the same; only the temporal shift is left out. docs/model.md 3.6."""

    @model_validator(mode="after")
    def _options_agree(self) -> "DiscriminatorSettings":
        if self.tmean != (self.num_frames_div_factor is None):
            raise ValueError(
                "num_frames_div_factor belongs to merging by concatenation: a number if tmean is false, else null"
            )
        if self.concat_res < 8 or not is_power_of_two(self.concat_res):
            raise ValueError(f"concat_res {self.concat_res} must be a power of two from 8 up, below the resolution")
        if self.always_update and not self.freeze_layers:
            raise ValueError(
                "always_update without freeze_layers has no effect; set freeze_layers above 0, or it to false"
            )
        return self


def layer_channels(channel_base: int, channel_max: int, cutoff: float) -> int:
    """Channels of an alias-free layer with this cut-off frequency; halves round to even, as NumPy's rint. docs/model.md 2.6."""
    return round(min(channel_base / 2 / cutoff, channel_max))


def block_channels(channel_base: int, channel_max: int, resolution: int) -> int:
    """Channels of a StyleGAN2 block at this resolution. docs/model.md 3.1."""
    return min(channel_base // resolution, channel_max)


def is_power_of_two(number: int) -> bool:
    """Whether the number is 1, 2, 4, 8, ..."""
    return number > 0 and number & (number - 1) == 0

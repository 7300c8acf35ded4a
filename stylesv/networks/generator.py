"""The generator: content noise, times and motion noise to frames (docs/model.md 2)."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float, Real
from torch import Tensor, nn

from stylesv.config.model import GeneratorSettings, MotionSettings, block_channels
from stylesv.config.model_checks import check_generator
from stylesv.networks.constant_synthesis import ConstantSynthesis, SynthesisBlock
from stylesv.networks.filters import design_synthesis
from stylesv.networks.mapping import ContentMapping
from stylesv.networks.motion import ConvolvedCodes, MotionEncoder, RecurrentCodes
from stylesv.networks.synthesis import MotionFusion, SynthesisInput, SynthesisLayer, SynthesisNetwork
from stylesv.networks.time_encoding import LinearTimeEncoder, PlainTimeEncoder, SplineTimeEncoder, TimeEncoder


class Generator(nn.Module):
    """`mapping` gives w, `synthesis` the frames; all noise comes from outside."""

    def __init__(
        self,
        settings: GeneratorSettings,
        *,
        resolution: int,
        image_channels: int = 3,
        class_dim: int = 0,
        class_counts: Sequence[int] | None = None,
        half_dtype: torch.dtype | None = None,
    ):
        """Build with random weights from torch's global generator.

        `class_counts`: how often the classes are to be drawn, one by the other, by those who sample it; None: all alike.
        `half_dtype` is what the `num_fp16_res` highest resolutions compute in; all else, and with None these, too, in
        torch's default dtype. Raises `ConfigError` for a resolution that the settings cannot make.
        """
        check_generator(settings, resolution=resolution)
        super().__init__()
        self.settings = settings
        self.resolution = resolution
        self.image_channels = image_channels
        self.class_dim = class_dim
        self.class_counts = class_counts
        build = build_synthesis if settings.architecture == "stylegan3" else build_constant_synthesis
        self.synthesis = build(
            settings,
            resolution,
            image_channels=image_channels,
            class_dim=class_dim,
            half_dtype=half_dtype or torch.get_default_dtype(),
        )
        self.mapping = ContentMapping(
            settings.z_dim,
            settings.w_dim,
            class_dim=class_dim,
            num_layers=settings.num_mapping_layers,
            trainable=not settings.freezemap,
        )

    @property
    def z_dim(self) -> int:
        """Numbers of content noise for a clip."""
        return self.settings.z_dim

    @property
    def motion_noise_dim(self) -> int:
        """Numbers of motion noise at an anchor."""
        return self.settings.motion.z_dim

    def motion_noise_length(self, max_time: float | int) -> int:
        """Anchors of motion noise that a clip with frames up to `max_time` needs; more does no harm."""
        return self.synthesis.motion_encoder.noise_length(max_time)

    def forward(
        self,
        z: Float[Tensor, "n z"],
        times: Real[Tensor, "n t"],
        motion_noise: Float[Tensor, "n k m"],
        labels: Float[Tensor, "n c"] | None = None,
        *,
        truncation: float | int = 1.0,
        time_offset: Real[Tensor, "n"] | None = None,
        update_emas: bool = False,
    ) -> Float[Tensor, "n t rgb h w"]:
        """Frames, about -1 to 1, at the given times (in frames from 0).

        `time_offset` (frames per clip) is for training with B-spline motion. `update_emas` moves the running mean of w
        and the layers' magnitudes.
        """
        w = self.mapping(z, labels, truncation=truncation, update_emas=update_emas)
        return self.synthesis(w, times, motion_noise, labels, time_offset=time_offset, update_emas=update_emas)


def build_synthesis(
    settings: GeneratorSettings, resolution: int, *, image_channels: int, class_dim: int, half_dtype: torch.dtype
) -> SynthesisNetwork:
    """The alias-free synthesis network of these settings."""
    chosen = settings.synthesis
    assert chosen is not None
    design = design_synthesis(
        chosen,
        resolution=resolution,
        image_channels=image_channels,
        channel_base=settings.channel_base,
        channel_max=settings.channel_max,
    )
    motion_dim = settings.motion.code_dim
    fusion = MotionFusion(
        settings.w_dim,
        motion_dim,
        mode=chosen.fuse_w,
        learnable_mask=chosen.learnable_motion_mask,
        mask_init=chosen.init_motion_mask,
    )
    layers = nn.ModuleDict()
    num_trained = len(design.layers) - chosen.freezesyn
    for index, layer in enumerate(design.layers):
        trainable = index < num_trained
        layers[layer.name] = SynthesisLayer(
            layer,
            w_dim=settings.w_dim,
            motion_dim=motion_dim,
            clamp=settings.conv_clamp,
            low_rank=chosen.low_rank if trainable or chosen.always_lr else 0,
            trainable=trainable,
            dtype=half_dtype if layer.uses_half(resolution, settings.num_fp16_res) else torch.get_default_dtype(),
        )
    return SynthesisNetwork(
        build_motion_encoder(settings.motion, class_dim),
        fusion,
        SynthesisInput(design.input, w_dim=settings.w_dim, motion_dim=motion_dim),
        layers,
        output_scale=chosen.output_scale,
    )


def build_constant_synthesis(
    settings: GeneratorSettings, resolution: int, *, image_channels: int, class_dim: int, half_dtype: torch.dtype
) -> ConstantSynthesis:
    """The synthesis network of StyleGAN-V with these settings; blocks are named as in published checkpoints."""
    half_from = max(resolution * 2 // 2**settings.num_fp16_res, 8)
    blocks = nn.ModuleDict()
    sizes = [2**i for i in range(2, int(math.log2(resolution)) + 1)]
    channels = [block_channels(settings.channel_base, settings.channel_max, size) for size in sizes]
    in_channels = channels[0] + settings.motion.code_dim
    for size, out_channels in zip(sizes, channels, strict=True):
        blocks[f"b{size}"] = SynthesisBlock(
            in_channels,
            out_channels,
            w_dim=settings.w_dim,
            image_channels=image_channels,
            clamp=settings.conv_clamp,
            is_first=size == 4,
            dtype=half_dtype if size >= half_from else torch.get_default_dtype(),
        )
        in_channels = out_channels
    encoder = build_motion_encoder(settings.motion, class_dim)
    return ConstantSynthesis(encoder, blocks, constant_channels=channels[0])


def build_motion_encoder(settings: MotionSettings, class_dim: int) -> MotionEncoder:
    """The motion encoder of these settings."""
    if settings.kernel_size is not None:
        codes = ConvolvedCodes(settings.z_dim, settings.v_dim, class_dim=class_dim, kernel_size=settings.kernel_size)
        code_dim = settings.v_dim
    else:
        codes = RecurrentCodes(settings.z_dim, class_dim=class_dim)
        code_dim = settings.z_dim
    return MotionEncoder(
        codes, build_time_encoder(settings, code_dim, class_dim=class_dim), distance=settings.motion_z_distance
    )


def build_time_encoder(settings: MotionSettings, code_dim: int, *, class_dim: int) -> TimeEncoder:
    """The time encoder of these settings, for codes of `code_dim` numbers."""
    time_enc = settings.time_enc
    if time_enc is None:
        return PlainTimeEncoder(code_dim, settings.v_dim, class_dim=class_dim, spline=settings.bspline)
    periods = (time_enc.min_period_len, time_enc.max_period_len)
    if settings.bspline:
        return SplineTimeEncoder(code_dim, dim=time_enc.dim, periods=periods, blend_waves=settings.bs_emb)
    return LinearTimeEncoder(code_dim, dim=time_enc.dim, periods=periods)

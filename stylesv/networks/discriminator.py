"""The discriminator: frames and their times to one score for each clip (docs/model.md 3)."""

import torch
from jaxtyping import Float, Real
from torch import Tensor, nn

from stylesv.config.model import DiscriminatorSettings, block_channels
from stylesv.config.model_checks import check_discriminator
from stylesv.networks.blocks import BlockDesign, DiscriminatorBlock, DiscriminatorEpilogue
from stylesv.networks.layers import MappingNetwork, require_labels
from stylesv.networks.time_difference import TimeDifferenceEncoder


class Discriminator(nn.Module):
    """Blocks that halve the resolution; the clip's frames are merged before the one of `concat_res`."""

    def __init__(
        self,
        settings: DiscriminatorSettings,
        *,
        resolution: int,
        num_frames: int,
        image_channels: int = 3,
        class_dim: int = 0,
        max_num_frames: int = 1024,
        uniform_times: bool = False,
        half_dtype: torch.dtype | None = None,
    ):
        """Build with random weights from torch's global generator.

        `max_num_frames`: frames of a clip are less than so many frames apart. `uniform_times`: they are equally far
        apart. `half_dtype` is what the `num_fp16_res` highest resolutions compute in; all else, and with None these, too,
        in torch's default dtype. Raises `ConfigError` for a resolution and number of frames that the settings cannot
        judge.
        """
        check_discriminator(settings, resolution=resolution, num_frames=num_frames)
        super().__init__()
        self.settings = settings
        self.resolution = resolution
        self.num_frames = num_frames
        self.class_dim = class_dim
        self.time_encoder = None
        if num_frames > 1:
            self.time_encoder = TimeDifferenceEncoder(
                num_frames=num_frames,
                max_num_frames=max_num_frames,
                embed_dim=settings.time_embed_dim,
                skip_small_t_freqs=settings.skip_small_t_freqs,
                uniform_times=uniform_times,
            )
        self.blocks = build_blocks(
            settings,
            resolution,
            num_frames=num_frames,
            image_channels=image_channels,
            half_dtype=half_dtype or torch.get_default_dtype(),
        )
        channels = block_channels(settings.channel_base, settings.channel_max, 4)
        condition_dim = class_dim + (self.time_encoder.dim if self.time_encoder else 0)
        self.mapping = None
        if condition_dim:
            self.mapping = MappingNetwork(0, channels, class_dim=condition_dim, num_layers=settings.num_mapping_layers)
        self.b4 = DiscriminatorEpilogue(
            channels,
            condition_dim=channels if condition_dim else 0,
            image_channels=image_channels if settings.architecture == "skip" else 0,
            group_size=settings.mbstd_group_size,
            num_std_channels=settings.mbstd_num_channels,
            clamp=settings.conv_clamp,
        )

    def forward(
        self,
        frames: Float[Tensor, "n t c h w"],
        times: Real[Tensor, "n t"],
        labels: Float[Tensor, "n l"] | None = None,
    ) -> Float[Tensor, "n"]:
        """Scores of clips with frames in -1 to 1 at the given times (in frames); above 0 is real."""
        n, t = times.shape
        if t != self.num_frames or frames.shape[-2:] != (self.resolution, self.resolution):
            raise ValueError(
                f"clips of {t} frames of {tuple(frames.shape[-2:])} px; this discriminator judges {self.num_frames} "
                f"frames of {self.resolution} px"
            )
        image = frames.flatten(0, 1)
        x = None
        for block in self.blocks.values():
            if block.design.resolution == self.settings.concat_res and x is not None:
                x = self._merge(x, n)
            x, image = block(x, image)
        return self.b4(x.to(frames.dtype), image, self._condition(times, labels))

    def _merge(self, x: Float[Tensor, "b c h w"], num_clips: int) -> Float[Tensor, "n merged h w"]:
        """The frames of each clip as one: their mean, or side by side in the channels."""
        x = x.unflatten(0, (num_clips, -1))
        return x.mean(dim=1) if self.settings.tmean else x.flatten(1, 2)

    def _condition(self, times: Tensor, labels: Tensor | None) -> Float[Tensor, "n d"] | None:
        """What the score depends on beside the frames: label and time differences, mapped."""
        if self.mapping is None:
            return None
        parts = [require_labels(labels, self.class_dim)] if self.class_dim else []
        if self.time_encoder is not None:
            encoded = self.time_encoder(times)
            parts.append(encoded * 0 if self.settings.dummy_c else encoded)  # 0: the published code trains on, too
        return self.mapping(None, torch.cat(parts, dim=1))


def build_blocks(
    settings: DiscriminatorSettings, resolution: int, *, num_frames: int, image_channels: int, half_dtype: torch.dtype
) -> nn.ModuleDict:
    """Blocks from `resolution` down to 8, named as in published checkpoints."""
    half_from = max(resolution * 2 // 2**settings.num_fp16_res, 8)
    blocks = nn.ModuleDict()
    num_layers = 0
    size = resolution
    while size >= 8:
        num_frozen = max(settings.freeze_layers - num_layers, 0)
        in_channels, middle, out_channels = _channels(settings, size, num_frames=num_frames)
        shifts = settings.tsm and num_frozen == 0 and size > settings.concat_res
        design = BlockDesign(
            resolution=size,
            in_channels=0 if size == resolution else in_channels,
            mid_channels=middle,
            out_channels=out_channels,
            image_channels=image_channels,
            architecture=settings.architecture,
            clamp=settings.conv_clamp,
            num_frozen=0 if settings.always_update else num_frozen,
            shifted_frames=num_frames if shifts else 0,
            dtype=half_dtype if size >= half_from else torch.get_default_dtype(),
        )
        blocks[f"b{size}"] = DiscriminatorBlock(design)
        num_layers += design.num_layers
        size //= 2
    return blocks


def _channels(settings: DiscriminatorSettings, size: int, *, num_frames: int) -> tuple[int, int, int]:
    """Channels into, within and out of the block at this resolution; fewer where frames stand side by side."""
    middle = block_channels(settings.channel_base, settings.channel_max, size)
    out_channels = block_channels(settings.channel_base, settings.channel_max, size // 2)
    in_channels, divisor = middle, settings.num_frames_div_factor
    if divisor is not None and size == settings.concat_res:
        in_channels = in_channels // divisor * num_frames
    if divisor is not None and size // 2 == settings.concat_res:
        out_channels //= divisor
    return in_channels, middle, out_channels

"""The discriminator's blocks, with temporal shift, and its last layers (docs/model.md 3.1 to 3.4)."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from stylesv.networks.layers import RESAMPLE_TAPS, Conv2d, FullyConnected
from stylesv.ops import downsample2d, setup_filter


@dataclass(frozen=True)
class BlockDesign:
    """The numbers of one block, which halves `resolution`."""

    resolution: int
    in_channels: int
    """0: the first block, whose input is the image alone."""
    mid_channels: int
    out_channels: int
    image_channels: int
    architecture: str
    """resnet, skip or orig."""
    clamp: float | None
    num_frozen: int
    """Of the block's layers, the first so many are not trained."""
    shifted_frames: int
    """Frames of a clip that the temporal shift mixes; 0: no shift."""
    dtype: torch.dtype
    """What the block computes in."""

    @property
    def reads_image(self) -> bool:
        """Whether the image enters here."""
        return self.in_channels == 0 or self.architecture == "skip"

    @property
    def num_layers(self) -> int:
        """Layers with weights, as Freeze-D counts them."""
        return 2 + self.reads_image + (self.architecture == "resnet")


class DiscriminatorBlock(nn.Module):
    """Two convolutions, the second of which halves the resolution."""

    def __init__(self, design: BlockDesign):
        super().__init__()
        self.design = design
        trainable = [index >= design.num_frozen for index in range(design.num_layers)]
        middle, clamp = design.mid_channels, design.clamp
        if design.reads_image:
            self.fromrgb = Conv2d(
                design.image_channels,
                middle,
                kernel_size=1,
                activation="lrelu",
                clamp=clamp,
                trainable=trainable.pop(0),
            )
        in_channels = design.in_channels or middle
        self.conv0 = Conv2d(
            in_channels, middle, kernel_size=3, activation="lrelu", clamp=clamp, trainable=trainable.pop(0)
        )
        self.conv1 = Conv2d(
            middle,
            design.out_channels,
            kernel_size=3,
            activation="lrelu",
            down=2,
            clamp=clamp,
            trainable=trainable.pop(0),
        )
        if design.architecture == "resnet":
            self.skip = Conv2d(
                in_channels, design.out_channels, kernel_size=1, bias=False, down=2, trainable=trainable.pop(0)
            )
        if design.architecture == "skip":
            self.register_buffer("resample_filter", setup_filter(RESAMPLE_TAPS), persistent=False)

    def forward(
        self, x: Float[Tensor, "b i h w"] | None, image: Float[Tensor, "f rgb h w"] | None
    ) -> tuple[Float[Tensor, "b o half_h half_w"], Float[Tensor, "f rgb half_h half_w"] | None]:
        """Features at half the resolution, and the image at half the resolution where the next block reads it."""
        design = self.design
        if x is not None:
            x = x.to(design.dtype)
        if design.reads_image:
            image = image.to(design.dtype)
            x = self.fromrgb(image) if x is None else x + self.fromrgb(image)
            image = downsample2d(image, self.resample_filter) if design.architecture == "skip" else None
        shifted = temporal_shift(x, design.shifted_frames) if design.shifted_frames else x
        if design.architecture != "resnet":
            return self.conv1(self.conv0(shifted)), image
        gain = math.sqrt(0.5)
        return self.skip(x, gain=gain) + self.conv1(self.conv0(shifted), gain=gain), image


class DiscriminatorEpilogue(nn.Module):
    """From 4x4 features to a score, or to its product with what the clip is conditioned on."""

    def __init__(
        self,
        channels: int,
        *,
        condition_dim: int,
        image_channels: int,
        group_size: int | None,
        num_std_channels: int,
        clamp: float | None,
    ):
        """`condition_dim` 0: nothing to condition on. `image_channels` 0: the image does not enter here."""
        super().__init__()
        self.group_size = group_size
        self.num_std_channels = num_std_channels
        self.condition_dim = condition_dim
        self.reads_image = image_channels > 0
        if self.reads_image:
            self.fromrgb = Conv2d(image_channels, channels, kernel_size=1, activation="lrelu")
        self.conv = Conv2d(channels + num_std_channels, channels, kernel_size=3, activation="lrelu", clamp=clamp)
        self.fc = FullyConnected(channels * 4 * 4, channels, activation="lrelu")
        self.out = FullyConnected(channels, condition_dim or 1)

    def forward(
        self,
        x: Float[Tensor, "n c 4 4"],
        image: Float[Tensor, "n rgb 4 4"] | None,
        condition: Float[Tensor, "n d"] | None,
    ) -> Float[Tensor, "n"]:
        """One score for each clip."""
        if self.reads_image:
            x = x + self.fromrgb(image.to(x.dtype))
        if self.num_std_channels:
            x = append_minibatch_std(x, group_size=self.group_size, num_channels=self.num_std_channels)
        x = self.out(self.fc(self.conv(x).flatten(1)))
        if condition is None:
            return x.squeeze(1)
        return (x * condition).sum(dim=1) / math.sqrt(self.condition_dim)


def temporal_shift(x: Float[Tensor, "b c h w"], num_frames: int) -> Float[Tensor, "b c h w"]:
    """Give each frame the first eighth of the next frame's channels, the second eighth of the previous one's.

    TSM (Lin et al. 2019, figure 1b); where there is no such frame, zeros. Frames of a clip stand side by side in `b`.
    """
    frames = x.unflatten(0, (-1, num_frames))
    fold = x.shape[1] // 8
    ahead, behind, rest = frames.split([fold, fold, x.shape[1] - 2 * fold], dim=2)
    nothing = torch.zeros_like(ahead[:, :1])
    ahead = torch.cat([ahead[:, 1:], nothing], dim=1)
    behind = torch.cat([nothing, behind[:, :-1]], dim=1)
    return torch.cat([ahead, behind, rest], dim=2).flatten(0, 1)


def append_minibatch_std(
    x: Float[Tensor, "n c h w"], *, group_size: int | None, num_channels: int
) -> Float[Tensor, "n more h w"]:
    """Append `num_channels` constant channels: the mean standard deviation within groups of clips (docs/model.md 3.4).

    Clips that are n / group apart form a group; `group_size` None: the whole batch.
    """
    n, c, h, w = x.shape
    group = n if group_size is None else min(group_size, n)
    if n % group or c % num_channels:
        raise ValueError(
            f"{n} clips of {c} channels cannot be split in groups of {group} (mbstd_group_size) and {num_channels} channels "
            "(mbstd_num_channels); the clips of a batch on one device must be a multiple of the group size"
        )
    y = x.reshape(group, n // group, num_channels, c // num_channels, h, w)
    deviation = ((y - y.mean(dim=0)).square().mean(dim=0) + 1e-8).sqrt()
    statistic = deviation.mean(dim=[2, 3, 4])  # (n / group, num_channels)
    return torch.cat([x, statistic[:, :, None, None].repeat(group, 1, h, w)], dim=1)

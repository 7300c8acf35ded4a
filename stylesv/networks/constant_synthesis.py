"""The synthesis network of StyleGAN-V: StyleGAN2 blocks over a learnt constant joined by the motion code (model A).

StyleGAN2 section 2.2 and figure 7b (skip connections of images); StyleGAN-V section 3.1, whose motion enters nowhere
but at the 4x4 input. Without the per-pixel noise of StyleGAN2, as StyleGAN-V has it.
"""

import math

import torch
from jaxtyping import Float, Real
from torch import Tensor, nn

from stylesv.networks.layers import RESAMPLE_TAPS, FullyConnected
from stylesv.networks.motion import MotionEncoder
from stylesv.networks.synthesis import by_frame_and_place
from stylesv.ops import bias_act, conv2d_resample, setup_filter, upsample2d


class ModulatedConv2d(nn.Module):
    """A convolution whose weight each frame's w scales, up-sampling or not, bias and activation (StyleGAN2 section 2.2)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        w_dim: int,
        kernel_size: int = 3,
        up: int = 1,
        demodulate: bool = True,
        clamp: float | None = None,
    ):
        """Without `demodulate`, a linear layer to RGB; with it, leaky ReLU."""
        super().__init__()
        self.up = up
        self.padding = kernel_size // 2
        self.demodulate = demodulate
        self.clamp = clamp
        self.style_gain = 1.0 if demodulate else 1 / math.sqrt(in_channels * kernel_size**2)
        self.affine = FullyConnected(w_dim, in_channels, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn([out_channels, in_channels, kernel_size, kernel_size]))
        self.bias = nn.Parameter(torch.zeros([out_channels]))
        self.register_buffer("resample_filter", setup_filter(RESAMPLE_TAPS), persistent=False)

    def forward(self, x: Float[Tensor, "b i h w"], w: Float[Tensor, "b d"]) -> Float[Tensor, "b o out_h out_w"]:
        """Scale the input channels, convolve with the shared weight, scale the output channels back."""
        style, weight, scale = self.affine(w) * self.style_gain, self.weight, None
        if self.demodulate:
            # sizes that cancel in the end are taken out first, so that half precision does not overflow
            weight = weight * weight.square().mean(dim=[1, 2, 3], keepdim=True).rsqrt()
            style = style * style.square().mean(dim=1, keepdim=True).rsqrt()
            scale = (style.square() @ weight.square().sum(dim=[2, 3]).T + 1e-8).rsqrt()
        x = x * style.to(x.dtype)[:, :, None, None]
        x = conv2d_resample(x, weight, self.resample_filter, up=self.up, padding=self.padding)
        if scale is None:
            return bias_act(x, self.bias, clamp=self.clamp)
        return bias_act(x * scale.to(x.dtype)[:, :, None, None], self.bias, activation="lrelu", clamp=self.clamp)


class SynthesisBlock(nn.Module):
    """Twice the resolution (but the first block), two convolutions (the first: one), and an addition to the image."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        w_dim: int,
        image_channels: int,
        clamp: float | None,
        is_first: bool,
        dtype: torch.dtype,
    ):
        """`dtype` is what the block computes in."""
        super().__init__()
        self.dtype = dtype
        self.is_first = is_first
        if not is_first:
            self.conv0 = ModulatedConv2d(in_channels, out_channels, w_dim=w_dim, up=2, clamp=clamp)
        self.conv1 = ModulatedConv2d(in_channels if is_first else out_channels, out_channels, w_dim=w_dim, clamp=clamp)
        self.torgb = ModulatedConv2d(
            out_channels, image_channels, w_dim=w_dim, kernel_size=1, demodulate=False, clamp=clamp
        )
        self.register_buffer("resample_filter", setup_filter(RESAMPLE_TAPS), persistent=False)

    @property
    def num_convs(self) -> int:
        """Convolutions, each of which has a place for w."""
        return 1 if self.is_first else 2

    def forward(
        self, x: Float[Tensor, "b i h w"], image: Float[Tensor, "b rgb h w"] | None, ws: list[Tensor]
    ) -> tuple[Float[Tensor, "b o out_h out_w"], Float[Tensor, "b rgb out_h out_w"]]:
        """Features and image; `ws` are those of this block's convolutions and the one after them, for the image."""
        x = x.to(self.dtype)
        if not self.is_first:
            x = self.conv0(x, ws[0])
        x = self.conv1(x, ws[-2])
        added = self.torgb(x, ws[-1]).to(ws[-1].dtype)
        return x, added if image is None else upsample2d(image, self.resample_filter) + added


class ConstantSynthesis(nn.Module):
    """w, times and motion noise to frames, in the form of `SynthesisNetwork`."""

    def __init__(self, motion_encoder: MotionEncoder, blocks: nn.ModuleDict, *, constant_channels: int):
        super().__init__()
        self.motion_encoder = motion_encoder
        self.const = nn.Parameter(torch.randn([1, constant_channels, 4, 4]))
        self.blocks = blocks

    @property
    def num_ws(self) -> int:
        """Number of places that take a w: each convolution and the last image."""
        return sum(block.num_convs for block in self.blocks.values()) + 1

    def forward(
        self,
        w: Float[Tensor, "n d"] | Float[Tensor, "n a d"] | Float[Tensor, "n a l d"],
        times: Real[Tensor, "n t"],
        motion_noise: Float[Tensor, "n k m"] | None,
        labels: Float[Tensor, "n c"] | None = None,
        *,
        time_offset: Real[Tensor, "n"] | None = None,
        motion_codes: Float[Tensor, "n t v"] | None = None,
        update_emas: bool = False,
    ) -> Float[Tensor, "n t rgb h w"]:
        """Frames, about -1 to 1, at the given times.

        w is one per clip, one per frame (`a` is `t`), or also one per place (`l` is `num_ws`; then `a` may be 1).
        `motion_codes`, where they are known, are taken in the place of those that the encoder makes of the noise. There are
        no running magnitudes to update here.
        """
        n, t = times.shape
        w = by_frame_and_place(w)
        w = w.expand(n, t, self.num_ws, -1).flatten(0, 1)
        if motion_codes is None:
            motion_codes = self.motion_encoder(times, motion_noise, labels, time_offset=time_offset)
        motion = motion_codes.flatten(0, 1)[:, :, None, None].expand(-1, -1, 4, 4)
        x, image, place = torch.cat([self.const.expand(n * t, -1, -1, -1), motion], dim=1), None, 0
        for block in self.blocks.values():
            x, image = block(x, image, list(w[:, place : place + block.num_convs + 1].unbind(dim=1)))
            place += block.num_convs
        return image.unflatten(0, (n, t))

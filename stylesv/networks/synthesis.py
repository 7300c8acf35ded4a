"""The alias-free synthesis network with motion (StyleGAN3 section 3; docs/model.md 2.5 to 2.10)."""

import math

import torch
from jaxtyping import Float, Real
from torch import Tensor, nn

from stylesv.networks.filters import InputDesign, LayerDesign
from stylesv.networks.layers import FullyConnected, add_weight
from stylesv.networks.motion import MotionEncoder
from stylesv.ops import filtered_lrelu, modulated_conv2d

MAGNITUDE_BETA = 0.999  # memory of the running magnitude of a layer's input, docs/model.md 2.8


class SynthesisInput(nn.Module):
    """Fourier features on a grid that w shifts and rotates, mixed by a learnt matrix, plus a motion term (docs/model.md 2.7)."""

    def __init__(self, design: InputDesign, *, w_dim: int, motion_dim: int):
        super().__init__()
        self.size = design.size
        self.sampling_rate = design.sampling_rate
        self.bandwidth = design.bandwidth
        channels = design.channels

        freqs = torch.randn([channels, 2])
        radii = freqs.norm(dim=1, keepdim=True)
        freqs = freqs / (radii * radii.square().exp() ** 0.25) * design.bandwidth
        self.register_buffer("transform", torch.eye(3))  # the user's own shift and rotation
        self.register_buffer("freqs", freqs)
        self.register_buffer("phases", torch.rand([channels]) - 0.5)
        self.weight = nn.Parameter(torch.randn([channels, channels]))
        self.affine = FullyConnected(w_dim, 4, weight_std=0.0)
        with torch.no_grad():
            self.affine.bias.copy_(torch.tensor([1.0, 0.0, 0.0, 0.0]))  # no rotation, no shift
        self.motion_affine = FullyConnected(motion_dim, channels, bias_init=1.0)

    def forward(self, w: Float[Tensor, "b d"]) -> Float[Tensor, "b c h w"]:
        """The features before motion."""
        transforms = self._transforms(w)  # (b, 3, 3)
        phases = self.phases + (self.freqs @ transforms[:, :2, 2:]).squeeze(2)  # (b, c)
        freqs = self.freqs @ transforms[:, :2, :2]  # (b, c, 2)
        # what the transform moves beyond the bandwidth fades out before it aliases
        distance = (freqs.norm(dim=2) - self.bandwidth) / (self.sampling_rate / 2 - self.bandwidth)
        amplitudes = (1 - distance).clamp(0, 1)

        theta = torch.eye(2, 3, device=w.device, dtype=w.dtype) * (0.5 * self.size / self.sampling_rate)
        grid = nn.functional.affine_grid(theta[None], [1, 1, self.size, self.size], align_corners=False)
        x = torch.einsum("hwk,bck->bhwc", grid[0], freqs) + phases[:, None, None]
        x = torch.sin(x * (2 * math.pi)) * amplitudes[:, None, None]
        x = x @ (self.weight / math.sqrt(len(self.weight))).T
        return x.permute(0, 3, 1, 2)

    def _transforms(self, w: Float[Tensor, "b d"]) -> Float[Tensor, "b 3 3"]:
        """Rotation and shift that w asks for, then the user's."""
        t = self.affine(w)
        t = t / t[:, :2].norm(dim=1, keepdim=True)
        cos, sin, x, y = t.unbind(dim=1)
        zero, one = torch.zeros_like(x), torch.ones_like(x)
        rotation = torch.stack([cos, -sin, zero, sin, cos, zero, zero, zero, one], dim=1).reshape(-1, 3, 3)
        shift = torch.stack([one, zero, -x, zero, one, -y, zero, zero, one], dim=1).reshape(-1, 3, 3)
        return rotation @ shift @ self.transform


class MotionFusion(nn.Module):
    """The factor on the motion code, and how the code joins w (docs/model.md 2.5)."""

    def __init__(self, w_dim: int, motion_dim: int, *, mode: str, learnable_mask: bool, mask_init: str):
        """`mode` concat or add; `mask_init` zeros or ones."""
        super().__init__()
        self.mode = mode
        mask = torch.zeros([1, motion_dim]) if mask_init == "zeros" else torch.ones([1, motion_dim])
        add_weight(self, "motion_mask", mask, trainable=learnable_mask)
        if mode == "concat":
            self.affine_w = FullyConnected(w_dim + motion_dim, w_dim, bias_init=1.0)

    def forward(self, w: Float[Tensor, "n a l d"], motion: Float[Tensor, "n t m"]) -> Float[Tensor, "n t l d"]:
        """w with motion, for `l` layers; `a` is `t`, or 1 for one w per clip."""
        (n, t, _), layers = motion.shape, w.shape[2]
        w = w.expand(n, t, layers, -1)
        motion = motion[:, :, None].expand(n, t, layers, -1)
        if self.mode == "add":
            return w + motion
        return self.affine_w(torch.cat([w, motion], dim=3).flatten(0, 2)).reshape(n, t, layers, -1)


class SynthesisLayer(nn.Module):
    """Modulated convolution and filtered leaky ReLU (docs/model.md 2.8)."""

    def __init__(
        self,
        design: LayerDesign,
        *,
        w_dim: int,
        motion_dim: int,
        clamp: float | None,
        low_rank: int,
        trainable: bool,
        dtype: torch.dtype,
    ):
        """`low_rank` 0: no weights modulated by motion. `dtype` is what the layer computes in."""
        super().__init__()
        self.design = design
        self.clamp = clamp
        self.dtype = dtype
        in_channels, out_channels, kernel = design.in_channels, design.out_channels, design.conv_kernel
        self.style_gain = 1 / math.sqrt(in_channels * kernel**2) if design.is_torgb else 1.0
        self.affine = FullyConnected(w_dim, in_channels, bias_init=1.0, trainable=trainable)
        add_weight(self, "weight", torch.randn([out_channels, in_channels, kernel, kernel]), trainable=trainable)
        add_weight(self, "bias", torch.zeros([out_channels]), trainable=trainable)
        self.register_buffer("magnitude_ema", torch.ones([]))
        self.register_buffer("up_filter", design.up_filter(), persistent=False)
        self.register_buffer("down_filter", design.down_filter(), persistent=False)
        self.low_rank = low_rank
        if low_rank:
            self.affine_t = FullyConnected(motion_dim, in_channels, bias_init=1.0)
            self.w1 = nn.Parameter(torch.randn([out_channels, low_rank, kernel, kernel]))
            self.w2 = nn.Parameter(torch.randn([low_rank, in_channels, kernel, kernel]))
            self.low_rank_gain = nn.Parameter(torch.zeros([]))

    def forward(
        self,
        x: Float[Tensor, "b i h w"],
        w: Float[Tensor, "b d"],
        motion: Float[Tensor, "b m"],
        *,
        update_emas: bool = False,
    ) -> Float[Tensor, "b o out_h out_w"]:
        """The next layer's input, from this one's and one w and motion code for each frame."""
        if update_emas:
            with torch.no_grad():
                magnitude = x.detach().to(self.magnitude_ema.dtype).square().mean()
                self.magnitude_ema.copy_(magnitude.lerp(self.magnitude_ema, MAGNITUDE_BETA))
        x = x.to(self.dtype)
        x = self._convolve(x, self.affine(w) * self.style_gain, motion)
        return filtered_lrelu(
            x,
            self.up_filter,
            self.down_filter,
            self.bias,
            up=self.design.up,
            down=self.design.down,
            padding=self.design.padding,
            gain=1.0 if self.design.is_torgb else math.sqrt(2),
            slope=1.0 if self.design.is_torgb else 0.2,
            clamp=self.clamp,
        )

    def _convolve(self, x: Tensor, style: Tensor, motion: Tensor) -> Tensor:
        """The convolution modulated by w, plus the one of low rank modulated by motion.

        The second one's gain starts at zero: a pretrained network is unchanged at first, and every factor learns from
        the second step on. With both factors at zero, as published, none does (docs/differences.md 2.3); with one at zero, the
        normalisation makes the first step jump to a weight of full size.
        """
        padding = self.design.conv_kernel - 1
        gain = self.magnitude_ema.rsqrt()
        demodulate = not self.design.is_torgb
        y = modulated_conv2d(x, self.weight, style, demodulate=demodulate, padding=padding, input_gain=gain)
        if not self.low_rank:
            return y
        weight = torch.einsum("orkl,rikl->oikl", self.w1, self.w2)
        style_t = self.affine_t(motion)
        y_t = modulated_conv2d(x, weight, style_t, demodulate=demodulate, padding=padding, input_gain=gain)
        return y + y_t * self.low_rank_gain.to(y_t.dtype)


class SynthesisNetwork(nn.Module):
    """w, times and motion noise to frames (docs/model.md 2.5 to 2.8)."""

    def __init__(
        self,
        motion_encoder: MotionEncoder,
        fusion: MotionFusion,
        input: SynthesisInput,
        layers: nn.ModuleDict,
        *,
        output_scale: float,
    ):
        super().__init__()
        self.motion_encoder = motion_encoder
        self.fusion = fusion
        self.input = input
        self.layers = layers
        self.output_scale = output_scale

    @property
    def num_ws(self) -> int:
        """Number of places that take a w: the input and each layer."""
        return len(self.layers) + 1

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
        `motion_codes`, where they are known, are taken in the place of those that the encoder makes of the noise.
        """
        n, t = times.shape
        w = by_frame_and_place(w)
        if motion_codes is None:
            motion_codes = self.motion_encoder(times, motion_noise, labels, time_offset=time_offset)
        motion = motion_codes * self.fusion.motion_mask
        fused = self.fusion(w, motion)  # (n, t, l, d)

        x = self.input(w[:, :, 0].flatten(0, 1))
        x = x.unflatten(0, (n, -1)) + self._input_motion(motion)[..., None, None]
        x = x.flatten(0, 1)
        motion = motion.flatten(0, 1)
        for place, layer in enumerate(self.layers.values(), start=1):
            layer_w = fused[:, :, place if fused.shape[2] > 1 else 0].flatten(0, 1)
            x = layer(x, layer_w, motion, update_emas=update_emas)
        return (x.to(w.dtype) * self.output_scale).unflatten(0, (n, t))

    def _input_motion(self, motion: Float[Tensor, "n t m"]) -> Float[Tensor, "n t c"]:
        """What motion adds to each channel of the input; the layer's bias makes it a constant where there is none."""
        added = self.input.motion_affine(motion.flatten(0, 1)).unflatten(0, motion.shape[:2])
        return added * self.fusion.motion_mask if self.fusion.mode == "add" else added


def by_frame_and_place(
    w: Float[Tensor, "n d"] | Float[Tensor, "n a d"] | Float[Tensor, "n a l d"],
) -> Float[Tensor, "n a l d"]:
    """w with an axis for frames and one for the places it goes to, of length 1 where all share it."""
    if w.ndim == 2:
        return w[:, None, None]
    return w[:, :, None] if w.ndim == 3 else w

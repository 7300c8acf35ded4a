"""From codes at neighbouring anchors to the motion code of a time between them (docs/model.md 2.3 and 2.4).

StyleGAN-V section 3.1: sines and cosines whose periods and phases come from the code at the anchor, less their own
interpolation between anchors, plus an interpolated learnt part (aligners). Angles are formed in float64 and reduced
to one turn before sine and cosine: in float32, as published, they drift by 0.03 rad after a million frames.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from stylesv.networks.layers import FullyConnected, MappingNetwork
from stylesv.ops import quadratic_spline_weights


class FourierFeatures(nn.Module):
    """Periods, phases and aligners predicted from a code, and the sines and cosines they give."""

    def __init__(self, code_dim: int, *, dim: int, periods: tuple[float, float]):
        """`dim` frequencies; `periods` are the shortest and the longest at code 0, in frames."""
        super().__init__()
        shortest, longest = periods
        exponents = torch.linspace(math.log2(longest), math.log2(shortest), dim, dtype=torch.float64)
        freqs = (2 * math.pi / 2**exponents).float()
        self.register_buffer("freqs", freqs, persistent=False)  # radians per frame
        self.register_buffer("phase_scales", freqs * (longest / (2 * math.pi)), persistent=False)
        self.periods_predictor = FullyConnected(code_dim, dim, bias_init=None)
        self.phase_predictor = FullyConnected(code_dim, dim, bias_init=None)
        self.aligners_predictor = FullyConnected(code_dim, 2 * dim, bias_init=None)

    def periods_and_phases(
        self, codes: Float[Tensor, "*n v"]
    ) -> tuple[Float[Tensor, "*n dim"], Float[Tensor, "*n dim"]]:
        """Factor on each frequency, in (0, 2), and phase in radians."""
        periods = apply_last(self.periods_predictor, codes).tanh() + 1
        return periods, apply_last(self.phase_predictor, codes) * self.phase_scales

    def aligners(self, codes: Float[Tensor, "*n v"]) -> Float[Tensor, "*n d"]:
        """The learnt part of the motion code, in place of the sines and cosines."""
        return apply_last(self.aligners_predictor, codes)

    def waves(
        self, times: Float[Tensor, "n t"], periods: Float[Tensor, "n t dim"], phases: Float[Tensor, "n t dim"]
    ) -> Float[Tensor, "n t d"]:
        """Sines, then cosines, at the times (float64, in frames)."""
        angles = self.freqs.double() * periods.double() * times[..., None] + phases.double()
        angles = torch.remainder(angles, 2 * math.pi).to(periods.dtype)
        return torch.cat([angles.sin(), angles.cos()], dim=-1)


class LinearTimeEncoder(FourierFeatures):
    """Two anchors, blended linearly (StyleGAN-V section 3.1)."""

    num_anchors = 2

    def forward(
        self,
        codes: Float[Tensor, "n t 2 v"],
        u: Float[Tensor, "n t"],
        *,
        times: Float[Tensor, "n t"],
        left_times: Float[Tensor, "n t"],
        distance: int,
        labels: Float[Tensor, "n c"] | None,
    ) -> Float[Tensor, "n t d"]:
        """Motion codes at `times`, the fraction `u` of the way from the anchor at `left_times` to the next."""
        periods, phases = self.periods_and_phases(codes[:, :, 0])
        left = self.waves(left_times, periods, phases)
        right = self.waves(left_times + distance, periods, phases)
        waves = self.waves(times, periods, phases) - torch.lerp(left, right, u[..., None])
        return waves + blend(linear_weights(u), self.aligners(codes))


class SplineTimeEncoder(FourierFeatures):
    """Three anchors, blended with a quadratic B-spline: no kink at the anchors (the paper's B-spline motion)."""

    num_anchors = 3

    def __init__(self, code_dim: int, *, dim: int, periods: tuple[float, float], blend_waves: bool):
        """`blend_waves`: periods and phases are blended too, and nothing is subtracted (`bs_emb`)."""
        super().__init__(code_dim, dim=dim, periods=periods)
        self.blend_waves = blend_waves

    def forward(
        self,
        codes: Float[Tensor, "n t 3 v"],
        u: Float[Tensor, "n t"],
        *,
        times: Float[Tensor, "n t"],
        left_times: Float[Tensor, "n t"],
        distance: int,
        labels: Float[Tensor, "n c"] | None,
    ) -> Float[Tensor, "n t d"]:
        """Motion codes at `times`, the fraction `u` of the way from the anchor at `left_times` to the next."""
        weights = quadratic_spline_weights(u)
        aligners = blend(weights, self.aligners(codes))
        if self.blend_waves:
            periods, phases = self.periods_and_phases(codes)
            return self.waves(times, blend(weights, periods), blend(weights, phases)) + aligners
        periods, phases = self.periods_and_phases(codes[:, :, 0])
        left = self.waves(left_times, periods, phases)
        right = self.waves(left_times + distance, periods, phases)
        return self.waves(times, periods, phases) - torch.lerp(left, right, u[..., None]) + aligners


class PlainTimeEncoder(nn.Module):
    """Blended anchors through a mapping network: no Fourier encoding (`fourier: false` there)."""

    def __init__(self, code_dim: int, out_dim: int, *, class_dim: int, spline: bool):
        """`spline`: three anchors blended with a quadratic B-spline; else two, linearly."""
        super().__init__()
        self.num_anchors = 3 if spline else 2
        self.mapping = MappingNetwork(code_dim, out_dim, class_dim=class_dim, num_layers=2)

    def forward(
        self,
        codes: Float[Tensor, "n t k v"],
        u: Float[Tensor, "n t"],
        *,
        times: Float[Tensor, "n t"],
        left_times: Float[Tensor, "n t"],
        distance: int,
        labels: Float[Tensor, "n c"] | None,
    ) -> Float[Tensor, "n t d"]:
        """Motion codes the fraction `u` of the way from one anchor to the next."""
        weights = quadratic_spline_weights(u) if self.num_anchors == 3 else linear_weights(u)
        labels = None if labels is None else labels.repeat_interleave(times.shape[1], dim=0)
        return self.mapping(blend(weights, codes).flatten(0, 1), labels).unflatten(0, times.shape)


TimeEncoder = LinearTimeEncoder | SplineTimeEncoder | PlainTimeEncoder


def apply_last(layer: FullyConnected, x: Float[Tensor, "*n i"]) -> Float[Tensor, "*n o"]:
    """A layer of (n, i) on the last axis of a tensor with any axes before it."""
    return layer(x.flatten(0, -2)).reshape(*x.shape[:-1], -1)


def linear_weights(u: Float[Tensor, "n t"]) -> Float[Tensor, "n t 2"]:
    """Weights of the anchors before and after."""
    return torch.stack([1 - u, u], dim=-1)


def blend(weights: Float[Tensor, "n t k"], values: Float[Tensor, "n t k d"]) -> Float[Tensor, "n t d"]:
    """The weighted sum over anchors."""
    return (weights[..., None] * values).sum(dim=2)

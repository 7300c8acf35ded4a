"""The C++ forms for tensors on a CPU: one walk over each channel plane, nothing of the upsampled size in memory.

Resampling is linear, and the derivative of the filtered leaky ReLU is resampling up, a mask, resampling down, with
the two resamplings exchanged and mirrored. So the derivative of either is another pass of the same kind, and each can
be differentiated any number of times. Only the input is kept for the backward pass: the mask is computed again.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from stylesv.ops.geometry import Filter, Number, Taps, axis_pair, output_length, separable_taps, side_padding

LINEAR, LRELU, MASKED = range(3)  # as in filtered_lrelu.cpp
DTYPES = (torch.float32, torch.float64, torch.bfloat16, torch.float16)


@dataclass(frozen=True)
class Resampling:
    """Upsampling, then downsampling; every pair is (x, y)."""

    up_taps: tuple[Taps, Taps]
    down_taps: tuple[Taps, Taps]
    up: tuple[int, int]
    down: tuple[int, int]
    before: tuple[int, int]  # zeros before the first sample, after upsampling
    in_size: tuple[int, int]
    out_size: tuple[int, int]

    def mirrored(self) -> "Resampling":
        """The transposed operation, which takes gradients of the output to gradients of the input."""
        opposite = [
            len(u) + len(d) - 2 - before for u, d, before in zip(self.up_taps, self.down_taps, self.before, strict=True)
        ]
        return Resampling(
            up_taps=(self.down_taps[0][::-1], self.down_taps[1][::-1]),
            down_taps=(self.up_taps[0][::-1], self.up_taps[1][::-1]),
            up=self.down,
            down=self.up,
            before=(opposite[0], opposite[1]),
            in_size=self.out_size,
            out_size=self.in_size,
        )


@dataclass(frozen=True)
class Activation:
    """Leaky ReLU, gain, clamp."""

    gain: float
    slope: float
    clamp: float


def upfirdn2d(
    x: Float[Tensor, "n c h w"],
    filter: Filter,
    *,
    up: int | Sequence[int] = 1,
    down: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    gain: Number = 1.0,
) -> Float[Tensor, "n c out_h out_w"]:
    """As `definition.upfirdn2d`, for separable filters."""
    taps = separable_taps(filter, gain)
    assert taps is not None, "the caller has checked the filter"
    up, down, padding = axis_pair("up", up), axis_pair("down", down), side_padding(padding)
    none = ((1.0,), (1.0,))
    return _Resample.apply(x, _resampling(x, taps, none, up, down, padding))


def filtered_lrelu(
    x: Float[Tensor, "n c h w"],
    up_filter: Filter,
    down_filter: Filter,
    bias: Float[Tensor, "c"] | None = None,
    *,
    up: int = 1,
    down: int = 1,
    padding: int | Sequence[int] = 0,
    gain: Number = 2**0.5,
    slope: Number = 0.2,
    clamp: Number | None = None,
) -> Float[Tensor, "n c out_h out_w"]:
    """As `definition.filtered_lrelu`, for separable filters."""
    up_taps, down_taps = separable_taps(up_filter, up**2), separable_taps(down_filter)
    assert up_taps is not None and down_taps is not None, "the caller has checked the filters"
    resampling = _resampling(x, up_taps, down_taps, (up, up), (down, down), side_padding(padding))
    activation = Activation(float(gain), float(slope), math.inf if clamp is None else float(clamp))
    return _FilteredLrelu.apply(x, None if bias is None else bias.to(x.dtype), resampling, activation)


def _resampling(
    x: Tensor,
    up_taps: tuple[Taps, Taps],
    down_taps: tuple[Taps, Taps],
    up: tuple[int, int],
    down: tuple[int, int],
    padding: tuple[int, int, int, int],
) -> Resampling:
    in_size = (x.shape[3], x.shape[2])
    before, after = padding[0::2], padding[1::2]
    out_size = [
        output_length(
            in_size[axis],
            taps=len(up_taps[axis]) + len(down_taps[axis]) - 1,
            up=up[axis],
            down=down[axis],
            before=before[axis],
            after=after[axis],
        )
        for axis in (0, 1)
    ]
    return Resampling(up_taps, down_taps, up, down, before, in_size, (out_size[0], out_size[1]))


class _Resample(torch.autograd.Function):
    """Resampling without anything in between."""

    @staticmethod
    def forward(ctx, x: Tensor, resampling: Resampling) -> Tensor:
        ctx.resampling = resampling
        return _walk(LINEAR, x, resampling)[0]

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:
        mirrored = ctx.resampling.mirrored()
        # Filters commute; next to the upsampling, only the samples that are kept are computed.
        filter_first = replace(mirrored, up_taps=mirrored.down_taps, down_taps=mirrored.up_taps)
        return _Resample.apply(gradient, filter_first), None


class _FilteredLrelu(torch.autograd.Function):
    """The filtered leaky ReLU; keeps its input and nothing else."""

    @staticmethod
    def forward(ctx, x: Tensor, bias: Tensor | None, resampling: Resampling, activation: Activation) -> Tensor:
        ctx.save_for_backward(x, bias)
        ctx.plan = (resampling, activation)
        return _walk(LRELU, x, resampling, activation, bias=bias)[0]

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, bias = ctx.saved_tensors
        gradient_x, sums = _Masked.apply(gradient, x, bias, *ctx.plan, True)
        return gradient_x, None if bias is None else sums, None, None


class _Masked(torch.autograd.Function):
    """The derivative of the filtered leaky ReLU at x, applied to a value; and the channel sums of the result.

    Linear in the value, and constant in x and bias wherever it has a derivative. `backward` says in which direction:
    from gradients of the output to gradients of the input, or from changes of the input to changes of the output.
    """

    @staticmethod
    def forward(
        ctx,
        value: Tensor,
        x: Tensor,
        bias: Tensor | None,
        resampling: Resampling,
        activation: Activation,
        backward: bool,
    ) -> tuple[Tensor, Tensor]:
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x, bias)
        ctx.plan = (resampling, activation, not backward)
        way = resampling.mirrored() if backward else resampling
        result = _walk(MASKED, value, way, activation, bias=bias, source=x, source_way=resampling)
        ctx.shape = result[0].shape
        return result

    @staticmethod
    def backward(ctx, gradient: Tensor | None, gradient_sums: Tensor | None) -> tuple[Tensor | None, ...]:
        x, bias = ctx.saved_tensors
        nothing = (None,) * 5
        if gradient_sums is not None:
            spread = gradient_sums[:, None, None]
            gradient = spread.expand(ctx.shape) if gradient is None else gradient + spread
        if gradient is None:
            return None, *nothing
        return _Masked.apply(gradient, x, bias, *ctx.plan)[0], *nothing


def _walk(
    kind: int,
    value: Tensor,
    way: Resampling,
    activation: Activation | None = None,
    *,
    bias: Tensor | None = None,
    source: Tensor | None = None,
    source_way: Resampling | None = None,
) -> tuple[Tensor, Tensor]:
    """One pass in C++: the result, and its sum over each channel.

    A masked pass recomputes the upsampled source where the value arrives, hence the difference of the offsets.
    """
    activation = activation or Activation(1.0, 1.0, math.inf)
    source_taps, source_up, source_before = way.up_taps, way.up, way.before
    if source_way is not None:
        source_taps, source_up = source_way.up_taps, source_way.up
        source_before = source_way.before
        if source_way is not way:  # mirrored: the first sample of the input reads this much earlier
            source_before = (len(source_taps[0]) - 1, len(source_taps[1]) - 1)
    value = value.contiguous()
    out = value.new_empty(*value.shape[:2], way.out_size[1], way.out_size[0])
    sums = value.new_empty(value.shape[1], dtype=torch.float64)
    torch.ops.stylesv.resample(
        kind,
        value,
        None if source is None else source.contiguous(),
        None if bias is None else bias.contiguous(),
        out,
        sums,
        *way.up_taps,
        *source_taps,
        *way.down_taps,
        [*way.up, *source_up, *way.down],
        [*way.before, *source_before],
        [activation.gain, activation.slope, activation.clamp],
    )
    return out, sums.to(value.dtype)

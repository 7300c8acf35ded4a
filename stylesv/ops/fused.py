"""The fused forms: one walk over each channel plane, nothing of the upsampled size in memory.

Resampling is linear, and the derivative of the filtered leaky ReLU is resampling up, a mask, resampling down, with
the two resamplings exchanged and mirrored. So the derivative of either is another walk of the same kind, and each can
be differentiated any number of times. Only the input is kept for the backward pass: the mask is computed again.

There are two walks, in C++ (`cpp.py`) and in Triton (`triton_walk.py`); everything here is the same for both.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from stylesv.ops.geometry import (
    NO_FILTER,
    Filter,
    FilterTerms,
    LreluCall,
    Number,
    axis_pair,
    filter_terms,
    output_length,
    side_padding,
)

LINEAR, LRELU, MASKED = range(3)  # as in filtered_lrelu.cpp


@dataclass(frozen=True)
class Resampling:
    """Upsampling, then downsampling; every pair is (x, y)."""

    up_terms: FilterTerms
    down_terms: FilterTerms
    up: tuple[int, int]
    down: tuple[int, int]
    before: tuple[int, int]  # zeros before the first sample, after upsampling
    in_size: tuple[int, int]
    out_size: tuple[int, int]

    def mirrored(self) -> "Resampling":
        """The transposed operation, which takes gradients of the output to gradients of the input."""
        opposite = [
            len(u[0]) + len(d[0]) - 2 - before
            for u, d, before in zip(self.up_terms, self.down_terms, self.before, strict=True)
        ]
        return Resampling(
            up_terms=_flipped(self.down_terms),
            down_terms=_flipped(self.up_terms),
            up=self.down,
            down=self.up,
            before=(opposite[0], opposite[1]),
            in_size=self.out_size,
            out_size=self.in_size,
        )


@dataclass(frozen=True)
class Activation:
    """Leaky ReLU, gain, clamp."""

    gain: float = 1.0
    slope: float = 1.0
    clamp: float = math.inf


@dataclass(frozen=True)
class Pass:
    """What one walk does: LINEAR, LRELU, or MASKED by the signs of `source` plus bias upsampled as `source_way` says."""

    kind: int
    way: Resampling
    activation: Activation = Activation()
    bias: Tensor | None = None
    source: Tensor | None = None
    source_way: Resampling | None = None

    @property
    def source_before(self) -> tuple[int, int]:
        """Zeros before the first sample of the upsampled source, counted from where the upsampled value begins."""
        if self.source_way is None or self.source_way is self.way:
            return self.way.before
        along_x, along_y = self.source_way.up_terms  # mirrored: the first sample of the input reads this much earlier
        return len(along_x[0]) - 1, len(along_y[0]) - 1


# Takes a contiguous value, one pass, the output to fill, and a float64 vector for the output's sums by channel.
Walk = Callable[[Tensor, Pass, Tensor, Tensor], None]


@dataclass(frozen=True)
class Fused:
    """The operations by one walk; `upfirdn2d` and `filtered_lrelu` are as in `definition.py`."""

    walk: Walk
    dtypes: tuple[torch.dtype, ...]
    max_taps: Number = math.inf

    def upfirdn2d(
        self,
        x: Float[Tensor, "n c h w"],
        filter: Filter,
        *,
        up: int | Sequence[int] = 1,
        down: int | Sequence[int] = 1,
        padding: int | Sequence[int] = 0,
        gain: Number = 1.0,
    ) -> Float[Tensor, "n c out_h out_w"]:
        """As `definition.upfirdn2d`."""
        terms = filter_terms(filter, gain)
        way = _resampling(x, terms, NO_FILTER, axis_pair("up", up), axis_pair("down", down), side_padding(padding))
        return _Resample.apply(x, way, self.walk)

    def filtered_lrelu(
        self, x: Float[Tensor, "n c h w"], bias: Float[Tensor, "c"] | None, call: LreluCall
    ) -> Float[Tensor, "n c out_h out_w"]:
        """As `definition.filtered_lrelu`."""
        terms = filter_terms(call.up_filter, call.up**2), filter_terms(call.down_filter)
        way = _resampling(x, *terms, (call.up, call.up), (call.down, call.down), side_padding(call.padding))
        clamp = math.inf if call.clamp is None else float(call.clamp)
        activation = Activation(float(call.gain), float(call.slope), clamp)
        return _FilteredLrelu.apply(x, None if bias is None else bias.to(x.dtype), way, activation, self.walk)


def _flipped(terms: FilterTerms) -> FilterTerms:
    along_x, along_y = terms
    return tuple(taps[::-1] for taps in along_x), tuple(taps[::-1] for taps in along_y)


def _resampling(
    x: Tensor,
    up_terms: FilterTerms,
    down_terms: FilterTerms,
    up: tuple[int, int],
    down: tuple[int, int],
    padding: tuple[int, int, int, int],
) -> Resampling:
    in_size = (x.shape[3], x.shape[2])
    before, after = padding[0::2], padding[1::2]
    out_size = [
        output_length(
            in_size[axis],
            taps=len(up_terms[axis][0]) + len(down_terms[axis][0]) - 1,
            up=up[axis],
            down=down[axis],
            before=before[axis],
            after=after[axis],
        )
        for axis in (0, 1)
    ]
    return Resampling(up_terms, down_terms, up, down, before, in_size, (out_size[0], out_size[1]))


def _run(walk: Walk, value: Tensor, one: Pass) -> tuple[Tensor, Tensor]:
    """The result of a pass, and its sums over each channel."""
    out = value.new_empty(*value.shape[:2], one.way.out_size[1], one.way.out_size[0])
    sums = value.new_zeros(value.shape[1], dtype=torch.float64)
    bias = None if one.bias is None else one.bias.contiguous()
    source = None if one.source is None else one.source.contiguous()
    walk(value.contiguous(), replace(one, bias=bias, source=source), out, sums)
    return out, sums.to(value.dtype)


class _Resample(torch.autograd.Function):
    """Resampling without anything in between."""

    @staticmethod
    def forward(ctx, x: Tensor, way: Resampling, walk: Walk) -> Tensor:
        ctx.way, ctx.walk = way, walk
        return _run(walk, x, Pass(LINEAR, way))[0]

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        mirrored = ctx.way.mirrored()
        # Filters commute; next to the upsampling, only the samples that are kept are computed.
        filter_first = replace(mirrored, up_terms=mirrored.down_terms, down_terms=mirrored.up_terms)
        return _Resample.apply(gradient, filter_first, ctx.walk), None, None


class _FilteredLrelu(torch.autograd.Function):
    """The filtered leaky ReLU; keeps its input and nothing else."""

    @staticmethod
    def forward(ctx, x: Tensor, bias: Tensor | None, way: Resampling, activation: Activation, walk: Walk) -> Tensor:
        ctx.save_for_backward(x, bias)
        ctx.plan = (way, activation, walk)
        return _run(walk, x, Pass(LRELU, way, activation, bias))[0]

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, bias = ctx.saved_tensors
        gradient_x, sums = _Masked.apply(gradient, x, bias, *ctx.plan, True)
        return gradient_x, None if bias is None else sums, None, None, None


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
        way: Resampling,
        activation: Activation,
        walk: Walk,
        backward: bool,
    ) -> tuple[Tensor, Tensor]:
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x, bias)
        ctx.plan = (way, activation, walk, not backward)
        direction = way.mirrored() if backward else way
        result = _run(walk, value, Pass(MASKED, direction, activation, bias, source=x, source_way=way))
        ctx.shape = result[0].shape
        return result

    @staticmethod
    def backward(ctx, gradient: Tensor | None, gradient_sums: Tensor | None) -> tuple[Tensor | None, ...]:
        x, bias = ctx.saved_tensors
        nothing = (None,) * 6
        if gradient_sums is not None:
            spread = gradient_sums[:, None, None]
            gradient = spread.expand(ctx.shape) if gradient is None else gradient + spread
        if gradient is None:
            return None, *nothing
        return _Masked.apply(gradient, x, bias, *ctx.plan)[0], *nothing

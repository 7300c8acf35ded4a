"""The plain PyTorch forms: one small matrix product per axis instead of inserted zeros.

Resampling an axis is a banded Toeplitz matrix. It is cut into blocks of outputs, which all share one small matrix
(about `BLOCK` outputs by the inputs they see), so that the work is a matrix product over overlapping windows. Two to
four times faster than the definition, on any device, and differentiable any number of times.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from stylesv.ops.geometry import Filter, LreluCall, Number, axis_pair, filter_taps, output_length, side_padding

BLOCK = 16  # outputs per block: enough for the vector units, few enough that not many products are with zeros


def upfirdn2d(
    x: Float[Tensor, "n c h w"],
    filter: Filter,
    *,
    up: int | Sequence[int] = 1,
    down: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    gain: Number = 1.0,
) -> Float[Tensor, "n c out_h out_w"]:
    """As `definition.upfirdn2d`."""
    (up_x, up_y), (down_x, down_y) = axis_pair("up", up), axis_pair("down", down)
    x0, x1, y0, y1 = side_padding(padding)
    filter_taps(filter)
    if filter is not None and filter.ndim == 2:
        return _resample_plane(x, filter * gain, (up_x, up_y), (down_x, down_y), (x0, x1, y0, y1))
    taps = x.new_ones(1) if filter is None else filter.to(x.dtype)
    taps = taps * gain**0.5
    if len(taps) == up_x == up_y == down_x == down_y == 1:
        return F.pad(x, [x0, x1, y0, y1]) * taps.square()
    x = _ResampleAxis.apply(x, taps, -1, up_x, down_x, x0, x1)
    return _ResampleAxis.apply(x, taps, -2, up_y, down_y, y0, y1)


def filtered_lrelu(
    x: Float[Tensor, "n c h w"], bias: Float[Tensor, "c"] | None, call: LreluCall
) -> Float[Tensor, "n c out_h out_w"]:
    """As `definition.filtered_lrelu`."""
    if bias is not None:
        x = x + bias.to(x.dtype)[:, None, None]
    x = upfirdn2d(x, call.up_filter, up=call.up, padding=call.padding, gain=call.up**2)
    x = F.leaky_relu(x, call.slope)
    if call.clamp is not None:
        x = x.clamp(-call.clamp / call.gain, call.clamp / call.gain)
    return upfirdn2d(x, call.down_filter, down=call.down, gain=call.gain)


class _ResampleAxis(torch.autograd.Function):
    """Resample axis -1 or -2. Its derivative is itself, with up and down exchanged and the filter mirrored."""

    @staticmethod
    def forward(ctx, x: Tensor, taps: Tensor, axis: int, up: int, down: int, before: int, after: int) -> Tensor:
        length = x.shape[axis]
        size = output_length(length, taps=len(taps), up=up, down=down, before=before, after=after)
        ctx.save_for_backward(taps)
        opposite = len(taps) - 1 - before
        ctx.derivative = (axis, down, up, opposite, (length - 1) * up + len(taps) - size * down - opposite)
        matrix, first, step = _block_matrix(taps, up, down, before)
        block, window = matrix.shape
        count = -(-size // block)
        sides = [-first, first + step * (count - 1) + window - length]
        if axis == -1:
            windows = F.pad(x, sides).unfold(-1, window, step)  # (n, c, h, count, window)
            y = windows.reshape(-1, window) @ matrix.T
            return y.reshape(*x.shape[:-1], count * block)[..., :size]
        windows = F.pad(x, [0, 0, *sides]).unfold(-2, window, step)  # (n, c, count, w, window)
        y = matrix @ windows.transpose(-1, -2).reshape(-1, window, x.shape[-1])  # whole rows stay whole
        return y.reshape(*x.shape[:-2], count * block, x.shape[-1])[..., :size, :]

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (taps,) = ctx.saved_tensors
        return _ResampleAxis.apply(gradient, taps.flip([0]), *ctx.derivative), *[None] * 6


def _block_matrix(taps: Tensor, up: int, down: int, before: int) -> tuple[Tensor, int, int]:
    """The matrix (outputs, inputs) of one block, the first input of block 0, and the inputs from block to block.

    Output r of block b is the sum over k of taps[last - k] * z[(b * outputs + r) * down + k], where z is the
    upsampled and padded axis; z[p] is input (p - before) / up where that is whole.
    """
    period = up // math.gcd(up, down)  # outputs until the phase repeats
    outputs = -(-BLOCK // period) * period
    last = len(taps) - 1
    first = -(before // up)
    end = (last - before + (outputs - 1) * down) // up
    index = torch.arange(first, end + 1, device=taps.device)
    output = torch.arange(outputs, device=taps.device)
    k = index * up + before - output[:, None] * down
    inside = (k >= 0) & (k <= last)
    matrix = torch.where(inside, taps[(last - k).clamp(0, last)], taps.new_zeros(()))
    return matrix, first, outputs * down // up


def _resample_plane(
    x: Tensor, filter: Tensor, up: tuple[int, int], down: tuple[int, int], padding: tuple[int, int, int, int]
) -> Tensor:
    """Resample with a plane of taps: transposed convolution up, strided convolution down."""
    (channels, h, w), (x0, x1, y0, y1) = x.shape[1:], padding
    taps_x, taps_y = filter_taps(filter)
    width = output_length(w, taps=taps_x, up=up[0], down=down[0], before=x0, after=x1)
    height = output_length(h, taps=taps_y, up=up[1], down=down[1], before=y0, after=y1)
    kernel = filter.to(x.dtype).expand(channels, 1, taps_y, taps_x)
    if up == (1, 1):
        return F.conv2d(F.pad(x, [x0, x1, y0, y1]), kernel.flip([2, 3]), stride=down[::-1], groups=channels)
    wide = F.conv_transpose2d(x, kernel, stride=up[::-1], groups=channels)  # sample p sees taps up to p: full size
    left, top = x0 - (taps_x - 1), y0 - (taps_y - 1)
    right = (width - 1) * down[0] + 1 - left - wide.shape[-1]
    bottom = (height - 1) * down[1] + 1 - top - wide.shape[-2]
    return F.pad(wide, [left, right, top, bottom])[..., :: down[1], :: down[0]]

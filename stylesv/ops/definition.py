"""The readable definitions: insert zeros, then filter with a depth-wise convolution. docs/operations.md 1.1 and 1.2.

Slow on purpose, as the published code computes on a CPU. Everything faster in this package is held to these by test.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from stylesv.ops.geometry import Filter, LreluCall, Number, axis_pair, filter_taps, output_length, side_padding


def upfirdn2d(
    x: Float[Tensor, "n c h w"],
    filter: Filter,
    *,
    up: int | Sequence[int] = 1,
    down: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    gain: Number = 1.0,
) -> Float[Tensor, "n c out_h out_w"]:
    """Upsample by zero insertion, pad or crop, convolve with the filter times gain, keep every `down`-th sample."""
    n, c, h, w = x.shape
    (up_x, up_y), (down_x, down_y) = axis_pair("up", up), axis_pair("down", down)
    x0, x1, y0, y1 = side_padding(padding)
    taps_x, taps_y = filter_taps(filter)
    output_length(w, taps=taps_x, up=up_x, down=down_x, before=x0, after=x1)
    output_length(h, taps=taps_y, up=up_y, down=down_y, before=y0, after=y1)

    x = x.reshape(n, c, h, 1, w, 1)
    x = F.pad(x, [0, up_x - 1, 0, 0, 0, up_y - 1])
    x = x.reshape(n, c, h * up_y, w * up_x)
    x = F.pad(x, [x0, x1, y0, y1])
    x = convolve(x, filter, gain)
    return x[:, :, ::down_y, ::down_x]


def convolve(x: Float[Tensor, "n c h w"], filter: Filter, gain: Number) -> Float[Tensor, "n c out_h out_w"]:
    """True convolution (the filter is mirrored) of every channel with the same filter, without padding."""
    channels = x.shape[1]
    if filter is None:
        return x * gain
    taps = filter.to(x.dtype)
    if filter.ndim == 2:
        kernel = (taps * gain).flip([0, 1]).expand(channels, 1, *taps.shape)
        return F.conv2d(x, kernel, groups=channels)
    kernel = (taps * gain**0.5).flip([0])
    x = F.conv2d(x, kernel.expand(channels, 1, 1, -1), groups=channels)
    return F.conv2d(x, kernel[:, None].expand(channels, 1, -1, 1), groups=channels)


def filtered_lrelu(
    x: Float[Tensor, "n c h w"], bias: Float[Tensor, "c"] | None, call: LreluCall
) -> Float[Tensor, "n c out_h out_w"]:
    """Bias, upsample, leaky ReLU, gain, clamp to +-clamp, downsample: the alias-free non-linearity of StyleGAN3."""
    if bias is not None:
        x = x + bias.to(x.dtype)[:, None, None]
    x = upfirdn2d(x, call.up_filter, up=call.up, padding=call.padding, gain=call.up**2)
    x = F.leaky_relu(x, call.slope) * call.gain
    if call.clamp is not None:
        x = x.clamp(-call.clamp, call.clamp)
    return upfirdn2d(x, call.down_filter, down=call.down)

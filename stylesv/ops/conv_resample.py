"""Convolution with resampling, as in the discriminator's layers. docs/operations.md 1.4."""

from collections.abc import Sequence

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from stylesv.ops.convolution import conv2d
from stylesv.ops.geometry import Filter, side_padding
from stylesv.ops.resample import centred_padding, upfirdn2d


def conv2d_resample(
    x: Float[Tensor, "n i h w"],
    weight: Float[Tensor, "o i k_h k_w"],
    filter: Filter = None,
    *,
    up: int = 1,
    down: int = 1,
    padding: int | Sequence[int] = 0,
) -> Float[Tensor, "n o out_h out_w"]:
    """Upsample by `up`, convolve (correlation, not mirrored), downsample by `down`, each with `filter`.

    `padding` is that of the convolution, in samples after upsampling, in any form `upfirdn2d` takes; the padding
    that centres the filter is added here, so a 3x3 weight with padding 1 gives exactly x `up` / `down`.
    """
    x0, x1, y0, y1 = side_padding(padding)
    weight = weight.to(x.dtype)
    if up == down == 1:
        if x0 == x1 == y0 == y1 >= 0:
            return conv2d(x, weight, padding=x0)
        return conv2d(F.pad(x, [x0, x1, y0, y1]), weight)

    if up > 1:
        padding = centred_padding(filter, padding, up=up)
    if down > 1:
        padding = centred_padding(filter, padding, down=down)
    if up == 1:
        if weight.shape[2:] == (1, 1):  # commutes with the filter, so it sees only the samples that are kept
            return conv2d(upfirdn2d(x, filter, down=down, padding=padding), weight)
        return F.conv2d(upfirdn2d(x, filter, padding=padding), weight, stride=down)
    x = conv2d(upfirdn2d(x, filter, up=up, padding=padding, gain=up**2), weight)
    return x if down == 1 else upfirdn2d(x, filter, down=down)

"""The generator's modulated convolution. SPEC 1.4; StyleGAN2 section 2.2, StyleGAN3 appendix F."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

EPSILON = 1e-8


def modulated_conv2d(
    x: Float[Tensor, "n i h w"],
    weight: Float[Tensor, "o i k k"],
    style: Float[Tensor, "n i"],
    *,
    demodulate: bool = True,
    padding: int = 0,
    input_gain: Float[Tensor, ""] | Float[Tensor, "i"] | None = None,
    low_rank: tuple[Float[Tensor, "o r k k"], Float[Tensor, "r i k k"]] | None = None,
    style_t: Float[Tensor, "n i"] | None = None,
) -> Float[Tensor, "n o out_h out_w"]:
    """Convolve each sample with `weight` scaled per input channel by its `style` (correlation, not mirrored).

    With `demodulate` the weight, the style (over the whole batch) and then each sample's product of both are
    normalised to unit size. `low_rank` adds a second weight, the product of the two factors at each filter tap,
    scaled by `style_t` and treated likewise. `input_gain` multiplies x.

    Scaling x before and y after a convolution with the shared weight is the same as scaling the weight of each
    sample, without one weight per sample in memory.
    """
    y = _modulate(x, weight, style, demodulate, padding, input_gain)
    if low_rank is not None:
        assert style_t is not None, "the low-rank weight needs its own style"
        left, right = low_rank
        product = torch.einsum("orkl,rikl->oikl", left, right)
        y = y + _modulate(x, product, style_t, demodulate, padding, input_gain)
    return y


def _modulate(
    x: Tensor, weight: Tensor, style: Tensor, demodulate: bool, padding: int, input_gain: Tensor | None
) -> Tensor:
    """One weight, one style: scale the input channels, convolve, scale the output channels."""
    scale = None
    if demodulate:
        weight = weight * (weight.square().mean(dim=[1, 2, 3], keepdim=True) + EPSILON).rsqrt()
        style = style * (style.square().mean()).rsqrt()
        scale = (style.square() @ weight.square().sum(dim=[2, 3]).T + EPSILON).rsqrt()  # (n, o)
    if input_gain is not None:
        style = style * input_gain
    y = F.conv2d(x * style.to(x.dtype)[:, :, None, None], weight.to(x.dtype), padding=padding)
    return y if scale is None else y * scale.to(x.dtype)[:, :, None, None]

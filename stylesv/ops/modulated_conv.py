"""The generator's modulated convolution. docs/operations.md 1.5; StyleGAN2 section 2.2, StyleGAN3 appendix F."""

from jaxtyping import Float
from torch import Tensor

from stylesv.ops.backend import active_backend, is_recorded
from stylesv.ops.convolution import conv2d

EPSILON = 1e-8


def modulated_conv2d(
    x: Float[Tensor, "n i h w"],
    weight: Float[Tensor, "o i k k"],
    style: Float[Tensor, "n i"],
    *,
    demodulate: bool = True,
    padding: int = 0,
    input_gain: Float[Tensor, ""] | Float[Tensor, "i"] | None = None,
) -> Float[Tensor, "n o out_h out_w"]:
    """Convolve each sample with `weight` scaled per input channel by its `style` (correlation, not mirrored).

    With `demodulate` the weight, the style (over the whole batch) and then each sample's product of both are
    normalised to unit size. `input_gain` multiplies x.

    Scaling x before and y after a convolution with the shared weight gives the same as a weight for each sample.
    The first costs two more passes over images, the second one weight per sample; whichever is cheaper is done. The
    definition has one weight per sample. A call that is recorded for export
    takes the shared weight, which does for any batch.

    Images stay in the order n c h w. Channels last makes a convolution's forward pass 1.0 to 1.4 times faster on a CPU
    and its backward pass 1.1 to 3.7 times slower (measured on two cores with AVX-512, 36 to 276 px), and the filtered
    leaky ReLU works on planes.
    """
    weight, style, scale = _normalized(weight, style, demodulate)
    if input_gain is not None:
        style = style * input_gain
    if not is_recorded() and x.shape[0] > 0 and _prefers_own_weights(x, weight):
        own = weight * style[:, None, :, None, None] * scale[:, :, None, None, None]
        return conv2d(x, own.to(x.dtype), padding=padding)
    x = x * style.to(x.dtype)[:, :, None, None]
    return conv2d(x, weight.to(x.dtype), padding=padding) * scale.to(x.dtype)[:, :, None, None]


def _prefers_own_weights(x: Tensor, weight: Tensor) -> bool:
    """Whether a weight for each sample costs less than two more passes over images; the definition has one."""
    return active_backend(x.device)[0] == "definition" or 2 * weight[:, 0].numel() < x.shape[2] * x.shape[3]


def _normalized(
    weight: Tensor, style: Tensor, demodulate: bool
) -> tuple[Float[Tensor, "o i k k"], Float[Tensor, "n i"], Float[Tensor, "_ _"]]:
    """A weight and a style of unit size, and what brings their product to unit size for each sample and output."""
    if not demodulate:
        return weight, style, style.new_ones(1, 1)
    weight = weight * (weight.square().mean(dim=[1, 2, 3], keepdim=True) + EPSILON).rsqrt()
    style = style * style.square().mean().rsqrt()
    energy = style.square() @ weight.square().sum(dim=[2, 3]).T  # (n, o)
    return weight, style, (energy + EPSILON).rsqrt()

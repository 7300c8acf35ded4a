"""The generator's modulated convolution. SPEC 1.4; StyleGAN2 section 2.2, StyleGAN3 appendix F."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from stylesv.ops.backend import active_backend

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

    Scaling x before and y after a convolution with the shared weight gives the same as a weight for each sample.
    The first costs two more passes over images, the second one weight per sample, and with `low_rank` the first
    needs two convolutions; whichever is cheaper is done. The definition has one weight per sample.

    Images stay in the order n c h w. Channels last makes a convolution's forward pass 1.0 to 1.4 times faster on a CPU
    and its backward pass 1.1 to 3.7 times slower (measured on two cores with AVX-512, 36 to 276 px), and the filtered
    leaky ReLU works on planes.
    """
    terms = [_normalized(weight, style, demodulate)]
    if low_rank is not None:
        assert style_t is not None, "the low-rank weight needs its own style"
        left, right = low_rank
        terms.append(_normalized(torch.einsum("orkl,rikl->oikl", left, right), style_t, demodulate))
    if input_gain is not None:
        terms = [(weight, style * input_gain, scale) for weight, style, scale in terms]
    if x.shape[0] > 0 and active_backend(x.device)[0] == "definition":
        return _convolve_grouped(x, terms, padding)
    if x.shape[0] > 0 and (len(terms) > 1 or 2 * weight[:, 0].numel() < x.shape[2] * x.shape[3]):
        return _convolve_scaled_weights(x, terms, padding)
    return _convolve_scaled_images(x, terms, padding)


Term = tuple[Tensor, Tensor, Tensor]  # weight (o, i, k, k), scale of the inputs (n, i), scale of the outputs (n, o)


def _normalized(weight: Tensor, style: Tensor, demodulate: bool) -> Term:
    """A weight and a style of unit size, and what brings their product to unit size for each sample and output."""
    if not demodulate:
        return weight, style, style.new_ones(1, 1)
    weight = weight * (weight.square().mean(dim=[1, 2, 3], keepdim=True) + EPSILON).rsqrt()
    style = style * style.square().mean().rsqrt()
    energy = style.square() @ weight.square().sum(dim=[2, 3]).T  # (n, o)
    return weight, style, (energy + EPSILON).rsqrt()


def _convolve_scaled_images(x: Tensor, terms: list[Term], padding: int) -> Tensor:
    outputs = [
        F.conv2d(x * style.to(x.dtype)[:, :, None, None], weight.to(x.dtype), padding=padding)
        * scale.to(x.dtype)[:, :, None, None]
        for weight, style, scale in terms
    ]
    return sum(outputs[1:], outputs[0])


def _convolve_scaled_weights(x: Tensor, terms: list[Term], padding: int) -> Tensor:
    if x.device.type != "cpu":
        return _convolve_grouped(x, terms, padding)
    # one after the other is faster than a grouped convolution there
    images = zip(x.split(1), _scaled_weights(x, terms).unbind(), strict=True)
    return torch.cat([F.conv2d(image, weight, padding=padding) for image, weight in images])


def _convolve_grouped(x: Tensor, terms: list[Term], padding: int) -> Tensor:
    """The definition: each sample is a group with its own weight."""
    n = x.shape[0]
    weights = _scaled_weights(x, terms)
    y = F.conv2d(x.reshape(1, -1, *x.shape[2:]), weights.flatten(0, 1), padding=padding, groups=n)
    return y.reshape(n, weights.shape[1], *y.shape[2:])


def _scaled_weights(x: Tensor, terms: list[Term]) -> Float[Tensor, "n o i k k"]:
    scaled = [weight * style[:, None, :, None, None] * scale[:, :, None, None, None] for weight, style, scale in terms]
    return sum(scaled[1:], scaled[0]).to(x.dtype)

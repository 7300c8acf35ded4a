"""Losses of generator and discriminator, and how latents become content, as pure functions. docs/model.md 4.

Non-saturating logistic loss (GAN), gradient penalty on real clips (R1, Mescheder et al. 2018) averaged over frames, path
length and style mixing (StyleGAN2, StyleGAN), content that moves between two latents over time (StyleSV). Clips are
`n t c h w` in -1..1. A w has an axis for frames and one for places, of length 1 where all share it, once it needs them.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor


def loss_of_real(logits: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
    """What to minimise for clips that should look real: softplus(-logit).

    The discriminator's loss on real clips and the generator's on its own.
    """
    return F.softplus(-logits)


def loss_of_fake(logits: Float[Tensor, "n"]) -> Float[Tensor, "n"]:
    """What the discriminator minimises for generated clips: softplus(logit)."""
    return F.softplus(logits)


def r1_penalty(logits: Float[Tensor, "n"], frames: Float[Tensor, "n t c h w"]) -> Float[Tensor, "n"]:
    """Squared gradient of each clip's logit with respect to a frame, averaged over the clip's frames.

    Differentiable again. The loss is gamma / 2 times its mean. `frames` are the clips before augmentation.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), frames, create_graph=True)
    return gradient.square().sum(dim=(2, 3, 4)).mean(dim=1)


def path_lengths(
    frames: Float[Tensor, "n t c h w"], w: Float[Tensor, "n 1 l d"], *, noise: Float[Tensor, "n t c h w"]
) -> Float[Tensor, "n"]:
    """Each clip's path length; differentiable again.

    It is the root mean square, over the places that take a w, of the gradient of a random projection of the frames
    (StyleGAN2, section 3.2). The projection is divided by the root of t h w, so that the length does not grow with the
    number of frames. The loss is the weight times the mean squared deviation from the running mean of lengths.
    """
    num_frames, height, width = frames.shape[1], *frames.shape[3:]
    projection = (frames * noise).sum() / math.sqrt(num_frames * height * width)
    (gradient,) = torch.autograd.grad(projection, w, create_graph=True)
    return gradient.square().sum(dim=3).mean(dim=(1, 2)).sqrt()


def interpolate_latents(
    first: Float[Tensor, "n d"],
    second: Float[Tensor, "n d"],
    times: Float[Tensor, "n t"],
    *,
    start: Float[Tensor, "n"],
    length: float,
) -> Float[Tensor, "n t d"]:
    """Content that moves from `first` towards `second`, the whole way in `length` frames.

    A clip begins with the share `start` of `first`; below 0 the line is followed past `second`, as in the published
    code.
    """
    share = start[:, None] - (times - times.amin(dim=1, keepdim=True)) / length
    share = share.to(first.dtype)[:, :, None]
    return share * first[:, None] + (1 - share) * second[:, None]


def mix_styles(
    first: Float[Tensor, "n d"] | Float[Tensor, "n a d"],
    second: Float[Tensor, "n d"],
    *,
    crossover: Int[Tensor, "n"],
    num_places: int,
) -> Float[Tensor, "n a l d"]:
    """One w for each of `num_places` places: `first` before each clip's crossover, `second` from there on.

    A crossover of `num_places` mixes nothing (StyleGAN, section 3.1).
    """
    frames_first = first[:, None] if first.ndim == 2 else first
    before = torch.arange(num_places, device=first.device) < crossover[:, None]
    return torch.where(before[:, None, :, None], frames_first[:, :, None], second[:, None, None])


def one_w_per_place(w: Float[Tensor, "n d"], num_places: int) -> Float[Tensor, "n 1 l d"]:
    """The same w for each of `num_places` places, apart so that path length can differentiate by each."""
    return w[:, None, None].expand(-1, 1, num_places, -1)

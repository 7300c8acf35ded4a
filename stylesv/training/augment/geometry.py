"""Geometric augmentation: one affine map per clip, applied by supersampled bilinear interpolation.

ADA paper (Karras et al. 2020), appendix B.2 and B.3; docs/model.md 7.1. The map is kept as its inverse, from output to
input pixels, origin at the image's centre, x to the right and y down.
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from stylesv.config.training import AugmentTransformSettings
from stylesv.ops import setup_filter, upfirdn2d
from stylesv.training.augment.draws import Draws, stack_matrix

# Least asymmetric Daubechies wavelet of 6 vanishing moments, decomposition low-pass (Daubechies, "Ten lectures", 6.3)
SYM6 = (
    0.015404109327027373,
    0.0034907120842174702,
    -0.11799011114819057,
    -0.048311742585633,
    0.4910559419267466,
    0.787641141030194,
    0.3379294217276218,
    -0.07263752278646252,
    -0.021060292512300564,
    0.04472490177066578,
    0.0017677118642428036,
    -0.007800708325034148,
)


def draw_inverse_transform(
    draws: Draws, num_clips: int, *, height: int, width: int, probability: float, transforms: AugmentTransformSettings
) -> Float[Tensor, "n 3 3"] | None:
    """Output-to-input maps of the geometric transforms, None if all are switched off."""
    inverse = None
    for matrix in [
        *_blit_inverses(draws, num_clips, height=height, width=width, probability=probability, transforms=transforms),
        *_general_inverses(
            draws, num_clips, height=height, width=width, probability=probability, transforms=transforms
        ),
    ]:
        inverse = matrix if inverse is None else inverse @ matrix
    return inverse


def _blit_inverses(
    draws: Draws, num_clips: int, *, height: int, width: int, probability: float, transforms: AugmentTransformSettings
) -> list[Float[Tensor, "n 3 3"]]:
    """Inverses of the transforms that move whole pixels, in order."""
    inverses = []
    if transforms.xflip > 0:
        flip = (draws.uniform("xflip", num_clips) * 2).floor()
        flip = flip * draws.chosen("xflip", num_clips, probability=transforms.xflip * probability)
        inverses.append(_scaling(1 - 2 * flip, torch.ones(num_clips)))
    if transforms.rotate90 > 0:
        quarters = (draws.uniform("rotate90", num_clips) * 4).floor()
        quarters = quarters * draws.chosen("rotate90", num_clips, probability=transforms.rotate90 * probability)
        inverses.append(_rotation(quarters * (math.pi / 2)))
    if transforms.xint > 0:
        shift = (draws.uniform("xint", num_clips, 2) * 2 - 1) * transforms.xint_max
        shift = shift * draws.chosen("xint", num_clips, probability=transforms.xint * probability)[:, None]
        inverses.append(_translation(-(shift[:, 0] * width).round(), -(shift[:, 1] * height).round()))
    return inverses


def _general_inverses(
    draws: Draws, num_clips: int, *, height: int, width: int, probability: float, transforms: AugmentTransformSettings
) -> list[Float[Tensor, "n 3 3"]]:
    """Inverses of scaling, rotation, anisotropic scaling, second rotation and subpixel shift, in order."""
    inverses = []
    if transforms.scale > 0:
        exponent = draws.normal("scale", num_clips) * transforms.scale_std
        exponent = exponent * draws.chosen("scale", num_clips, probability=transforms.scale * probability)
        inverses.append(_scaling(exponent.neg().exp2(), exponent.neg().exp2()))
    if transforms.rotate > 0:
        inverses.append(_drawn_rotation(draws, num_clips, "rotate", probability, transforms))
    if transforms.aniso > 0:
        exponent = draws.normal("aniso", num_clips) * transforms.aniso_std
        exponent = exponent * draws.chosen("aniso", num_clips, probability=transforms.aniso * probability)
        inverses.append(_scaling(exponent.neg().exp2(), exponent.exp2()))
    if transforms.rotate > 0:
        inverses.append(_drawn_rotation(draws, num_clips, "rotate after aniso", probability, transforms))
    if transforms.xfrac > 0:
        shift = draws.normal("xfrac", num_clips, 2) * transforms.xfrac_std
        shift = shift * draws.chosen("xfrac", num_clips, probability=transforms.xfrac * probability)[:, None]
        inverses.append(_translation(-shift[:, 0] * width, -shift[:, 1] * height))
    return inverses


def _drawn_rotation(
    draws: Draws, num_clips: int, purpose: str, probability: float, transforms: AugmentTransformSettings
) -> Float[Tensor, "n 3 3"]:
    """One of the two rotations; either happens with a probability that makes `rotate * probability` for both."""
    angle = (draws.uniform(purpose, num_clips) * 2 - 1) * (math.pi * transforms.rotate_max)
    each = 1 - math.sqrt(max(1 - transforms.rotate * probability, 0))
    return _rotation(angle * draws.chosen(purpose, num_clips, probability=each))


def _translation(x: Float[Tensor, "n"], y: Float[Tensor, "n"]) -> Float[Tensor, "n 3 3"]:
    return stack_matrix([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])


def _scaling(x: Float[Tensor, "n"], y: Float[Tensor, "n"]) -> Float[Tensor, "n 3 3"]:
    return stack_matrix([[x, 0.0, 0.0], [0.0, y, 0.0], [0.0, 0.0, 1.0]])


def _rotation(angle: Float[Tensor, "n"]) -> Float[Tensor, "n 3 3"]:
    cos, sin = angle.cos(), angle.sin()
    return stack_matrix([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])


def warp(images: Float[Tensor, "n c h w"], inverse: Float[Tensor, "n 3 3"]) -> Float[Tensor, "n c h w"]:
    """Images under the maps whose inverses, on the CPU, are given; edges continue by reflection.

    The map is done at twice the resolution between an upsampling and a downsampling by the sym6 filter (ADA B.3).
    """
    height, width = images.shape[2:]
    taps = setup_filter(SYM6).to(images)
    filter_margin = len(SYM6) // 4
    left, right, top, bottom = _margins(inverse, height, width, filter_margin)
    images = F.pad(images, [left, right, top, bottom], mode="reflect")
    padded_height, padded_width = images.shape[2:]

    # pixels of the output with its margin, at twice the resolution, to pixels of the padded input at twice its own
    out_height, out_width = (height + filter_margin * 2) * 2, (width + filter_margin * 2) * 2
    recentre = torch.tensor([[1, 0, (left - right) / 2], [0, 1, (top - bottom) / 2], [0, 0, 1.0]])
    double = torch.diag(torch.tensor([2.0, 2.0, 1.0]))
    half_pixel = torch.tensor([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
    pixels = half_pixel.inverse() @ double @ recentre @ inverse @ double.inverse() @ half_pixel
    to_unit = torch.diag(torch.tensor([1 / padded_width, 1 / padded_height, 1.0]))
    from_unit = torch.diag(torch.tensor([out_width / 2, out_height / 2, 1.0]))
    theta = (to_unit @ pixels @ from_unit)[:, :2].to(images)

    up_after, up_before = (len(SYM6) - 2) // 2, (len(SYM6) - 1) // 2 + 1
    images = upfirdn2d(images, taps, up=2, padding=(up_before, up_after, up_before, up_after), gain=4)
    grid = F.affine_grid(theta, [*images.shape[:2], out_height, out_width], align_corners=False)
    images = F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    crop = (len(SYM6) - 2) // 2 - filter_margin * 2
    return upfirdn2d(images, taps.flip(0), down=2, padding=(crop, crop, crop, crop))


def _margins(inverse: Float[Tensor, "n 3 3"], height: int, width: int, filter_margin: int) -> tuple[int, int, int, int]:
    """Pixels to add left, right, top and bottom so that every clip's corners fall on the image, as far as it reflects."""
    x, y = (width - 1) / 2, (height - 1) / 2
    corners = torch.tensor([[-x, x, x, -x], [-y, -y, y, y], [1, 1, 1, 1]])
    reached = inverse @ corners
    limits = []
    for axis, centre, size in ((0, x, width), (1, y, height)):
        for side in (-1, 1):
            beyond = float((side * reached[:, axis]).max()) + filter_margin * 2 - centre
            limits.append(math.ceil(min(max(beyond, 0), size - 1)))
    return limits[0], limits[1], limits[2], limits[3]

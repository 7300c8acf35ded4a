"""Colour augmentation: one affine map of RGB per clip. ADA paper, appendix B.2; docs/model.md 7.1."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from stylesv.config.training import AugmentTransformSettings
from stylesv.training.augment.draws import Draws, stack_matrix

LUMA = torch.tensor([1.0, 1.0, 1.0, 0.0]) / math.sqrt(3)  # the grey axis, homogeneous


def draw_color_transform(
    draws: Draws, num_clips: int, *, probability: float, transforms: AugmentTransformSettings
) -> Float[Tensor, "n 4 4"] | None:
    """Homogeneous colour matrices, None if all colour transforms are switched off."""
    matrices = []
    along_luma = torch.outer(LUMA, LUMA)
    if transforms.brightness > 0:
        offset = draws.normal("brightness", num_clips) * transforms.brightness_std
        offset = offset * draws.chosen("brightness", num_clips, probability=transforms.brightness * probability)
        matrices.append(
            stack_matrix(
                [[1.0, 0.0, 0.0, offset], [0.0, 1.0, 0.0, offset], [0.0, 0.0, 1.0, offset], [0.0, 0.0, 0.0, 1.0]]
            )
        )
    if transforms.contrast > 0:
        exponent = draws.normal("contrast", num_clips) * transforms.contrast_std
        exponent = exponent * draws.chosen("contrast", num_clips, probability=transforms.contrast * probability)
        gain = exponent.exp2()
        matrices.append(torch.diag_embed(torch.stack([gain, gain, gain, torch.ones(num_clips)], dim=-1)))
    if transforms.lumaflip > 0:
        flip = (draws.uniform("lumaflip", num_clips) * 2).floor()
        flip = flip * draws.chosen("lumaflip", num_clips, probability=transforms.lumaflip * probability)
        matrices.append(torch.eye(4) - 2 * along_luma * flip[:, None, None])
    if transforms.hue > 0:
        angle = (draws.uniform("hue", num_clips) * 2 - 1) * (math.pi * transforms.hue_max)
        matrices.append(
            _rotation_about_luma(angle * draws.chosen("hue", num_clips, probability=transforms.hue * probability))
        )
    if transforms.saturation > 0:
        exponent = draws.normal("saturation", num_clips) * transforms.saturation_std
        exponent = exponent * draws.chosen("saturation", num_clips, probability=transforms.saturation * probability)
        matrices.append(along_luma + (torch.eye(4) - along_luma) * exponent.exp2()[:, None, None])
    color = None
    for matrix in matrices:
        color = matrix if color is None else matrix @ color
    return color


def _rotation_about_luma(angle: Float[Tensor, "n"]) -> Float[Tensor, "n 4 4"]:
    """Rotation of RGB about the grey axis by `angle` (Rodrigues' formula)."""
    axis = LUMA[:3]
    cross = torch.tensor([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    cos, sin = angle.cos()[:, None, None], angle.sin()[:, None, None]
    rotation = torch.eye(4).repeat(len(angle), 1, 1)
    rotation[:, :3, :3] = cos * torch.eye(3) + sin * cross + (1 - cos) * torch.outer(axis, axis)
    return rotation


def change_color(frames: Float[Tensor, "n t 3 h w"], color: Float[Tensor, "n 4 4"]) -> Float[Tensor, "n t 3 h w"]:
    """Frames with every pixel's RGB mapped by its clip's matrix."""
    color = color.to(frames)
    mixed = color[:, None, :3, :3] @ frames.flatten(3)
    return (mixed + color[:, None, :3, 3:]).reshape(frames.shape)

"""Augmentation against an independent computation, and what is promised of it."""

import json

import numpy as np
import pytest
import scipy.ndimage
import torch

from stylesv.config.training import AugmentTransformSettings
from stylesv.errors import ConfigError
from stylesv.training.augment import Draws, apply_augment, draw_augment
from stylesv.training.augment.corruption import BAND_POWER, band_filters, draw_band_gains
from stylesv.training.augment.geometry import warp

GEOMETRY = ("xflip", "rotate90", "xint", "scale", "rotate", "aniso", "xfrac")
COLOR = ("brightness", "contrast", "lumaflip", "hue", "saturation")
ALL = (*GEOMETRY, *COLOR, "imgfilter", "noise", "cutout")
STRENGTHS = {
    **{"xint_max": 0.125, "scale_std": 0.2, "rotate_max": 1, "aniso_std": 0.2, "xfrac_std": 0.125},
    **{"brightness_std": 0.2, "contrast_std": 0.5, "hue_max": 1, "saturation_std": 1},
    **{"imgfilter_bands": [1, 1, 1, 1], "imgfilter_std": 1, "noise_std": 0.1, "cutout_size": 0.5},
}


def transforms(*names, **values):
    return AugmentTransformSettings.model_validate_json(
        json.dumps(STRENGTHS | dict.fromkeys(ALL, 0) | dict.fromkeys(names, 1) | values)
    )


def clips(num_clips=2, num_frames=1, height=24, width=24, dtype=torch.float32):
    """Smooth clips, so that interpolation filters differ little."""
    noise = np.random.default_rng(0).standard_normal((num_clips, num_frames, 3, height, width))
    smooth = scipy.ndimage.gaussian_filter(noise, (0, 0, 0, 2.5, 2.5), mode="nearest")
    return torch.from_numpy(smooth / np.abs(smooth).max()).to(dtype)


def augment(frames, seed, probability, settings):
    draws = Draws(torch.Generator().manual_seed(seed))
    return apply_augment(frames, draw_augment(draws, tuple(frames.shape), probability=probability, transforms=settings))


def matrix(values):
    return torch.tensor([values], dtype=torch.float32)


def test_probability_zero_gives_the_very_same_clips():
    frames = clips()
    assert augment(frames, 0, 0.0, transforms(*ALL)) is frames


def test_without_any_transform_switched_on_nothing_changes():
    frames = clips()
    assert torch.equal(augment(frames, 0, 1.0, transforms()), frames)


@pytest.mark.parametrize(
    ("inverse", "expected"),
    [
        ([[-1, 0, 0], [0, 1, 0], [0, 0, 1]], lambda x: x.flip(-1)),
        ([[0, -1, 0], [1, 0, 0], [0, 0, 1]], lambda x: x.rot90(1, (-2, -1))),
        ([[1, 0, -3], [0, 1, 2], [0, 0, 1]], lambda x: x.roll((-2, 3), (-2, -1))),
    ],
)
def test_moves_of_whole_pixels_agree_with_indexing(inverse, expected):
    images = clips()[:, 0]
    found = warp(images, matrix(inverse).expand(2, 3, 3))
    inner = (..., slice(4, -4), slice(4, -4))
    assert (found[inner] - expected(images)[inner]).abs().max() < 0.02


def test_any_affine_map_agrees_with_scipy():
    images = clips(1, height=40, width=32)[:, 0]
    inverse = torch.tensor([[[0.9, -0.3, 1.7], [0.35, 1.05, -2.2], [0, 0, 1]]])
    found = warp(images, inverse)[0].double().numpy()
    swap = np.array([[0, 1], [1, 0]])  # scipy counts (y, x)
    linear = swap @ inverse[0, :2, :2].double().numpy() @ swap
    centre = (np.array([40, 32]) - 1) / 2
    offset = swap @ inverse[0, :2, 2].double().numpy() + centre - linear @ centre
    for channel in range(3):
        expected = scipy.ndimage.affine_transform(
            images[0, channel].double().numpy(), linear, offset, order=3, mode="mirror"
        )
        assert np.abs(found[channel] - expected).max() < 0.03


def test_all_frames_of_a_clip_get_one_transform_and_clips_get_their_own():
    frames = clips(2).repeat(1, 3, 1, 1, 1)
    frames[1] = frames[0]
    augmented = augment(frames, 1, 1.0, transforms(*GEOMETRY, *COLOR, "imgfilter", "cutout"))
    assert torch.allclose(augmented[:, 0], augmented[:, 2], atol=1e-6)
    assert (augmented[0] - augmented[1]).abs().max() > 0.1


def test_part_of_a_batch_is_augmented_as_in_the_whole():
    frames = clips(5, num_frames=2)
    draws = Draws(torch.Generator().manual_seed(4))
    parameters = draw_augment(draws, tuple(frames.shape), probability=0.7, transforms=transforms(*ALL))
    whole = apply_augment(frames, parameters)
    parts = [apply_augment(frames[rows], parameters.rows(rows)) for rows in (slice(0, 2), slice(2, 5))]
    assert (torch.cat(parts) - whole).abs().max() < 1e-5


def test_clips_are_transformed_as_often_as_the_probability_says():
    frames = torch.zeros(400, 1, 3, 8, 8)
    changed = (augment(frames, 2, 0.3, transforms("brightness")) != 0).flatten(1).any(dim=1).sum().item()
    assert abs(changed - 120) < 5 * np.sqrt(400 * 0.3 * 0.7)
    changed = (augment(frames, 2, 0.5, transforms(brightness=0.5)) != 0).flatten(1).any(dim=1).sum().item()
    assert abs(changed - 100) < 5 * np.sqrt(400 * 0.25 * 0.75)


def test_rotation_happens_with_its_probability_though_drawn_twice():
    draws = Draws(torch.Generator().manual_seed(5))
    parameters = draw_augment(draws, (2000, 1, 3, 8, 8), probability=0.36, transforms=transforms("rotate"))
    rotated = (parameters.inverse - torch.eye(3)).flatten(1).abs().amax(dim=1) > 1e-6
    assert abs(int(rotated.sum()) - 720) < 5 * np.sqrt(2000 * 0.36 * 0.64)


def test_hue_and_saturation_keep_luma_and_a_whole_turn_of_hue_keeps_all():
    frames = clips()
    for settings in (transforms("hue"), transforms("saturation"), transforms("hue", "saturation")):
        augmented = augment(frames, 3, 1.0, settings)
        assert (augmented - frames).abs().max() > 0.05
        assert torch.allclose(augmented.mean(dim=2), frames.mean(dim=2), atol=1e-6)


def test_brightness_and_contrast_are_one_line_for_all_channels():
    frames = clips(1)
    augmented = augment(frames, 3, 1.0, transforms("brightness", "contrast")).flatten()
    slope, intercept = np.polyfit(frames.flatten(), augmented, 1)
    assert np.allclose(augmented, slope * frames.flatten() + intercept, atol=1e-5)
    assert slope != pytest.approx(1, abs=1e-3) and intercept != pytest.approx(0, abs=1e-3)


def test_luma_flip_turns_grey_to_its_negative():
    grey = clips(8).mean(dim=2, keepdim=True).repeat(1, 1, 3, 1, 1)
    augmented = augment(grey, 3, 1.0, transforms("lumaflip"))
    signs = [
        torch.allclose(a, -g, atol=1e-6) - torch.allclose(a, g, atol=1e-6) for a, g in zip(augmented, grey, strict=True)
    ]
    assert set(signs) == {-1, 1}


def test_the_bands_sum_to_the_identity_and_gains_keep_the_expected_power():
    bands = band_filters()
    impulse = torch.zeros(bands.shape[1])
    impulse[len(impulse) // 2] = 1
    assert torch.allclose(bands.sum(dim=0), impulse, atol=1e-6)
    draws = Draws(torch.Generator().manual_seed(0))
    one_band = transforms(imgfilter=1, imgfilter_bands=[0, 0, 1, 0])
    gains = draw_band_gains(draws, 50, probability=1.0, transforms=one_band)
    assert torch.allclose((gains.square() * torch.tensor(BAND_POWER)).sum(dim=1), torch.ones(50), atol=1e-5)
    assert torch.allclose(gains[:, 0], gains[:, 3], atol=1e-6) and (gains[:, 2] / gains[:, 0] - 1).abs().max() > 0.5


def test_cutout_blanks_a_rectangle_of_the_given_size():
    frames = torch.ones(300, 1, 3, 16, 16)
    blank = (augment(frames, 0, 1.0, transforms("cutout")) == 0)[:, 0, 0]
    assert blank.any(dim=1).sum(dim=1).max() == 8 and blank.any(dim=2).sum(dim=1).max() == 8
    rows, columns = blank.any(dim=2), blank.any(dim=1)
    assert torch.equal(blank, rows[:, :, None] & columns[:, None, :])


def test_noise_has_a_half_normal_deviation():
    frames = torch.zeros(600, 1, 3, 8, 8)
    std = augment(frames, 0, 1.0, transforms("noise")).flatten(1).std(dim=1)
    assert std.mean().item() == pytest.approx(0.1 * np.sqrt(2 / np.pi), rel=0.15)


def test_the_whole_pipeline_can_be_differentiated_twice():
    frames = clips(1, num_frames=2, height=22, width=22, dtype=torch.float64).requires_grad_()
    draws = Draws(torch.Generator().manual_seed(2))
    parameters = draw_augment(draws, tuple(frames.shape), probability=1.0, transforms=transforms(*ALL))
    weight, direction = torch.randn(2, *frames.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def gradient_of(x):
        (gradient,) = torch.autograd.grad((apply_augment(x, parameters).square() * weight).sum(), x, create_graph=True)
        return gradient

    def squared_gradient(step):
        x = (frames + step * direction).detach().requires_grad_()
        return gradient_of(x).square().sum().item()

    (second,) = torch.autograd.grad(gradient_of(frames).square().sum(), frames)
    slope = (squared_gradient(1e-5) - squared_gradient(-1e-5)) / 2e-5
    assert (second * direction).sum().item() == pytest.approx(slope, rel=1e-6)


def test_images_too_small_for_the_band_filter_are_refused_with_the_size():
    with pytest.raises(ConfigError, match="larger than 21 pixels, these are 16 x 24"):
        augment(clips(1, height=24, width=16), 0, 1.0, transforms("imgfilter"))

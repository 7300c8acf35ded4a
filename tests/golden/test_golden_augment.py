"""Augmentation gives the published images: forced transforms, and the published order of random draws."""

import json

import numpy as np
import pytest
import torch
from golden_reader import Case
from torch import Tensor

from stylesv.config.training import AugmentTransformSettings
from stylesv.training.augment import Draws, apply_augment, draw_augment
from stylesv.training.augment.corruption import band_filters
from stylesv.training.augment.geometry import SYM6

SWITCHES = [
    *("xflip", "rotate90", "xint", "scale", "rotate", "aniso", "xfrac"),
    *("brightness", "contrast", "lumaflip", "hue", "saturation"),
    *("imgfilter", "noise", "cutout"),
]


class PercentileDraws(Draws):
    """Every draw at one percentile and every transform chosen; the published second rotation is then zero."""

    def __init__(self, percentile: float) -> None:
        self.percentile = percentile

    def uniform(self, purpose: str, *shape: int) -> Tensor:
        return torch.full(shape, 0.5 if purpose == "rotate after aniso" else self.percentile)

    def normal(self, purpose: str, *shape: int) -> Tensor:
        # the published code calls erfinv for the quantile, without the root of two
        return torch.full(shape, self.percentile * 2 - 1).erfinv()

    def half_normal(self, purpose: str, *shape: int) -> Tensor:
        return torch.full(shape, self.percentile).erfinv()

    def chosen(self, purpose: str, num_clips: int, *, probability: float) -> Tensor:
        return torch.ones(num_clips, dtype=torch.bool)


def transforms_of(golden: dict, name: str) -> AugmentTransformSettings:
    values = dict.fromkeys(SWITCHES, 0) | golden["defaults"] | golden["specs"][name]
    return AugmentTransformSettings.model_validate_json(json.dumps(values))


def as_clips(images: np.ndarray) -> Tensor:
    """Published images with frames in channels, as clips."""
    tensor = torch.from_numpy(images)
    return tensor.reshape(tensor.shape[0], -1, 3, *tensor.shape[2:])


def assert_close(found: Tensor, expected: np.ndarray, what: str) -> None:
    expected = torch.from_numpy(expected).reshape(found.shape)
    error = float((found.detach() - expected).abs().max())
    assert error <= 1e-5 * max(1.0, float(expected.abs().max())), f"{what}: {error}"


@pytest.fixture
def golden(golden_dir):
    return Case(golden_dir, "augment").info


@pytest.fixture
def arrays(golden_dir):
    return Case(golden_dir, "augment").arrays


def test_forced_transforms_give_the_published_images_and_gradients(golden, arrays):
    for case in golden["cases"]:
        clips = as_clips(arrays[case["input"]]).requires_grad_()
        parameters = draw_augment(
            PercentileDraws(case["debug_percentile"]),
            tuple(clips.shape),
            probability=1.0,
            transforms=transforms_of(golden, case["spec"]),
        )
        augmented = apply_augment(clips, parameters)
        name = f"c{case['index']}"
        assert_close(augmented, arrays[f"{name}_y"], f"{name} y")
        dy = np.random.RandomState(case["dy_seed"]).standard_normal(arrays[f"{name}_y"].shape)
        (dx,) = torch.autograd.grad(augmented, clips, torch.from_numpy(dy).float().reshape(clips.shape))
        assert_close(dx, arrays[f"{name}_dx"], f"{name} dx")


def test_seeded_transforms_follow_the_published_order_of_draws(golden, arrays):
    for case in golden["seeded_random_cases"]:
        clips = as_clips(arrays[case["input"]])
        draws = Draws(torch.Generator().manual_seed(case["torch_seed"]))
        transforms = transforms_of(golden, case["spec"])
        parameters = draw_augment(draws, tuple(clips.shape), probability=case["p"], transforms=transforms)
        name = f"r{case['index']}_y"
        assert_close(apply_augment(clips, parameters), arrays[name], name)


def test_wavelet_filters_are_the_published_ones(arrays):
    taps = np.array(SYM6)
    assert np.abs(taps / taps.sum() - arrays["Hz_geom"]).max() < 1e-7
    assert np.abs(band_filters().numpy() - arrays["Hz_fbank"]).max() < 1e-7

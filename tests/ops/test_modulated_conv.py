"""Modulated convolution is one scaled, normalised weight for each sample, however it is computed."""

import pytest
import torch
import torch.nn.functional as F
from torch.autograd import gradcheck, gradgradcheck

from stylesv.ops import modulated_conv2d


def random(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def weight_of_sample(weight: torch.Tensor, style: torch.Tensor, sample: int, demodulate: bool) -> torch.Tensor:
    """docs/operations.md 1.5, one output channel after the other."""
    if not demodulate:
        return weight * style[sample][:, None, None]
    style = style / style.square().mean().sqrt()
    rows = []
    for row in weight:
        row = row / (row.square().mean() + 1e-8).sqrt() * style[sample][:, None, None]
        rows.append(row / (row.square().sum() + 1e-8).sqrt())
    return torch.stack(rows)


def by_loop(x, weight, style, *, demodulate, padding, input_gain=None) -> torch.Tensor:
    images = []
    for sample, image in enumerate(x):
        own = weight_of_sample(weight, style, sample, demodulate)
        if input_gain is not None:
            own = own * input_gain
        images.append(F.conv2d(image[None], own, padding=padding))
    return torch.cat(images)


@pytest.mark.parametrize("form", ["auto", "definition"])
@pytest.mark.parametrize("size", [(3, 4), (13, 14)], ids=["images_scaled", "weights_scaled"])
@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("demodulate", [True, False])
def test_each_sample_gets_its_own_weight(form, size, kernel, demodulate, monkeypatch):
    monkeypatch.setenv("STYLESV_OPS", form)
    x, weight, style = random(3, 4, *size), random(6, 4, kernel, kernel, seed=1), random(3, 4, seed=2)
    options = {"demodulate": demodulate, "padding": kernel - 1, "input_gain": torch.tensor(0.7, dtype=torch.float64)}
    expected = by_loop(x, weight, style, **options)
    torch.testing.assert_close(modulated_conv2d(x, weight, style, **options), expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("size", [4, 24])
def test_in_float32_the_two_ways_agree_to_1e_5(size):
    x, weight, style = random(2, 8, size, size), random(8, 8, 3, 3, seed=1), random(2, 8, seed=2)
    exact = by_loop(x, weight, style, demodulate=True, padding=2)
    y = modulated_conv2d(x.float(), weight.float(), style.float(), padding=2)
    assert (y - exact).abs().max() < 1e-5 * exact.abs().max()


def test_one_sample_with_the_same_style_does_not_depend_on_the_batch():
    x, weight, style = random(3, 4, 9, 9), random(5, 4, 3, 3, seed=1), random(3, 4, seed=2)
    together = modulated_conv2d(x, weight, style, padding=2)
    alone = modulated_conv2d(x[1:2], weight, style[1:2], padding=2)
    torch.testing.assert_close(together[1:2], alone, rtol=0, atol=1e-7)  # 1e-8 under the root is all that differs


@pytest.mark.parametrize("form", ["auto", "definition"])
def test_an_empty_batch_gives_an_empty_batch(form, monkeypatch):
    monkeypatch.setenv("STYLESV_OPS", form)
    y = modulated_conv2d(torch.zeros(0, 4, 9, 9), torch.ones(5, 4, 3, 3), torch.zeros(0, 4), padding=2)
    assert y.shape == (0, 5, 11, 11)


@pytest.mark.parametrize("size", [2, 7], ids=["images_scaled", "weights_scaled"])
def test_it_has_its_first_and_second_derivatives(size):
    inputs = [random(2, 2, size, size), random(3, 2, 3, 3, seed=1), random(2, 2, seed=2)]
    inputs = [value.requires_grad_() for value in inputs]

    def call(x: torch.Tensor, weight: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        return modulated_conv2d(x, weight, style, padding=2)

    assert gradcheck(call, inputs, fast_mode=True)
    assert gradgradcheck(call, inputs, fast_mode=True)


def test_low_precision_images_come_out_as_they_go_in():
    x, weight, style = random(2, 4, 9, 9), random(5, 4, 3, 3, seed=1), random(2, 4, seed=2)
    y = modulated_conv2d(x.bfloat16(), weight.float(), style.float(), padding=2)
    exact = modulated_conv2d(x, weight, style, padding=2)
    assert y.dtype == torch.bfloat16
    assert (y.double() - exact).abs().max() < 2e-2 * exact.abs().max()

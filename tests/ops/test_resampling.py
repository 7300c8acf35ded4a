"""Resampling does what its words say, by SciPy, by loops and by finite differences, in every implementation."""

import numpy as np
import pytest
import scipy.signal
import torch
from torch.autograd import gradcheck, gradgradcheck

from stylesv.errors import ConfigError
from stylesv.ops import downsample2d, filtered_lrelu, setup_filter, upfirdn2d, upsample2d

IMPLEMENTATIONS = ["cpp", "torch", "definition"]


@pytest.fixture(params=IMPLEMENTATIONS, autouse=True)
def implementation(request, monkeypatch) -> str:
    monkeypatch.setenv("STYLESV_OPS", request.param)
    return request.param


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def scipy_upfirdn2d(plane: np.ndarray, filter: np.ndarray, up: tuple, down: tuple, padding: tuple) -> np.ndarray:
    """One plane: insert zeros, pad or crop, `convolve2d`, decimate."""
    x0, x1, y0, y1 = padding
    zeros = np.zeros((plane.shape[0] * up[1], plane.shape[1] * up[0]))
    zeros[:: up[1], :: up[0]] = plane
    zeros = np.pad(zeros, [(max(y0, 0), max(y1, 0)), (max(x0, 0), max(x1, 0))])
    zeros = zeros[max(-y0, 0) : zeros.shape[0] - max(-y1, 0), max(-x0, 0) : zeros.shape[1] - max(-x1, 0)]
    return scipy.signal.convolve2d(zeros, filter, mode="valid")[:: down[1], :: down[0]]


@pytest.mark.parametrize("filter_shape", [(4,), (7,), (3, 3), (2, 5)])
@pytest.mark.parametrize(("up", "down"), [((1, 1), (1, 1)), ((2, 1), (1, 3)), ((3, 2), (2, 4)), ((1, 1), (2, 2))])
@pytest.mark.parametrize("padding", [(3, 2, 4, 5), (-1, 6, 7, -2)])
def test_upfirdn2d_is_zero_insertion_and_scipy_convolution(filter_shape, up, down, padding):
    x, filter = random(2, 3, 6, 7), random(*filter_shape, seed=1)
    y = upfirdn2d(x, filter, up=up, down=down, padding=padding, gain=1.7)
    plane = filter if filter.ndim == 2 else torch.outer(filter, filter)
    for image, channel in np.ndindex(2, 3):
        expected = scipy_upfirdn2d(x[image, channel].numpy(), plane.numpy() * 1.7, up, down, padding)
        np.testing.assert_allclose(y[image, channel].numpy(), expected, atol=1e-12)


def test_a_one_dimensional_filter_gives_what_scipy_upfirdn_gives():
    x, filter = random(1, 1, 1, 20), random(6, seed=1)
    y = upfirdn2d(x, filter[None], up=(3, 1), down=(2, 1), padding=(5, 5, 0, 0))
    expected = scipy.signal.upfirdn(filter.numpy(), x[0, 0, 0].numpy(), up=3, down=2)
    np.testing.assert_allclose(y[0, 0, 0, : len(expected)].numpy(), expected, atol=1e-12)


def test_a_symmetric_plane_is_done_as_two_lines_with_the_same_result():
    x, line = random(2, 3, 8, 8), torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=torch.float64) / 8
    by_lines = upfirdn2d(x, line, down=2, padding=(1, 1, 1, 1))
    by_plane = upfirdn2d(x, torch.outer(line, line), down=2, padding=(1, 1, 1, 1))
    torch.testing.assert_close(by_plane, by_lines, rtol=0, atol=1e-12)


def test_filtered_lrelu_is_the_sentence_in_its_docstring():
    x, bias, up_filter, down_filter = random(2, 3, 6, 5), random(3, seed=1), random(8, seed=2), random(6, seed=3)
    y = filtered_lrelu(
        x, up_filter, down_filter, bias, up=2, down=3, padding=(5, 6, 7, 4), gain=1.3, slope=0.1, clamp=0.9
    )
    for image, channel in np.ndindex(2, 3):
        plane = x[image, channel].numpy() + bias[channel].item()
        plane = scipy_upfirdn2d(plane, 4 * np.outer(up_filter, up_filter), (2, 2), (1, 1), (5, 6, 7, 4))
        plane = np.clip(1.3 * np.where(plane > 0, plane, 0.1 * plane), -0.9, 0.9)
        plane = scipy_upfirdn2d(plane, np.outer(down_filter, down_filter), (1, 1), (3, 3), (0, 0, 0, 0))
        np.testing.assert_allclose(y[image, channel].numpy(), plane, atol=1e-12)


@pytest.mark.parametrize(("up", "down", "filter_shape"), [(1, 2, (4,)), (2, 1, (5,)), (3, 2, (4,)), (2, 2, (3, 3))])
def test_upfirdn2d_has_its_first_and_second_derivatives(up, down, filter_shape):
    x, filter = random(1, 2, 4, 3).requires_grad_(), random(*filter_shape, seed=1)

    def call(x: torch.Tensor) -> torch.Tensor:
        return upfirdn2d(x, filter, up=up, down=down, padding=(3, 2, 4, 1), gain=0.7)

    assert gradcheck(call, x, fast_mode=True)
    assert gradgradcheck(lambda x: call(x.square()), x, fast_mode=True)


@pytest.mark.parametrize(
    ("up", "down", "taps"), [(1, 1, (1, 1)), (2, 2, (4, 4)), (4, 2, (8, 5)), (2, 4, (3, 8)), (1, 3, (2, 6))]
)
def test_filtered_lrelu_has_its_first_and_second_derivatives(up, down, taps):
    x, bias = random(2, 2, 3, 4).requires_grad_(), random(2, seed=1).requires_grad_()
    up_filter, down_filter = random(taps[0], seed=2), random(taps[1], seed=3)

    def call(x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        return filtered_lrelu(
            x, up_filter, down_filter, bias, up=up, down=down, padding=(6, 5, 7, 4), gain=1.5, clamp=2.0
        )

    assert gradcheck(call, (x, bias), fast_mode=True)
    assert gradgradcheck(lambda x, bias: call(x.square(), bias.square()), (x, bias), fast_mode=True)


def test_filtered_lrelu_can_be_differentiated_a_third_time():
    x, bias, filter = random(1, 2, 4, 4).requires_grad_(), random(2, seed=1), random(4, seed=2)

    def second_derivative(x: torch.Tensor) -> torch.Tensor:
        y = filtered_lrelu(x.pow(3), filter, filter, bias, up=2, down=2, padding=4, clamp=50.0)
        (first,) = torch.autograd.grad(y.pow(3).sum(), x, create_graph=True)
        return torch.autograd.grad(first.pow(2).sum(), x, create_graph=True)[0]

    assert gradcheck(second_derivative, x, fast_mode=True)


def test_resampling_to_and_from_a_size_keeps_a_constant_image():
    filter = setup_filter([1, 3, 3, 1]).double()
    ones = torch.ones(1, 1, 8, 10, dtype=torch.float64)
    for y, shape in (
        (upsample2d(ones, filter), (16, 20)),
        (downsample2d(ones, filter), (4, 5)),
    ):
        assert y.shape[2:] == shape
        torch.testing.assert_close(y[:, :, 2:-2, 2:-2], torch.ones_like(y[:, :, 2:-2, 2:-2]), rtol=0, atol=1e-7)


def test_an_axis_shorter_than_the_filter_is_refused_with_its_numbers():
    with pytest.raises(ConfigError, match=r"axis of 3 samples, up 1, padding \(0, 1\).*filter's 6 taps"):
        upfirdn2d(torch.zeros(1, 1, 9, 3), torch.ones(6), padding=(0, 1, 0, 0))
    with pytest.raises(ConfigError, match="shorter than the filter's"):
        filtered_lrelu(torch.zeros(1, 1, 9, 3), torch.ones(6), torch.ones(6), up=2, padding=(0, 1, 0, 0))


def test_factors_padding_and_filters_of_wrong_shape_are_refused():
    x = torch.zeros(1, 1, 4, 4)
    with pytest.raises(ConfigError, match=r"up is 0; give one integer of at least 1"):
        upfirdn2d(x, None, up=0)
    with pytest.raises(ConfigError, match=r"down is \(1, 2, 3\)"):
        upfirdn2d(x, None, down=(1, 2, 3))
    with pytest.raises(ConfigError, match=r"padding is \(1, 2, 3\); give one integer"):
        upfirdn2d(x, None, padding=(1, 2, 3))
    with pytest.raises(ConfigError, match="must be None, 1-D or 2-D and not empty"):
        upfirdn2d(x, torch.zeros(0))
    with pytest.raises(ConfigError, match="gain is 0 and clamp None; gain must be above 0"):
        filtered_lrelu(x, None, None, gain=0)

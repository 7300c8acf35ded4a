"""Bias and activation, convolution with resampling, spline weights: against NumPy, SciPy and finite differences."""

import numpy as np
import pytest
import scipy.interpolate
import torch
import torch.nn.functional as F
from own_process import printed_by
from torch.autograd import gradcheck, gradgradcheck

from stylesv.ops import bias_act, conv2d_resample, quadratic_spline_weights, setup_filter, upfirdn2d
from stylesv.ops.backend import active_backend
from stylesv.ops.bias_act import DEFAULT_GAIN

ACTIVATIONS = {"linear": lambda x: x, "lrelu": lambda x: np.where(x > 0, x, 0.2 * x)}


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("activation", DEFAULT_GAIN)
def test_bias_act_is_bias_activation_gain_clamp_in_this_order(activation):
    for size in ((), (4,), (3, 2)):
        x, bias = random(2, 4, *size), random(4, seed=1)
        y = bias_act(x, bias, activation=activation, gain=1.5, clamp=0.8)
        biased = x.numpy() + bias.numpy().reshape(4, *[1] * len(size))
        np.testing.assert_allclose(y.numpy(), np.clip(ACTIVATIONS[activation](biased) * 1.5, -0.8, 0.8), atol=1e-12)
        own_gain = ACTIVATIONS[activation](x.numpy()) * (2**0.5 if activation == "lrelu" else 1)
        np.testing.assert_allclose(bias_act(x, activation=activation).numpy(), own_gain, atol=1e-12)


@pytest.mark.parametrize("activation", DEFAULT_GAIN)
def test_bias_act_has_its_first_and_second_derivatives(activation):
    inputs = (random(2, 3, 2).requires_grad_(), random(3, seed=1).requires_grad_())
    assert gradcheck(lambda x, b: bias_act(x, b, activation=activation), inputs, fast_mode=True)
    assert gradgradcheck(lambda x, b: bias_act(x, b, activation=activation), inputs, fast_mode=True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("biased", [True, False])
def test_bias_act_of_images_has_the_bits_of_pytorch_and_so_have_its_derivatives(dtype, biased, monkeypatch):
    """Second derivatives as R1 takes them: through the gradients of x and of the bias, back to the gradient they came from."""
    found = []
    for form in ("auto", "torch"):
        monkeypatch.setenv("STYLESV_OPS", form)
        x, bias = random(3, 5, 7, 6).to(dtype).requires_grad_(), random(5, seed=1).to(dtype).requires_grad_()
        gradient = random(3, 5, 7, 6, seed=2).to(dtype).requires_grad_()
        y = bias_act(x, bias if biased else None, activation="lrelu", gain=1.3, clamp=1.5)
        by = (x, bias) if biased else (x,)
        first = torch.autograd.grad(y, by, gradient, create_graph=True)
        (second,) = torch.autograd.grad(sum((one * one.detach().cos()).sum() for one in first), gradient)
        found.append([y, *first, second])
        assert 0 < (y.abs() == 1.5).sum() < y.numel()
    assert type(found[0][0].grad_fn).__name__ == "_BiasLreluBackward" or active_backend("cpu")[0] != "cpp"
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


OTHER_BIASES = """
import torch
from stylesv.ops import bias_act
x = torch.zeros(1, 4, 1, 1, dtype=torch.float64)
print(bias_act(x, torch.tensor([5.0]), activation="lrelu", gain=1).flatten().tolist())
try:
    bias_act(x, torch.zeros(2), activation="lrelu")
except RuntimeError as error:
    print("size of tensor" in str(error))
"""


def test_bias_act_of_images_repeats_one_bias_and_refuses_two():
    """As PyTorch does, and reads nothing beside them; in a process without the tests' checks of shapes."""
    assert printed_by(OTHER_BIASES) == "[5.0, 5.0, 5.0, 5.0]\nTrue\n"


def test_bias_act_of_images_passes_gradients_of_infinities_that_are_not_clamped():
    x = torch.tensor([torch.inf, -torch.inf, 2, -2]).reshape(1, 4, 1, 1).requires_grad_()
    bias_act(x, activation="lrelu", gain=1).sum().backward()
    assert x.grad.flatten().tolist() == pytest.approx([1, 0.2, 1, 0.2])


def test_bias_act_of_images_has_its_first_and_second_derivatives():
    inputs = (random(2, 3, 2, 2).requires_grad_(), random(3, seed=1).requires_grad_())
    assert gradcheck(lambda x, b: bias_act(x, b, activation="lrelu", clamp=1), inputs, fast_mode=True)
    assert gradgradcheck(lambda x, b: bias_act(x, b, activation="lrelu", clamp=1), inputs, fast_mode=True)


@pytest.mark.parametrize(("kernel", "up", "down"), [(3, 1, 1), (3, 1, 2), (1, 1, 2), (3, 2, 1), (1, 2, 1)])
def test_conv2d_resample_is_its_three_steps_and_gives_the_size_exactly(kernel, up, down):
    x, weight, line = random(2, 3, 8, 6), random(4, 3, kernel, kernel, seed=1), setup_filter([1, 3, 3, 1]).double()
    y = conv2d_resample(x, weight, line, up=up, down=down, padding=kernel // 2)
    assert y.shape == (2, 4, 8 * up // down, 6 * up // down)
    margin = kernel // 2
    if up > 1:
        steps = F.conv2d(upfirdn2d(x, line, up=2, padding=[2 + margin, 1 + margin] * 2, gain=4), weight)
    elif down > 1:  # blurred at full size, then every second place of the convolution
        blurred = upfirdn2d(x, line, padding=[1 + margin] * 4)
        steps = F.conv2d(blurred, weight)[:, :, ::2, ::2]
    else:
        steps = F.conv2d(x, weight, padding=margin)
    torch.testing.assert_close(y, steps, rtol=0, atol=1e-12)


def test_conv2d_resample_pads_and_crops_each_side_as_told():
    x, weight = random(1, 2, 6, 7), random(3, 2, 3, 3, seed=1)
    y = conv2d_resample(x, weight, padding=(2, -1, 0, 1))
    torch.testing.assert_close(y, F.conv2d(F.pad(x, [2, -1, 0, 1]), weight))


def test_spline_weights_are_those_of_scipy_and_sum_to_one():
    u = torch.linspace(0, 1, 21, dtype=torch.float64)[:-1]
    weights = quadratic_spline_weights(u)
    torch.testing.assert_close(weights.sum(-1), torch.ones_like(u))
    for k in range(3):
        basis = scipy.interpolate.BSpline.basis_element(np.arange(4) + k - 2.0, extrapolate=False)
        np.testing.assert_allclose(weights[:, k].numpy(), np.nan_to_num(basis(u.numpy())), atol=1e-12)


def test_spline_weights_keep_shape_and_number_format():
    assert quadratic_spline_weights(torch.zeros(2, 5)).shape == (2, 5, 3)
    assert quadratic_spline_weights(torch.zeros(2, dtype=torch.float64)).dtype == torch.float64

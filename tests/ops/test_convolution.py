"""The convolution for gradient penalties is PyTorch's, and so are its derivatives, whatever is asked of it."""

import pytest
import torch
import torch.nn.functional as F
from torch.autograd import gradcheck, gradgradcheck

from stylesv.ops import by_inputs_alone, differentiated_twice
from stylesv.ops.convolution import conv2d


def random(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).requires_grad_()


def penalty_and_gradients(call, x: torch.Tensor, weight: torch.Tensor) -> list[torch.Tensor]:
    """The squared gradient by x of a sum of squares, and its own gradients."""
    (first,) = torch.autograd.grad(call(x, weight).square().sum(), x, create_graph=True)
    penalty = first.square().sum()
    return [penalty, *torch.autograd.grad(penalty, [x, weight])]


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"), [(3, 1, (1, 1)), (3, 2, (0, 0)), (1, 1, (0, 0)), (3, 2, (2, 1))]
)
def test_a_penalty_and_its_gradients_are_those_of_pytorchs_convolution(kernel, stride, padding):
    x, weight = random(2, 3, 7, 9, seed=0), random(4, 3, kernel, kernel, seed=1)
    options = {"stride": stride, "padding": padding}
    wanted = penalty_and_gradients(lambda x, w: F.conv2d(x, w, **options), x, weight)
    with differentiated_twice():
        y = conv2d(x, weight, **options)
        assert type(y.grad_fn).__name__ == "_Conv2dBackward"
        ours = penalty_and_gradients(lambda x, w: conv2d(x, w, **options), x, weight)
    torch.testing.assert_close(ours, wanted, rtol=1e-12, atol=1e-12)
    assert type(conv2d(x, weight, **options).grad_fn).__name__ == "ConvolutionBackward0"


@pytest.mark.parametrize("stride", [1, 2])
def test_its_derivatives_are_those_of_finite_differences(stride):
    x, weight = random(2, 2, 5, 5, seed=0), random(3, 2, 3, 3, seed=1)
    with differentiated_twice():
        assert gradcheck(lambda x, w: conv2d(x, w, stride=stride, padding=(1, 1)), (x, weight))
        assert gradgradcheck(lambda x, w: conv2d(x, w, stride=stride, padding=(1, 1)), (x, weight))


def test_a_weights_gradient_is_not_computed_where_only_the_inputs_is_asked_for(monkeypatch):
    asked: list[bool] = []
    real = torch.ops.aten.convolution_backward
    monkeypatch.setattr(torch.ops.aten, "convolution_backward", lambda *a: asked.append(a[-1][1]) or real(*a))
    x, weight = random(1, 2, 5, 5, seed=0), random(3, 2, 3, 3, seed=1)
    with differentiated_twice():
        y = conv2d(x, weight)
    with by_inputs_alone():
        torch.autograd.grad(y.square().sum(), x, retain_graph=True)
        with pytest.raises(RuntimeError, match="appears to not have been used"):
            torch.autograd.grad(y.square().sum(), [x, weight], retain_graph=True)
    assert asked == [False, False]
    assert torch.autograd.grad(y.square().sum(), weight)[0].abs().sum() > 0


def test_it_is_for_the_block_alone_also_when_that_fails():
    x, weight = random(1, 2, 5, 5, seed=0), random(3, 2, 3, 3, seed=1)
    with pytest.raises(RuntimeError), differentiated_twice():
        conv2d(x[:, :, :2], weight)
    assert type(conv2d(x, weight).grad_fn).__name__ == "ConvolutionBackward0"

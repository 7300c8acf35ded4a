"""A convolution whose second derivative is as fast as its first, for gradient penalties. docs/operations.md 1.4."""

import contextlib
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

_differentiated_twice = False
_weights_wanted = True


@contextlib.contextmanager
def differentiated_twice() -> Iterator[None]:
    """Convolutions that are called within have derivatives that are made to be differentiated again.

    PyTorch's own derivative of the input's gradient by the weight is a convolution with kernels as large as images. The
    same numbers are a weight's gradient, for which there is a fast form. It costs each call some time in Python, so it is
    for phases that need it.
    """
    global _differentiated_twice
    before, _differentiated_twice = _differentiated_twice, True
    try:
        yield
    finally:
        _differentiated_twice = before


@contextlib.contextmanager
def by_inputs_alone() -> Iterator[None]:
    """Of those convolutions, what is differentiated within has no gradients by weights; PyTorch refuses to give them.

    A function of Python's is not told whether they are asked for, and would compute them in vain.
    """
    global _weights_wanted
    before, _weights_wanted = _weights_wanted, False
    try:
        yield
    finally:
        _weights_wanted = before


def conv2d(
    x: Float[Tensor, "n i h w"],
    weight: Float[Tensor, "o i k_h k_w"],
    *,
    stride: int = 1,
    padding: tuple[int, int] = (0, 0),
) -> Float[Tensor, "n o out_h out_w"]:
    """Correlate with the weight, with zeros around; `padding` is along y and x."""
    if _differentiated_twice:
        return _Conv2d.apply(x, weight, (stride, stride), padding)
    return F.conv2d(x, weight, stride=stride, padding=padding)


class _Conv2d(torch.autograd.Function):
    """Linear in x and in the weight, as are its two derivatives below: each one's derivatives are the other two."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, *way: tuple[int, int]) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.way = way
        return F.conv2d(x, weight, None, *way)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        # what counts by its shape alone is detached, or PyTorch would walk on from it with gradients of zero
        by_x = _InputGradient.apply(gradient, x.detach(), weight, *ctx.way) if ctx.needs_input_grad[0] else None
        wanted = ctx.needs_input_grad[1] and _weights_wanted
        by_weight = _WeightGradient.apply(gradient, x, weight.detach(), *ctx.way) if wanted else None
        return by_x, by_weight, None, None


class _InputGradient(torch.autograd.Function):
    """The gradient by x, of which only the shape counts."""

    @staticmethod
    def forward(ctx, gradient: Tensor, x: Tensor, weight: Tensor, *way: tuple[int, int]) -> Tensor:
        ctx.save_for_backward(gradient, weight)
        ctx.way = way
        return _derivative(gradient, x, weight, way, of_input=True)

    @staticmethod
    def backward(ctx, change: Tensor) -> tuple[Tensor | None, ...]:
        gradient, weight = ctx.saved_tensors
        by_gradient = _Conv2d.apply(change, weight, *ctx.way) if ctx.needs_input_grad[0] else None
        by_weight = (
            _WeightGradient.apply(gradient, change, weight.detach(), *ctx.way) if ctx.needs_input_grad[2] else None
        )
        return by_gradient, None, by_weight, None, None


class _WeightGradient(torch.autograd.Function):
    """The gradient by the weight, of which only the shape counts."""

    @staticmethod
    def forward(ctx, gradient: Tensor, x: Tensor, weight: Tensor, *way: tuple[int, int]) -> Tensor:
        ctx.save_for_backward(gradient, x)
        ctx.way = way
        return _derivative(gradient, x, weight, way, of_input=False)

    @staticmethod
    def backward(ctx, change: Tensor) -> tuple[Tensor | None, ...]:
        gradient, x = ctx.saved_tensors
        by_gradient = _Conv2d.apply(x, change, *ctx.way) if ctx.needs_input_grad[0] else None
        by_x = _InputGradient.apply(gradient, x.detach(), change, *ctx.way) if ctx.needs_input_grad[1] else None
        return by_gradient, by_x, None, None, None


def _derivative(
    gradient: Tensor, x: Tensor, weight: Tensor, way: tuple[tuple[int, int], ...], *, of_input: bool
) -> Tensor:
    stride, padding = way
    wanted = [of_input, not of_input, False]
    both = torch.ops.aten.convolution_backward(
        gradient, x, weight, None, stride, padding, (1, 1), False, (0, 0), 1, wanted
    )
    return both[0] if of_input else both[1]

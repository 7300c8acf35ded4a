"""Bias, activation, gain and clamp in one pass over memory, in C++ (bias_act.cpp); its derivative is another pass.

The derivative is a factor for each value, told from the output's sign and whether it lies on the clamp. So only the
output is kept, which the next layer keeps anyway, and the derivative of the derivative is the same pass once more.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

DTYPES = (torch.float32, torch.float64, torch.bfloat16, torch.float16)


@dataclass(frozen=True)
class Activation:
    """Leaky ReLU (of slope 1: none), gain, clamp."""

    gain: float
    slope: float
    clamp: float = math.inf


def fused_bias_act(
    x: Float[Tensor, "n channels *size"], bias: Float[Tensor, "channels"] | None, activation: Activation
) -> Float[Tensor, "n channels *size"]:
    """As `definition.bias_act` for tensors on a CPU of one of `DTYPES`, a gain above 0 and a clamp of at least 0.

    But a value that is exactly the clamp before it is clamped has derivative 0, not 1.
    """
    return _BiasAct.apply(x, None if bias is None else bias.to(x.dtype), activation)


def _dense(x: Tensor) -> Tensor:
    """In one of the two orders that the passes take: channels last, or contiguous."""
    if x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last):
        return x
    return x.contiguous()


class _BiasAct(torch.autograd.Function):
    """The operation; keeps its output and nothing else."""

    @staticmethod
    def forward(ctx, x: Tensor, bias: Tensor | None, activation: Activation) -> Tensor:
        x = _dense(x)
        y = torch.empty_like(x)
        numbers = (activation.gain, activation.slope, activation.clamp)
        torch.ops.stylesv.bias_act(x, None if bias is None else bias.contiguous(), y, *numbers)
        ctx.save_for_backward(y)
        ctx.activation = activation
        return y

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (y,) = ctx.saved_tensors
        gradient_x, sums = _Gradient.apply(gradient, y, ctx.activation)
        return gradient_x, sums if ctx.needs_input_grad[1] else None, None


class _Gradient(torch.autograd.Function):
    """The derivative where the output is y, applied to a gradient; and its sums over each channel.

    Linear in the gradient, and constant in y wherever it has a derivative.
    """

    @staticmethod
    def forward(ctx, gradient: Tensor, y: Tensor, activation: Activation) -> tuple[Tensor, Tensor]:
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(y)
        ctx.activation = activation
        out = torch.empty_like(y)
        sums = y.new_zeros(y.shape[1], dtype=torch.float64)
        if gradient.stride() != y.stride():
            gradient = torch.empty_like(y).copy_(gradient)
        numbers = (activation.gain, activation.slope, activation.clamp)
        torch.ops.stylesv.bias_act_gradient(gradient, y, out, sums, *numbers)
        return out, sums.to(y.dtype)

    @staticmethod
    def backward(ctx, gradient: Tensor | None, gradient_sums: Tensor | None) -> tuple[Tensor | None, ...]:
        (y,) = ctx.saved_tensors
        if gradient_sums is not None:
            spread = gradient_sums.reshape(-1, *[1] * (y.ndim - 2))
            gradient = spread.expand_as(y) if gradient is None else gradient + spread
        if gradient is None:
            return None, None, None
        return _Gradient.apply(gradient, y, ctx.activation)[0], None, None

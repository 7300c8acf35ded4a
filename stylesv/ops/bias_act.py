"""Bias, activation, gain and clamp in one call. docs/operations.md 1.3."""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from stylesv.ops.backend import active_backend
from stylesv.ops.geometry import Number

# The gain that keeps the variance of a unit normal input about 1, as the published code has it.
DEFAULT_GAIN = {"linear": 1.0, "lrelu": 2**0.5}
SLOPE = 0.2
FUSED_DTYPES = (torch.float32, torch.float64)


def bias_act(
    x: Float[Tensor, "n channels *size"],
    bias: Float[Tensor, "channels"] | None = None,
    *,
    activation: str = "linear",
    gain: Number | None = None,
    clamp: Number | None = None,
) -> Float[Tensor, "n channels *size"]:
    """Add the bias to its channels, activate (`linear` or `lrelu`), multiply by gain (None: the activation's own), clamp.

    Images on a CPU go through C++ in one walk; all else through PyTorch's own operations, with the same bits.
    """
    gain = DEFAULT_GAIN[activation] if gain is None else gain
    bias = None if bias is None else bias.to(x.dtype)
    if _has_fused_form(x, bias, activation, gain, clamp):
        numbers = (SLOPE, float(gain), math.inf if clamp is None else float(clamp))
        return _BiasLrelu.apply(x, bias, *numbers)
    if bias is not None:
        x = x + bias.reshape(-1, *[1] * (x.ndim - 2))
    if activation == "lrelu":
        x = F.leaky_relu(x, SLOPE)
    if gain != 1:
        x = x * gain
    return x if clamp is None else x.clamp(-clamp, clamp)


def _has_fused_form(x: Tensor, bias: Tensor | None, activation: str, gain: Number, clamp: Number | None) -> bool:
    """Its derivative reads signs off the output, so gain must be above 0 and clamp, too."""
    if x.ndim != 4 or activation != "lrelu" or x.dtype not in FUSED_DTYPES:
        return False
    if bias is not None and bias.shape != x.shape[1:2]:  # PyTorch repeats it, or says what is wrong
        return False
    return gain > 0 and (clamp is None or clamp > 0) and active_backend(x.device)[0] == "cpp"


class _BiasLrelu(torch.autograd.Function):
    """The output is all that is kept for the backward pass."""

    @staticmethod
    def forward(ctx, x: Tensor, bias: Tensor | None, slope: float, gain: float, clamp: float) -> Tensor:
        x = x.contiguous()
        y = torch.empty_like(x)
        torch.ops.stylesv.bias_act(x, None if bias is None else bias.contiguous(), y, slope, gain, clamp)
        ctx.save_for_backward(y)
        ctx.numbers, ctx.biased = (slope, gain, clamp), bias is not None
        return y

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (y,) = ctx.saved_tensors
        gradient = _BiasLreluDerivative.apply(gradient, y, *ctx.numbers, False)
        sums = gradient.sum(dim=[0, 2, 3]) if ctx.biased and ctx.needs_input_grad[1] else None
        return gradient, sums, None, None, None


class _BiasLreluDerivative(torch.autograd.Function):
    """Linear in the gradient, and constant in x and bias wherever it has a derivative.

    Backward and forward, gain and slope are multiplied in the order of PyTorch's own operations.
    """

    @staticmethod
    def forward(ctx, gradient: Tensor, y: Tensor, slope: float, gain: float, clamp: float, leak_first: bool) -> Tensor:
        out = torch.empty_like(y)
        torch.ops.stylesv.bias_act_derivative(gradient.contiguous(), y, out, slope, gain, clamp, leak_first)
        ctx.save_for_backward(y)
        ctx.numbers = (slope, gain, clamp, not leak_first)
        return out

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (y,) = ctx.saved_tensors
        return _BiasLreluDerivative.apply(gradient, y, *ctx.numbers), None, None, None, None, None

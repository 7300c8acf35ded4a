"""Bias, activation, gain and clamp in one call. SPEC 2 (convolution layers) and 0 (fully connected layers)."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from stylesv.errors import ConfigError
from stylesv.ops.geometry import Number

# The gain that keeps the variance of a unit normal input about 1, as the published code has it.
DEFAULT_GAIN = {
    "linear": 1.0,
    "relu": 2**0.5,
    "lrelu": 2**0.5,
    "tanh": 1.0,
    "sigmoid": 1.0,
    "elu": 1.0,
    "selu": 1.0,
    "softplus": 1.0,
    "swish": 2**0.5,
}


def bias_act(
    x: Float[Tensor, "..."],
    bias: Float[Tensor, "channels"] | None = None,
    *,
    axis: int = 1,
    activation: str = "linear",
    slope: Number = 0.2,
    gain: Number | None = None,
    clamp: Number | None = None,
) -> Float[Tensor, "..."]:
    """Add the bias along `axis`, activate, multiply by gain (None: the activation's own), clamp to +-clamp.

    `slope` is for "lrelu" only. Raises `ConfigError` for an unknown activation.
    """
    if activation not in DEFAULT_GAIN:
        raise ConfigError(f"activation is {activation!r}; it must be one of {', '.join(DEFAULT_GAIN)}")
    if bias is not None:
        x = x + bias.to(x.dtype).reshape([-1 if i == axis % x.ndim else 1 for i in range(x.ndim)])
    x = _activate(x, activation, slope)
    gain = DEFAULT_GAIN[activation] if gain is None else gain
    if gain != 1:
        x = x * gain
    return x if clamp is None else x.clamp(-clamp, clamp)


def _activate(x: Tensor, activation: str, slope: Number) -> Tensor:
    if activation == "linear":
        return x
    if activation == "lrelu":
        return F.leaky_relu(x, slope)
    if activation == "swish":
        return torch.sigmoid(x) * x
    return {
        "relu": F.relu,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "elu": F.elu,
        "selu": F.selu,
        "softplus": F.softplus,
    }[activation](x)

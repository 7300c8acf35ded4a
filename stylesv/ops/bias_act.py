"""Bias, activation, gain and clamp in one call. docs/operations.md 1.3."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from stylesv.ops.geometry import Number

# The gain that keeps the variance of a unit normal input about 1, as the published code has it.
DEFAULT_GAIN = {"linear": 1.0, "lrelu": 2**0.5}
SLOPE = 0.2


def bias_act(
    x: Float[Tensor, "n channels *size"],
    bias: Float[Tensor, "channels"] | None = None,
    *,
    activation: str = "linear",
    gain: Number | None = None,
    clamp: Number | None = None,
) -> Float[Tensor, "n channels *size"]:
    """Add the bias to its channels, activate (`linear` or `lrelu`), multiply by gain (None: the activation's own), clamp."""
    if bias is not None:
        x = x + bias.to(x.dtype).reshape(-1, *[1] * (x.ndim - 2))
    if activation == "lrelu":
        x = F.leaky_relu(x, SLOPE)
    gain = DEFAULT_GAIN[activation] if gain is None else gain
    if gain != 1:
        x = x * gain
    return x if clamp is None else x.clamp(-clamp, clamp)

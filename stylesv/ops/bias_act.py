"""Bias, activation, gain and clamp in one call, by the implementation in use. docs/operations.md 1.3."""

import math

from jaxtyping import Float
from torch import Tensor

from stylesv.ops import definition
from stylesv.ops.backend import active_backend
from stylesv.ops.definition import SLOPE
from stylesv.ops.fused_bias_act import DTYPES, Activation, fused_bias_act
from stylesv.ops.geometry import Number

# The gain that keeps the variance of a unit normal input about 1, as the published code has it.
DEFAULT_GAIN = {"linear": 1.0, "lrelu": 2**0.5}


def bias_act(
    x: Float[Tensor, "n channels *size"],
    bias: Float[Tensor, "channels"] | None = None,
    *,
    activation: str = "linear",
    gain: Number | None = None,
    clamp: Number | None = None,
) -> Float[Tensor, "n channels *size"]:
    """Add the bias to its channels, activate (`linear` or `lrelu`), multiply by gain (None: the activation's own), clamp."""
    gain = DEFAULT_GAIN[activation] if gain is None else gain
    does_nothing = bias is None and activation == "linear" and gain == 1 and clamp is None
    fused = gain > 0 and x.dtype in DTYPES and not does_nothing and active_backend(x.device)[0] == "cpp"
    if not fused:
        return definition.bias_act(x, bias, activation=activation, gain=gain, clamp=clamp)
    slope = SLOPE if activation == "lrelu" else 1.0
    return fused_bias_act(x, bias, Activation(float(gain), slope, math.inf if clamp is None else float(clamp)))

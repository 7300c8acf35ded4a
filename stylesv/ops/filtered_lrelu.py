"""The filtered leaky ReLU of StyleGAN3, by the implementation in use. docs/operations.md 1.2; StyleGAN3 section 3.2."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from stylesv.errors import ConfigError
from stylesv.ops.geometry import Filter, LreluCall, Number
from stylesv.ops.resample import implementation


def filtered_lrelu(
    x: Float[Tensor, "n c h w"],
    up_filter: Filter,
    down_filter: Filter,
    bias: Float[Tensor, "c"] | None = None,
    *,
    up: int = 1,
    down: int = 1,
    padding: int | Sequence[int] = 0,
    gain: Number = 2**0.5,
    slope: Number = 0.2,
    clamp: Number | None = None,
) -> Float[Tensor, "n c out_h out_w"]:
    """Add bias, upsample (gain up^2), leaky ReLU, multiply by `gain`, clamp to +-`clamp`, downsample.

    Filters are 1-D (applied along x, then y), 2-D or None (identity) and are convolved, not correlated. `padding` is
    in samples after upsampling, one number, (x, y) or (x0, x1, y0, y1), negative to crop. Filters are
    constants: no gradient goes to them. Raises `ConfigError` for a gain that is not positive or a negative clamp.
    """
    if gain <= 0 or (clamp is not None and clamp < 0):
        raise ConfigError(f"gain is {gain} and clamp {clamp}; gain must be above 0, clamp None or at least 0")
    call = LreluCall(up_filter, down_filter, up, down, padding, gain, slope, clamp)
    return implementation(x, up_filter, down_filter).filtered_lrelu(x, bias, call)

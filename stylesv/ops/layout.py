"""The order in memory in which plain convolutions, resampling and activations are fastest. docs/operations.md 2.4."""

import torch
from jaxtyping import Float
from torch import Tensor

from stylesv.ops.backend import active_backend


def in_fast_order(x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c h w"]:
    """The same values: channels last on a CPU with the C++ forms, where a discriminator is fastest so; else as given.

    Convolutions, `upfirdn2d` and `bias_act` give their output in the order of their input.
    """
    last = x.device.type == "cpu" and active_backend(x.device)[0] == "cpp"
    return x.contiguous(memory_format=torch.channels_last) if last else x

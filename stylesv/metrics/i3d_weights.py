"""The public Kinetics weights of I3D, by the names of the public PyTorch port, as weights of this project's I3D.

The port keeps convolution and BatchNorm apart (`Mixed_3b.b1a.conv3d.weight`, `Mixed_3b.b1a.bn.running_var`, ...). Here
BatchNorm in evaluation, y = (x - mean) / sqrt(var + eps) * weight + bias, is folded into the convolution.
"""

import pickle
from pathlib import Path

import torch
from torch import Tensor

from stylesv.errors import DetectorError
from stylesv.metrics.folding import folded
from stylesv.metrics.i3d import I3D, INCEPTION_WIDTHS

BATCH_NORM_EPS = 1e-3  # of TensorFlow's original, and of the port

_STEM = {"conv1": "Conv3d_1a_7x7", "conv2_reduce": "Conv3d_2b_1x1", "conv2": "Conv3d_2c_3x3"}
_BRANCHES = {"one": "b0", "three.0": "b1a", "three.1": "b1b", "five.0": "b2a", "five.1": "b2b", "pool": "b3b"}


def public_names() -> dict[str, str]:
    """The public name of every convolution that a BatchNorm follows, by its name here."""
    inception = {
        f"inception.{block}.{ours}": f"Mixed_{block}.{public}"
        for block in INCEPTION_WIDTHS
        for ours, public in _BRANCHES.items()
    }
    return _STEM | inception


def load_public_i3d(path: Path) -> I3D:
    """I3D with the weights of a public state dict.

    Raises:
        DetectorError: the file is no state dict, or a tensor is missing or of another shape.
    """
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError) as error:
        raise DetectorError(f"{path}: is no file of weights ({' '.join(str(error).split())[:150]})") from error
    if not isinstance(values, dict):
        raise DetectorError(f"{path}: holds a {type(values).__name__}, not a state dict of weights by name")
    network = I3D()
    try:
        network.load_state_dict(translate_public_weights(values))
    except KeyError as error:
        raise DetectorError(
            f"{path}: has no tensor {error.args[0]!r}; the public I3D of Kinetics-400 is expected"
        ) from error
    except RuntimeError as error:
        raise DetectorError(
            f"{path}: does not fit I3D of Kinetics-400 ({' '.join(str(error).split())[:200]})"
        ) from error
    return network.eval().requires_grad_(False)


def translate_public_weights(values: dict[str, Tensor]) -> dict[str, Tensor]:
    """A state dict by public names as one by the names here; BatchNorm folded in float64."""
    result = {}
    for ours, public in public_names().items():
        weight, bias = folded(values, f"{public}.conv3d", f"{public}.bn", eps=BATCH_NORM_EPS)
        result |= {f"{ours}.weight": weight, f"{ours}.bias": bias}
    result["logits.weight"] = values["logits.conv3d.weight"].float()
    result["logits.bias"] = values["logits.conv3d.bias"].float()
    return result

"""Shift-tolerant LPIPS: how different two frames look (Ghildyal and Liu 2022, arXiv 2207.13686; LPIPS: Zhang et al. 2018).

AlexNet whose strides are blurs, with the trained weights of the package stlpips-pytorch (BSD 2-Clause). The network is written
here: the package's own code needs torchvision, torchsummary and IPython. Different on purpose: frames below 64 px, on which LPIPS
was trained, are enlarged to that.
"""

from collections.abc import Mapping
from functools import lru_cache

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from stylesv.fetching.packaged_weights import SHIFT_TOLERANT_LPIPS, load_packaged_weights

SMALLEST_PX = 64  # patches that LPIPS was trained on
# of each convolution: place of its weights in the state dict, padding
_CONVOLUTIONS = (("slice1.0", 2), ("slice2.5", 2), ("slice3.9", 1), ("slice4.11", 1), ("slice5.13", 1))


class ShiftTolerantLpips(nn.Module):
    """The distance of frames as a weighted sum of differences between unit feature vectors of five layers."""

    def __init__(self, values: Mapping[str, Tensor]):
        """`values`: a state dict of the package."""
        super().__init__()
        self.register_buffer("shift", values["scaling_layer.shift"])
        self.register_buffer("scale", values["scaling_layer.scale"])
        for number, (name, _) in enumerate(_CONVOLUTIONS):
            self.register_buffer(f"weight{number}", values[f"net.{name}.weight"])
            self.register_buffer(f"bias{number}", values[f"net.{name}.bias"])
            self.register_buffer(f"importance{number}", values[f"lin{number}.model.1.weight"])

    def forward(self, frames: Float[Tensor, "n 3 h w"], others: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n"]:
        """The distance of each frame from the other one, both about -1 to 1; 0 for equal ones."""
        distance = frames.new_zeros(len(frames))
        pairs = zip(self.features(frames), self.features(others), strict=True)
        for number, (features, other_features) in enumerate(pairs):
            difference = (features - other_features).square()
            distance = distance + F.conv2d(difference, getattr(self, f"importance{number}")).mean(dim=[1, 2, 3])
        return distance

    def features(self, frames: Float[Tensor, "n 3 h w"]) -> list[Float[Tensor, "n c _ _"]]:
        """Unit feature vectors of each place, of five layers."""
        if min(frames.shape[2:]) < SMALLEST_PX:
            frames = F.interpolate(frames, size=(SMALLEST_PX, SMALLEST_PX), mode="bilinear", align_corners=False)
        x = (frames - self.shift) / self.scale
        found = []
        for number, (_, padding) in enumerate(_CONVOLUTIONS):
            if number in (1, 2):
                x = blurred(F.max_pool2d(x, kernel_size=3, stride=1))
            x = F.conv2d(x, getattr(self, f"weight{number}"), getattr(self, f"bias{number}"), padding=padding)
            x = (blurred(x) if number == 0 else x).relu()
            # the small number is inside the root, too: the derivative of a root at 0 is infinite
            found.append(x / ((x.square().sum(dim=1, keepdim=True) + 1e-20).sqrt() + 1e-10))
        return found


def blurred(x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c half_h half_w"]:
    """Every second place of the image blurred by 1 2 1, mirrored beyond its edges by two (Zhang 2019; padding of the paper)."""
    line = x.new_tensor([0.25, 0.5, 0.25])
    kernel = torch.outer(line, line).expand(x.shape[1], 1, 3, 3)
    return F.conv2d(F.pad(x, [2, 2, 2, 2], mode="reflect"), kernel, stride=2, groups=x.shape[1])


@lru_cache(maxsize=2)
def shift_tolerant_lpips(device: torch.device) -> ShiftTolerantLpips:
    """The trained distance.

    Raises:
        DetectorError: its package is not installed, or holds other weights.
    """
    return ShiftTolerantLpips(load_packaged_weights(SHIFT_TOLERANT_LPIPS)).eval().to(device)

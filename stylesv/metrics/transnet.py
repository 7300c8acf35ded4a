"""The 3-D network of TransNet V2 (Soucek and Lokoc 2020, arXiv 2008.04838), trained on cuts: how frames follow each other.

Its three stages of dilated (2+1)-D convolutions (section 3.1), without the parts that say where a shot ends. Different on
purpose: BatchNorm is folded into the convolutions in time, and the four spatial convolutions of a cell, which see the same
frames, are one.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from stylesv.metrics.folding import norm_scale

DILATIONS = (1, 2, 4, 8)
CHANNELS = (64, 128, 256)  # of a cell's output, in each stage
BATCH_NORM_EPS = 1e-3


class DilatedCell(nn.Module):
    """A spatial convolution of each frame, then four in time with different dilations, side by side."""

    def __init__(self, values: dict[str, Tensor], name: str):
        super().__init__()
        scale, bias = norm_scale(values, f"{name}.bn", eps=BATCH_NORM_EPS)
        spatial, temporal = [], []
        for dilation in DILATIONS:
            spatial.append(values[f"{name}.Conv3D_{dilation}.layers.0.weight"][:, :, 0].float())
            temporal.append(values[f"{name}.Conv3D_{dilation}.layers.1.weight"][:, :, :, 0, 0].double())
        self.register_buffer("spatial", torch.cat(spatial))
        weights = torch.stack(temporal) * scale.view(len(DILATIONS), -1, 1, 1)
        self.register_buffer("temporal", weights.float())  # dilations, out, in, 3
        self.register_buffer("bias", bias.float())

    def forward(self, x: Float[Tensor, "n c t h w"]) -> Float[Tensor, "n d t h w"]:
        n, _, t = x.shape[:3]
        frames = F.conv2d(x.transpose(1, 2).flatten(0, 1), self.spatial, padding=1)
        parts = frames.unflatten(0, (n, t)).transpose(1, 2).chunk(len(DILATIONS), dim=1)
        found = [
            F.conv3d(part, weight[..., None, None], padding=(dilation, 0, 0), dilation=(dilation, 1, 1))
            for part, weight, dilation in zip(parts, self.temporal, DILATIONS, strict=True)
        ]
        return torch.cat(found, dim=1) + self.bias.view(1, -1, 1, 1, 1)


class TransNet(nn.Module):
    """Frames in [0, 1] to the outputs of the three stages, from the tensors of a public state dict.

    Raises:
        KeyError: a tensor is missing.
    """

    def __init__(self, values: dict[str, Tensor]):
        super().__init__()
        self.stages = nn.ModuleList(
            nn.ModuleList(DilatedCell(values, f"SDDCNN.{stage}.DDCNN.{cell}") for cell in range(2))
            for stage in range(len(CHANNELS))
        )

    def forward(self, x: Float[Tensor, "n 3 t h w"]) -> list[Tensor]:
        """Outputs of the stages, n c t h w, each of half the height and width of the one before."""
        found = []
        for first, second in self.stages:
            shortcut = F.relu(first(x))
            x = F.avg_pool3d(F.relu(second(shortcut)) + shortcut, (1, 2, 2))
            found.append(x)
        return found

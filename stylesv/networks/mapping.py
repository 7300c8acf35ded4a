"""From content noise to the intermediate latent w, with truncation (SPEC 1.1)."""

import torch
from jaxtyping import Float
from torch import Tensor

from stylesv.networks.layers import MappingNetwork

W_AVG_BETA = 0.998  # memory of the running mean of w, SPEC 1.1


class ContentMapping(MappingNetwork):
    """The mapping network with the running mean of its output.

    Training as published never updates that mean, which stays 0, so truncation there only scales w (defect 1).
    """

    def __init__(self, z_dim: int, w_dim: int, *, class_dim: int, num_layers: int, num_ws: int, trainable: bool = True):
        """`num_ws`: places that take a w."""
        super().__init__(z_dim, w_dim, class_dim=class_dim, num_layers=num_layers, trainable=trainable)
        self.num_ws = num_ws
        self.register_buffer("w_avg", torch.zeros([w_dim]))

    def forward(
        self,
        z: Float[Tensor, "n z"],
        labels: Float[Tensor, "n c"] | None = None,
        *,
        truncation: float | int = 1.0,
        truncation_layers: int | None = None,
        update_emas: bool = False,
    ) -> Float[Tensor, "n w"] | Float[Tensor, "n 1 l w"]:
        """w of each clip, moved towards the mean by the factor `truncation`.

        With `truncation_layers` only the first so many places get the truncated w, and the result has one w per place.
        """
        w = super().forward(z, labels)
        if update_emas:
            with torch.no_grad():
                self.w_avg.copy_(w.detach().mean(dim=0).lerp(self.w_avg, W_AVG_BETA))
        if truncation == 1:
            return w
        truncated = self.w_avg.lerp(w, truncation)
        if truncation_layers is None:
            return truncated
        is_truncated = torch.arange(self.num_ws, device=w.device) < truncation_layers
        return torch.where(is_truncated[:, None], truncated[:, None, None], w[:, None, None])

"""From content noise to the intermediate latent w, with truncation (docs/model.md 2.1)."""

import torch
from jaxtyping import Float
from torch import Tensor

from stylesv.networks.layers import MappingNetwork

W_AVG_BETA = 0.998  # memory of the running mean of w, docs/model.md 2.1


class ContentMapping(MappingNetwork):
    """The mapping network with the running mean of its output.

    Training as published never updates that mean, which stays 0, so truncation there only scales w (docs/differences.md 2.1).
    """

    def __init__(self, z_dim: int, w_dim: int, *, class_dim: int, num_layers: int, trainable: bool):
        super().__init__(z_dim, w_dim, class_dim=class_dim, num_layers=num_layers, trainable=trainable)
        self.register_buffer("w_avg", torch.zeros([w_dim]))

    def forward(
        self,
        z: Float[Tensor, "n z"],
        labels: Float[Tensor, "n c"] | None = None,
        *,
        truncation: float | int = 1.0,
        update_emas: bool = False,
    ) -> Float[Tensor, "n w"]:
        """w of each clip; of its distance from the mean, `truncation` is kept."""
        w = super().forward(z, labels)
        if update_emas:
            with torch.no_grad():
                self.w_avg.copy_(w.detach().mean(dim=0).lerp(self.w_avg, W_AVG_BETA))
        return w if truncation == 1 else self.w_avg.lerp(w, truncation)

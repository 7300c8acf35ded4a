"""The moving average of the generator."""

import torch


@torch.no_grad()
def update_ema(average: torch.nn.Module, network: torch.nn.Module, beta: float) -> None:
    """Move the average's parameters towards the network's, keeping the share `beta`; copy the buffers (docs/model.md 6.1).

    Frozen weights are buffers, so they stay those of the network.
    """
    for kept, new in zip(average.parameters(), network.parameters(), strict=True):
        kept.copy_(new.lerp(kept, beta))
    for kept, new in zip(average.buffers(), network.buffers(), strict=True):
        kept.copy_(new)

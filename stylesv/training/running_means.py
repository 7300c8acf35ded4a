"""Running means that training moves (of w, of activations' magnitudes), the same for any number of shares.

Each share moves them from where the step began; afterwards they are the mean of where the shares ended. A move is linear
in the share's mean, so that is where the whole batch would have moved them.
"""

from collections.abc import Iterator, Sequence

import torch

from stylesv.distributed.processes import Processes
from stylesv.networks.generator import Generator


class RunningMeans:
    """The running means of one generator."""

    def __init__(self, generator: Generator, processes: Processes):
        self.wanted = generator.settings.update_emas
        self.buffers = [
            buffer for name, buffer in generator.named_buffers() if name.endswith(("w_avg", "magnitude_ema"))
        ]
        self.processes = processes

    @torch.no_grad()
    def over(self, shares: Sequence[list[int]]) -> Iterator[list[int]]:
        """Iterate over shares; when all are done, the means are those of the batch."""
        if not self.wanted or (len(shares) == 1 and self.processes.world_size == 1):
            yield from shares
            return
        start = [buffer.clone() for buffer in self.buffers]
        ends = [torch.zeros_like(buffer) for buffer in self.buffers]
        for share in shares:
            yield share
            for buffer, before, end in zip(self.buffers, start, ends, strict=True):
                end += buffer / len(shares)
                buffer.copy_(before)
        self.processes.average(ends)
        for buffer, end in zip(self.buffers, ends, strict=True):
            buffer.copy_(end)

"""Several processes that train one run: who they are, what each computes, and sums over all.

Started by torchrun for GPUs, a process each, or by the first one on a CPU (`companions.py`); they know their rank from the
environment, and without one there is one process and nothing is sent. A step's
result does not depend on how many there are, up to the order of floating-point sums: a batch is cut into equal shares
of clips, each process takes one after the other, and gradients and statistics are averaged over all shares.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
import torch.distributed
from torch import Tensor

from stylesv.distributed.companions import MEETING
from stylesv.errors import ConfigError

# A process may wait this long for the others: the first one may be waiting for another run of the same segment.
PATIENCE = timedelta(days=2)


@dataclass(frozen=True)
class Processes:
    """This process among all that train the run."""

    rank: int = 0
    world_size: int = 1
    control: Any = None
    """Process group (gloo) for numbers on the CPU: asking the others must not wait for a GPU to catch up."""

    @property
    def is_first(self) -> bool:
        """Whether this is the one process that writes files and speaks."""
        return self.rank == 0

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its mean over processes, in place; one message for all of them.

        Every process must give tensors of the same shapes, on its own device.
        """
        if self.world_size == 1 or not tensors:
            return
        flat = torch.cat([tensor.reshape(-1).to(torch.float32) for tensor in tensors])
        torch.distributed.all_reduce(flat)
        flat /= self.world_size
        for tensor, part in zip(tensors, flat.split([tensor.numel() for tensor in tensors]), strict=True):
            tensor.copy_(part.view_as(tensor))

    def average_numbers(self, values: Sequence[float]) -> list[float]:
        """Each number's mean over processes; every process must give equally many."""
        if self.world_size == 1 or not values:
            return list(values)
        numbers = torch.tensor(values, dtype=torch.float64)
        torch.distributed.all_reduce(numbers, group=self.control)
        return (numbers / self.world_size).tolist()

    def from_first(self, value: Any) -> Any:
        """The first process's value, for all of them."""
        if self.world_size == 1:
            return value
        values = [value]
        torch.distributed.broadcast_object_list(values, src=0, group=self.control)
        return values[0]

    def wait_for_all(self) -> None:
        """Return once every process is here."""
        if self.world_size > 1:
            torch.distributed.barrier(group=self.control)


def is_first_process() -> bool:
    """Whether this is the first process, or the only one; known before they have met."""
    return int(os.environ.get("RANK", 0)) == 0


@contextmanager
def joined_processes() -> Iterator[tuple[Processes, torch.device]]:
    """Inside, the processes that were started are joined, if there are several: this one and its device.

    A GPU each where there are GPUs (NCCL), else the CPU (gloo).

    Raises:
        ConfigError: there are fewer GPUs than processes.
    """
    rank, world_size = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    local_rank = int(os.environ.get("LOCAL_RANK", 0))
    device = torch.device("cpu")
    if torch.cuda.is_available():
        if local_rank >= torch.cuda.device_count():
            raise ConfigError(
                f"more processes on this machine than its {torch.cuda.device_count()} visible GPUs; ask for as many (gpu=N)"
            )
        device = torch.device("cuda", local_rank)
        torch.cuda.set_device(device)
    if world_size == 1:
        yield Processes(), device
        return
    meeting = f"file://{os.environ[MEETING]}" if MEETING in os.environ else "env://"
    backend = "nccl" if device.type == "cuda" else "gloo"
    torch.distributed.init_process_group(backend, meeting, rank=rank, world_size=world_size, timeout=PATIENCE)
    try:
        yield Processes(rank, world_size, torch.distributed.new_group(backend="gloo", timeout=PATIENCE)), device
    finally:
        torch.distributed.destroy_process_group()


def clip_shares(num_clips: int, *, group_size: int | None, num_shares: int) -> list[list[int]]:
    """Which clips of a batch make up each of `num_shares` equal shares.

    The discriminator compares clips in groups: of n clips, clip i is grouped with i + n/g, i + 2n/g, ... (minibatch
    standard deviation, StyleGAN2). Groups stay whole, and in their order, so that a share's result is that of its
    clips in the whole batch. `group_size` None: all clips are one group.

    Raises:
        ConfigError: the batch cannot be cut so.
    """
    size = num_clips if group_size is None else min(group_size, num_clips)
    if num_clips % (size * num_shares):
        raise ConfigError(
            f"a batch of {num_clips} clips cannot be cut into {num_shares} equal shares of whole groups of {size} clips "
            f"(discriminator.mbstd_group_size); processes times accumulation must divide {num_clips // size}"
        )
    num_groups = num_clips // size
    return [
        [member * num_groups + group for member in range(size) for group in groups]
        for groups in _cut(range(num_groups), num_shares)
    ]


def _cut(items: range, parts: int) -> Iterable[range]:
    length = len(items) // parts
    return (items[part * length : (part + 1) * length] for part in range(parts))

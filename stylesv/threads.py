"""Threads of a process on a CPU."""

import os


def use_cpu_threads(count: int) -> None:
    """Compute with `count` threads; call it before anything imports torch.

    Waiting threads sleep instead of spinning: on a machine that is shared, spinning made training up to 40 times slower,
    and on a quiet one sleeping costs less than 5 per cent.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # read when torch loads its thread library
    import torch

    torch.set_num_threads(count)

"""Threads of a process on a CPU."""

import os

MOST_CPU_THREADS = 1024
"""Of a process; far more than that ends in a fault of the thread library's."""


def wait_asleep() -> None:
    """Let threads that wait for each other sleep soon; it acts where torch is not loaded yet, and on what nobody has set.

    A waiting thread spins for 1000 turns of a loop, then sleeps. Measured on two cores with the demo's networks: spinning on,
    as is the default, trains at least 4 times slower beside other work; sleeping at once 1.6 times slower on a quiet machine.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # both are read when torch loads its thread library
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")


def use_cpu_threads(count: int) -> None:
    """Compute with `count` threads; call it before anything imports torch."""
    wait_asleep()
    import torch

    torch.set_num_threads(count)

"""Threads and memory of a process on a CPU, and its end with the process that started it."""

import ctypes
import os

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
MOST_CPU_THREADS = 1024
"""Of a process; far more than that ends in a fault of the thread library's."""


def wait_asleep() -> None:
    """Let threads that wait for each other sleep soon; it acts where torch is not loaded yet, and on what nobody has set.

    A waiting thread spins for 1000 turns of a loop, then sleeps. Measured on two cores with the demo's networks: spinning on,
    as is the default, trains at least 4 times slower beside other work; sleeping at once 1.6 times slower on a quiet machine.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # both are read when torch loads its thread library
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")


def keep_freed_memory() -> None:
    """Let glibc keep what arrays of up to 32 MB give back, up to 512 MB, for the next ones; elsewhere nothing happens.

    Else each large result is new pages from the system, which it fills with zeros: measured 19,000 page faults in describing one
    clip of 16 frames for a score, a sixth of its time.
    """
    c_library = ctypes.CDLL(None) if os.name == "posix" else None
    if hasattr(c_library, "mallopt"):
        c_library.mallopt(-3, 32 << 20)  # M_MMAP_THRESHOLD, at its largest
        c_library.mallopt(-1, 512 << 20)  # M_TRIM_THRESHOLD


def use_cpu_threads(count: int) -> None:
    """Compute with `count` threads; call it before anything imports torch."""
    wait_asleep()
    keep_freed_memory()
    import torch

    torch.set_num_threads(count)


def signal_at_parents_end(number: int) -> bool:
    """Ask Linux for a signal to this process when the thread that started it ends, however; False where it cannot be asked."""
    try:
        return ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0) == 0
    except (OSError, AttributeError):
        return False

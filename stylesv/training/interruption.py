"""The end that comes from outside: a signal is noted, and the step that runs is finished first.

Slurm sends TERM before a job's time limit (`--signal=TERM@180`) and before it gives a node to somebody else; Ctrl-C sends
INT. Where Slurm tracks processes by cgroups, TERM reaches only the first process of a step, which here is Snakemake; so
the time limit is also asked for at the start, and counts as a signal shortly before it. Under Slurm a job that still runs
is then put back into its queue, with the same job id.
"""

import os
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from stylesv.slurm import ask_slurm

SIGNALS = (signal.SIGTERM, signal.SIGINT)
# as the profile's --signal: a step, and writing the state, take less
LEAVE_BEFORE_SECONDS = 180
# after a requeue Slurm ends the job within moments; a process that ended by itself before would count as failed
PATIENCE_SECONDS = 300


class Interruption:
    """Whether a signal has come, or the time limit is near."""

    def __init__(self, seconds_left: float | None = None) -> None:
        self._signal: str | None = None
        self._deadline = None
        if seconds_left is not None:
            self._deadline = time.monotonic() + seconds_left - min(LEAVE_BEFORE_SECONDS, seconds_left / 4)

    @property
    def name(self) -> str | None:
        """What came, None while nothing has."""
        if self._signal is None and self._deadline is not None and time.monotonic() >= self._deadline:
            return "the time limit"
        return self._signal

    def note(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal."""
        self._signal = signal.Signals(number).name
        signal.signal(number, signal.SIG_DFL)  # a second one ends the process at once


@contextmanager
def noting_signals() -> Iterator[Interruption]:
    """Inside, TERM and INT are noted instead of ending the process."""
    interruption = Interruption(slurm_seconds_left())
    before = {number: signal.signal(number, interruption.note) for number in SIGNALS}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def slurm_seconds_left() -> float | None:
    """Time until the limit of this process's Slurm job; None without a job or a limit."""
    job = os.environ.get("SLURM_JOB_ID")
    left = None if job is None else ask_slurm("squeue", "-h", "-j", job, "-o", "%L", patience_seconds=120.0)
    if left is None:
        return None
    days, _, clock = left.strip().rpartition("-")
    parts = clock.split(":")
    if not all(re.fullmatch("[0-9]+", part) for part in [days or "0", *parts]):
        return None  # UNLIMITED, NOT_SET or no answer
    seconds = 0
    for part in parts:
        seconds = seconds * 60 + int(part)
    return float(int(days or 0) * 86400 + seconds)


def requeue_slurm_job() -> bool:
    """Put this process's Slurm job back into the queue; whether that was done.

    Not done for a job that was cancelled: it is completing already, and whoever cancelled it meant it.
    """
    job = os.environ.get("SLURM_JOB_ID")
    if job is None or (ask_slurm("squeue", "-h", "-j", job, "-o", "%T") or "").strip() != "RUNNING":
        return False
    return ask_slurm("scontrol", "requeue", job, patience_seconds=100.0) is not None


def wait_to_be_ended() -> None:
    """Sleep until Slurm ends the requeued job."""
    time.sleep(PATIENCE_SECONDS)

"""The end that comes from outside: a signal is noted, and the step that runs is finished first.

Slurm sends TERM before a job's time limit (`--signal=TERM@180`) and before it gives a node to somebody else; Ctrl-C sends
INT. Under Slurm a job that still runs is then put back into its queue, with the same job id.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)
# after a requeue Slurm ends the job within moments; a process that ended by itself before would count as failed
PATIENCE_SECONDS = 300


class Interruption:
    """Whether a signal has come, and its name."""

    def __init__(self) -> None:
        self.name: str | None = None

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.name = signal.Signals(number).name
        signal.signal(number, signal.SIG_DFL)  # a second one ends the process at once


@contextmanager
def noting_signals() -> Iterator[Interruption]:
    """Inside, TERM and INT are noted instead of ending the process."""
    interruption = Interruption()
    before = {number: signal.signal(number, interruption._note) for number in SIGNALS}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def requeue_slurm_job() -> bool:
    """Put this process's Slurm job back into the queue; whether that was done.

    Not done for a job that was cancelled: it is completing already, and whoever cancelled it meant it.
    """
    job = os.environ.get("SLURM_JOB_ID")
    if job is None or shutil.which("scontrol") is None:
        return False
    asked = subprocess.run(["squeue", "-h", "-j", job, "-o", "%T"], capture_output=True, text=True, check=False)
    if asked.stdout.strip() != "RUNNING":
        return False
    return subprocess.run(["scontrol", "requeue", job], capture_output=True, check=False).returncode == 0


def wait_to_be_ended() -> None:
    """Sleep until Slurm ends the requeued job."""
    time.sleep(PATIENCE_SECONDS)

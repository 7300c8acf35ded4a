"""Slurm's programs, asked; none of them may hold up whoever asks.

A controller that is reached and does not answer (overloaded, stopped, being moved) lets them wait for minutes or for ever.
"""

import shutil
import subprocess
from dataclasses import dataclass

PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class SlurmJob:
    """A job of this user."""

    number: str
    state: str
    """RUNNING, PENDING, ..."""
    name: str
    folder: str
    """Where it was submitted."""
    what: str
    """What Snakemake says it is."""


def ask_slurm(program: str, *arguments: str, patience_seconds: float = PATIENCE_SECONDS) -> str | None:
    """What one of its programs prints; None where there is none, or it fails, or does not answer in time."""
    if shutil.which(program) is None:
        return None
    try:
        done = subprocess.run(
            [program, *arguments],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=patience_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 else None


def my_slurm_jobs() -> list[SlurmJob] | None:
    """This user's jobs; None where there is no Slurm, or it does not answer."""
    answer = ask_slurm("squeue", "--me", "--noheader", "--format=%i|%T|%j|%Z|%k")
    return None if answer is None else [SlurmJob(*line.split("|", 4)) for line in answer.splitlines()]

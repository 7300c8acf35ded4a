"""Tests that are killed leave no Slurm that the next ones would meet; only alone, as tests share one (`make attack`)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from local_slurm import OWNER_FILE, LocalSlurm, of_killed_tests, why_not

pytestmark = pytest.mark.slow

CLUSTER = Path(__file__).resolve().parents[1] / "cluster"
TESTS = """
import os, signal, subprocess, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from local_slurm import LocalSlurm

with LocalSlurm(Path(sys.argv[2])) as slurm:
    slurm.command("sbatch", "--partition=cpu", "--wrap=exec sleep 600", check=True)
    while not slurm.jobs("RUNNING"):
        pass
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_daemons_and_jobs_of_killed_tests_are_ended_by_the_next(tmp_path):
    if reason := why_not():
        pytest.skip(reason)
    killed = subprocess.run([sys.executable, "-c", TESTS, str(CLUSTER), str(tmp_path / "first")], cwd=tmp_path)
    assert killed.returncode == -9 and (tmp_path / "first" / OWNER_FILE).exists()
    names = {process.name() for process in of_killed_tests()}
    assert not names & {"slurmctld", "munged"}, "the kernel ended the daemons"
    with LocalSlurm(tmp_path / "second") as slurm:
        assert of_killed_tests() == []
        assert slurm.command("sbatch", "--partition=cpu", "--wrap=exit 0", check=True).startswith("Submitted")
    assert not os.path.lexists("/etc/slurm/slurm.conf")

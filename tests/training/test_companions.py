"""Processes that one process of a CPU starts: an end of one is the end of all, and is told by the first."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from own_process import ROOT, comes_true

BEGINNING = """
import os, sys, time
import stylesv.distributed.companions
from stylesv.distributed.companions import companions, end_with_the_first
from stylesv.errors import ConfigError, run_command

stylesv.distributed.companions.PATIENCE_SECONDS = 3

def main():
    end_with_the_first()
    with companions(2):
        first = os.environ["RANK"] == "0"
"""
ENDS = {
    "in one line of its own": ("raise ConfigError('not so')", 2, ["error: not so"]),
    "by a signal": (
        "os.kill(os.getpid(), 9)",
        2,
        ["error: another process that trains was ended by SIGKILL; mostly memory"],
    ),
    "by a defect": (
        "print('about it', file=sys.stderr); raise AssertionError('a defect')",
        2,
        ["about it", "error: Asser"],
    ),
}


def started(folder: Path, others_do: str, first_does: str) -> subprocess.Popen[str]:
    program = folder / "program.py"
    lines = [f"        if not first: {others_do}", f"        if first: {first_does}", "run_command(main)"]
    program.write_text(BEGINNING + "\n".join(lines) + "\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}
    return subprocess.Popen(
        [sys.executable, str(program)], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("end", ENDS)
def test_one_that_ends_while_the_first_waits_for_it_is_told(tmp_path, end):
    others_do, status, told = ENDS[end]
    said = (job := started(tmp_path, others_do, "time.sleep(600)")).communicate(timeout=300)[1]
    assert job.returncode == status
    for words in told:
        assert words in said
    assert said.splitlines()[-1].startswith("error: ")


def test_an_error_of_the_first_is_told_whatever_the_others_do(tmp_path):
    said = (job := started(tmp_path, "time.sleep(600)", "raise OSError(28, 'disk', 'film')")).communicate(timeout=300)[
        1
    ]
    assert (job.returncode, said.count("error:")) == (2, 1) and said.startswith("error: film: ")


def test_what_is_done_stays_done_when_another_does_not_end(tmp_path):
    job = started(tmp_path, "time.sleep(600)", "open('done', 'w').close()")
    job.communicate(timeout=300)
    assert job.returncode == 0 and (tmp_path / "done").exists()


def test_none_outlives_a_first_one_that_is_killed_as_soon_as_it_starts(tmp_path):
    job = started(tmp_path, "time.sleep(600)", "time.sleep(600)")
    children = Path(f"/proc/{job.pid}/task/{job.pid}/children")
    assert comes_true(lambda: children.read_text().split() != [], 120)
    (other,) = map(int, children.read_text().split())
    job.kill()
    job.communicate()
    try:
        assert comes_true(lambda: not Path(f"/proc/{other}").exists(), 60), "it waits for one that is gone"
    finally:
        if Path(f"/proc/{other}").exists():
            os.kill(other, signal.SIGKILL)

"""Programs in a process of their own: what a process holds (files, threads, memory) is counted where no other test left any."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Linux counts a program's largest memory from its start here; `ru_maxrss` begins with that of the process which started it
PEAK_KIB = """
import re
from pathlib import Path

def peak_kib():
    return int(re.search(r"^VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text(), re.M)[1])
"""


def printed_by(program: str, *arguments: object, **environment: str) -> str:
    """What a Python program prints; its failure is the test's."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    run = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def comes_true(claim: Callable[[], object], seconds: float | int = 120) -> bool:
    """Whether a claim becomes true while it is looked at again and again."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if claim():
            return True
        time.sleep(0.02)
    return bool(claim())

"""A program of workflow_scripts/ as people call it, but in this process: importing torch takes longer than a test asks of it."""

import os
import runpy
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import torch


def run_here(script: Path, *arguments: object, folder: Path = Path()) -> subprocess.CompletedProcess[str]:
    """Run a script with arguments in a folder: its exit status, and what it said on stdout and stderr."""
    command, out, errors = [str(script.resolve()), *map(str, arguments)], StringIO(), StringIO()
    status = 0
    with (
        chdir(folder),
        patch.dict(os.environ),
        patch.object(sys, "argv", command),
        patch.object(torch, "set_num_threads"),  # how they are to wait is read when torch is loaded, which was before
        redirect_stdout(out),
        redirect_stderr(errors),
    ):
        try:
            runpy.run_path(command[0], run_name="__main__")
        except SystemExit as end:
            status = end.code or 0
    return subprocess.CompletedProcess(command, status, out.getvalue(), errors.getvalue())

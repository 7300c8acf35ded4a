"""Snakemake's command line in a process that is forked from one which has imported it: that takes longer than a dry run."""

import atexit
import importlib
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
# what a call of the workflow imports, but for what depends on where it runs
IMPORTED = (
    "snakemake.cli",
    "snakemake.report",
    "snakemake_executor_plugin_slurm",
    "snakemake_storage_plugin_s3",
    "stylesv.workflow.plan",
    "stylesv.workflow.questions",
)


def run_snakemake(arguments: list[str], folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `python -m snakemake` in a folder to its end; stdout and stderr come together in `stdout`."""
    with TemporaryDirectory() as written:
        out = Path(written) / "out"
        asked = {"arguments": arguments, "folder": str(folder), "environment": environment, "out": str(out)}
        server = _server()
        print(json.dumps(asked), file=server.stdin, flush=True)
        status = server.stdout.readline()
        assert status, "the process that forks Snakemake has ended"
        return subprocess.CompletedProcess(arguments, int(status), stdout=out.read_text())


@cache
def _server() -> subprocess.Popen[str]:
    """It ends with the process that started it, whose end of the pipe is closed then."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    server = subprocess.Popen([sys.executable, __file__], env=environment, text=True, **pipes)
    atexit.register(server.communicate)
    return server


def _serve() -> None:
    for name in IMPORTED:
        importlib.import_module(name)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become_snakemake(**json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become_snakemake(arguments: list[str], folder: str, environment: dict[str, str], out: str) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    streams = [os.open(os.devnull, os.O_RDONLY), os.open(out, os.O_WRONLY | os.O_CREAT)]
    for number, stream in zip((0, 1, 2), (streams[0], streams[1], streams[1]), strict=True):
        os.dup2(stream, number)
    sys.path[0] = folder
    sys.argv = ["snakemake", *arguments]
    sys.modules["snakemake.cli"].main()  # ends the process


if __name__ == "__main__":
    _serve()

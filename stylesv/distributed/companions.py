"""One training run in several processes of a CPU: the program starts the others itself, before anything imports torch.

On GPUs and nodes torchrun starts them (workflow_scripts/launch.sh); it takes seconds more, opens a port, and tells of an error
in thirty lines.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from stylesv.errors import MachineError, StyleSVError
from stylesv.threads import signal_at_parents_end

MEETING = "STYLESV_MEETING"
"""Environment variable: the file that processes of one run find each other by."""
PATIENCE_SECONDS = 20
_GPU_DEVICES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


@contextmanager
def companions(num_processes: int) -> Iterator[None]:
    """Inside, `num_processes` processes run this program: this is the first of them, or one of the others.

    The others run it with the same arguments, write no result and end with the first. With torchrun, or where the machine has
    a GPU, which trains faster than a CPU's processes, none is started.

    Raises:
        MachineError: one of the others was killed, and this one could not go on.
    """
    end_with_the_first()
    if num_processes == 1 or "RANK" in os.environ or any(map(os.path.exists, _GPU_DEVICES)):
        yield
        return
    with TemporaryDirectory(prefix="stylesv-") as folder:
        joined = {"WORLD_SIZE": str(num_processes), MEETING: str(Path(folder, "meeting"))}
        joined["GLOO_SOCKET_IFNAME"] = "lo0" if sys.platform == "darwin" else "lo"  # nobody else's business
        others: list[subprocess.Popen[bytes]] = []
        try:
            for rank in range(1, num_processes):
                others.append(_started(joined | {"RANK": str(rank), "LOCAL_RANK": str(rank)}, _said(folder, rank)))
            os.environ.update(joined | {"RANK": "0", "LOCAL_RANK": "0"})
            yield
            for process in others:
                process.wait(PATIENCE_SECONDS)
        except StyleSVError:
            raise  # so do the others
        except Exception as error:
            _explain(others, folder, error)
            raise
        finally:
            for process in others:
                process.kill()
                process.wait()


def end_with_the_first() -> None:
    """Let a process of several that train one run end when the one that started it is killed, which cannot tell it."""
    if "TORCHELASTIC_RUN_ID" in os.environ:
        signal_at_parents_end(signal.SIGTERM)
    elif MEETING in os.environ:
        signal_at_parents_end(signal.SIGKILL)


def _said(folder: str, rank: int) -> Path:
    """What a process prints goes here; the first one says it, too, unless the process fails alone."""
    return Path(folder, f"{rank}.txt")


def _started(environment: dict[str, str], said: Path) -> subprocess.Popen[bytes]:
    program = [sys.executable, *sys.orig_argv[1:]]
    with said.open("wb") as file:
        return subprocess.Popen(program, env=os.environ | environment, stdout=file, stderr=subprocess.STDOUT)


def _explain(others: list[subprocess.Popen[bytes]], folder: str, error: Exception) -> None:
    """Say what ended another process, if that is why this one cannot go on.

    Raises:
        MachineError: it was killed.
        SystemExit: it ended with an error of its own, which is printed.
    """
    for rank, process in enumerate(others, start=1):
        try:
            status = process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            continue
        if status < 0:
            raise MachineError(
                f"{Path(sys.argv[0]).name}: another of its processes was ended by {signal.Signals(-status).name}, which mostly "
                "is for want of memory; the same call goes on, and machine={cpu_processes: 1} needs less"
            ) from error
        if status > 0:
            print(_said(folder, rank).read_text(errors="replace"), end="", file=sys.stderr)
            raise SystemExit(status) from error

"""One training run in several processes of a CPU: the program starts the others itself, before anything imports torch.

On GPUs and nodes torchrun starts them (workflow_scripts/launch.sh); it takes seconds more, opens a port, and tells of an error
in thirty lines.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread

from stylesv.errors import InterruptionError, MachineError, StyleSVError, one_line
from stylesv.threads import signal_at_parents_end

MEETING = "STYLESV_MEETING"
"""Environment variable: the file that processes of one run find each other by."""
_FIRST = "STYLESV_FIRST_PROCESS"  # its number
PATIENCE_SECONDS = 10
"""How long a process may end later than the others; and how long the first may take to notice that one has failed."""
_GPU_DEVICES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


@contextmanager
def companions(num_processes: int) -> Iterator[None]:
    """Inside, `num_processes` processes run this program: this is the first of them, or one of the others.

    The others run it with the same arguments, write no result and end with the first. With torchrun none is started, nor where
    the machine has a GPU, which trains faster than a CPU's processes; the latter is said.

    Raises:
        StyleSVError: another process failed alone; what it printed is printed, and its last line is the error's.
    """
    if num_processes == 1 or "RANK" in os.environ:
        yield
        return
    gpu = next(filter(os.path.exists, _GPU_DEVICES), None)
    if gpu is not None and os.environ.get("CUDA_VISIBLE_DEVICES") != "":
        print(f"one process: this machine has a GPU ({gpu})", file=sys.stderr)
        yield
        return
    with TemporaryDirectory(prefix="stylesv-") as folder:
        joined = {"WORLD_SIZE": str(num_processes), MEETING: str(Path(folder, "meeting")), _FIRST: str(os.getpid())}
        joined["GLOO_SOCKET_IFNAME"] = "lo0" if sys.platform == "darwin" else "lo"  # nobody else's business
        others: list[_Other] = []
        left = Event()
        try:
            for rank in range(1, num_processes):
                others.append(
                    _Other(joined | {"RANK": str(rank), "LOCAL_RANK": str(rank)}, Path(folder, f"{rank}.txt"))
                )
            os.environ.update(joined | {"RANK": "0", "LOCAL_RANK": "0"})
            Thread(target=_watch, args=(others, left), daemon=True).start()
            yield
            left.set()
            _wait(others)
        except RuntimeError as error:  # as of a lost connection
            left.set()
            _wait_for_one(others)
            if (found := _failure(others)) is not None:
                raise found from error
            raise
        finally:
            left.set()
            for other in others:
                other.process.kill()
                other.process.wait()


def end_with_the_first() -> None:
    """Let a process of several that train one run end when the one that started it is killed, which cannot tell it."""
    if "TORCHELASTIC_RUN_ID" in os.environ:
        signal_at_parents_end(signal.SIGTERM)
    elif MEETING in os.environ:
        signal_at_parents_end(signal.SIGKILL)
        if os.getppid() != int(os.environ[_FIRST]):  # it has ended before it could be asked for
            sys.exit(1)


class _Other:
    """A process beside the first. What it prints is kept: the first one says the same, unless the process fails alone."""

    def __init__(self, environment: dict[str, str], said: Path):
        self.said = said
        program = [sys.executable, *sys.orig_argv[1:]]
        with said.open("wb") as file:
            self.process = subprocess.Popen(
                program, env=os.environ | environment, stdout=file, stderr=subprocess.STDOUT
            )

    @property
    def failed(self) -> bool:
        """Whether it has ended, and neither with its work nor with a signal that all of them have noted."""
        return self.process.poll() not in (None, 0, InterruptionError.exit_status)


def _failure(others: Sequence[_Other]) -> StyleSVError | None:
    """Why one of them has failed, if one has; what it printed is printed."""
    for other in others:
        if not other.failed:
            continue
        status = other.process.returncode
        lines = other.said.read_text(errors="replace").splitlines()
        print(*lines[:-1], sep="\n", file=sys.stderr)
        last = lines[-1].removeprefix("error: ") if lines else ""
        if status > 0:
            return StyleSVError(last or f"another process that trains ended with status {status}")
        name = signal.Signals(-status).name
        advice = "; mostly memory was short: --cpu-processes 1 needs less" if name == "SIGKILL" else ""
        return MachineError(f"another process that trains was ended by {name}{advice} {last}")
    return None


def _watch(others: Sequence[_Other], left: Event) -> None:
    """End this process when another has failed and this one does not notice, as where they wait to meet."""
    while not left.wait(1):
        if any(other.failed for other in others) and not left.wait(PATIENCE_SECONDS):
            print(f"error: {one_line(_failure(others))}", file=sys.stderr, flush=True)
            os._exit(2)


def _wait(others: Sequence[_Other]) -> None:
    """Let all end by themselves, for a while: what they were for is done."""
    until = time.monotonic() + PATIENCE_SECONDS
    for other in others:
        with suppress(subprocess.TimeoutExpired):
            other.process.wait(max(0, until - time.monotonic()))


def _wait_for_one(others: Sequence[_Other]) -> None:
    """Let one that has failed be seen: a connection is lost a little before its process ends."""
    until = time.monotonic() + 3
    while not any(other.failed for other in others) and time.monotonic() < until:
        time.sleep(0.05)

"""A workflow that is killed at random moments, again and again, until it is done: nothing may be lost, left over or another.

Strikes follow jobs: one comes a random part of a job's length after its process was seen, so that short jobs are hit as
often as long ones. What comes out is compared with a run that nothing interfered with.
"""

import fcntl
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import termios
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from comparable_results import comparable
from own_process import comes_true
from workflow_checkout import PROFILE, Workflow

ATTACKS = (
    "SIGKILL of a process of a job",
    "SIGTERM of a process of a job",
    "SIGKILL of Snakemake alone",
    "SIGTERM of Snakemake",
    "Ctrl-C in its terminal",
    "SIGKILL of all of them",
)
_PATIENCE_SECONDS = 900.0  # a machine may be busy; what waits longer hangs
_MOST_FAILURES = 5
_TRIES_UNDISTURBED = 4  # a call after a strike may find a job of the killed one at work, and say so


def processes_in(folder: Path) -> dict[int, str]:
    """Command lines of all processes that work in a folder, by number: a checkout's Snakemake, its jobs and theirs."""
    found = {}
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            with suppress(OSError):  # it has ended
                if os.readlink(place / "cwd") == str(folder):
                    found[int(place.name)] = (
                        (place / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
                    )
    return {number: line for number, line in found.items() if line}


def jobs_among(processes: dict[int, str]) -> dict[int, str]:
    """The rules whose programs run, by process."""
    found = {number: re.search(r"workflow_scripts/(\w+)\.py", line) for number, line in processes.items()}
    return {number: match[1] for number, match in found.items() if match}


@contextmanager
def in_a_terminal(workflow: Workflow, *call: str) -> Iterator["Terminal"]:
    """Snakemake as the foreground of a terminal of its own."""
    ours, theirs = os.openpty()
    os.set_blocking(ours, False)
    process = subprocess.Popen(
        [sys.executable, "-m", "snakemake", *PROFILE, *call],
        cwd=workflow.folder,
        env=workflow.environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(theirs)
    try:
        yield Terminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _take_terminal() -> None:
    """In the process that becomes Snakemake."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell that started these tests in the background has it ignored


@dataclass
class Terminal:
    """What runs in it, and what it has said."""

    process: subprocess.Popen[bytes]
    number: int
    said: str = ""

    def listen(self) -> None:
        """Read what is there: who writes to a full terminal waits."""
        with suppress(BlockingIOError, OSError):
            while block := os.read(self.number, 1 << 16):
                self.said = (self.said + block.decode(errors="replace"))[-20_000:]

    def press_ctrl_c(self) -> None:
        """The terminal interrupts its whole foreground process group."""
        os.write(self.number, b"\x03")

    def has_ended(self) -> bool:
        self.listen()
        return self.process.poll() is not None


@dataclass(frozen=True)
class Strike:
    """What was done to a call, what it was doing, and how it ended."""

    attack: str
    jobs: tuple[str, ...]
    status: int


@dataclass
class KilledRuns:
    """Calls of one target in one checkout, with strikes; `undisturbed` are the results that must come out."""

    workflow: Workflow
    call: list[str]
    undisturbed: dict[str, bytes]
    lengths: dict[str, float]
    """How long a job of each rule takes, seconds."""
    draws: random.Random
    strikes: list[Strike] = field(default_factory=list)
    runs: int = 0
    failures: int = 0
    """Calls one after the other that failed before their strike came."""

    def go(self, count: int, *, until: Callable[[], bool] = lambda: False) -> None:
        """Strike so many times, and then once more call without; `until` ends it earlier."""
        end = len(self.strikes) + count
        while len(self.strikes) < end and not until():
            if self._call_with_a_strike():
                self.require_finished()
                self.forget()
        self._call_until_done()
        self.require_finished()

    def forget(self) -> None:
        """Begin anew."""
        for name in ("results", "logs", "benchmarks", ".snakemake"):
            shutil.rmtree(self.workflow.folder / name, ignore_errors=True)

    def require_finished(self) -> None:
        """Check that a call which ended well left all results, as they must be, and nothing else."""
        self.runs += 1
        told = f"after {self.strikes[-3:]}"
        left = lambda: processes_in(self.workflow.folder)  # noqa: E731
        assert comes_true(lambda: not left(), 60), f"{told}: still running: {left()}"
        results = results_of(self.workflow)
        assert results.keys() == self.undisturbed.keys(), f"{told}: {results.keys() ^ self.undisturbed.keys()}"
        other = [name for name, content in self.undisturbed.items() if results[name] != content]
        assert other == [], f"{told}: other bytes"
        assert unfinished_files(self.workflow) == [], told

    def _call_with_a_strike(self) -> bool:
        """Whether all was done before the strike came."""
        self._unlock()
        attack = self.draws.choice(ATTACKS)
        with in_a_terminal(self.workflow, *self.call) as terminal:
            self._wait_for_the_moment(terminal)
            if terminal.process.poll() is not None:
                done = terminal.process.returncode == 0
                self.failures = 0 if done else self.failures + 1
                assert done or (self.strikes and self.failures < _MOST_FAILURES), terminal.said
                return done
            jobs = self._strike(attack, terminal)
            ended = comes_true(terminal.has_ended, _PATIENCE_SECONDS)
            assert ended, f"{attack}, {jobs}: Snakemake does not end\n{terminal.said}"
            status = terminal.process.returncode
        self.strikes.append(Strike(attack, jobs, status))
        if attack != "SIGKILL of Snakemake alone":  # its jobs go on, and the next call meets them
            left = lambda: processes_in(self.workflow.folder)  # noqa: E731
            assert comes_true(lambda: not left(), 30), f"{self.strikes[-1]}: orphans: {left()}"
        return status == 0

    def _wait_for_the_moment(self, terminal: Terminal) -> None:
        """Until some jobs after those that run already, and a part of that one's length."""
        before = set(processes_in(self.workflow.folder))
        seen: dict[int, str] = {}
        wanted = self.draws.choice((0, 1, 1, 1, 2, 2, 3))
        if wanted == 0:  # while it starts and plans
            comes_true(terminal.has_ended, self.draws.uniform(0, 3))
            return

        def enough() -> bool:
            now = jobs_among(processes_in(self.workflow.folder))
            seen.update({number: name for number, name in now.items() if number not in before})
            return len(seen) >= wanted or terminal.has_ended()

        comes_true(enough, _PATIENCE_SECONDS)
        last = list(seen.values())[-1] if seen else ""
        comes_true(terminal.has_ended, self.draws.uniform(0, 1.1 * self.lengths.get(last, 1.0)))

    def _strike(self, attack: str, terminal: Terminal) -> tuple[str, ...]:
        """What ran then."""
        processes = processes_in(self.workflow.folder)
        jobs = jobs_among(processes)
        number = signal.SIGTERM if "SIGTERM" in attack else signal.SIGKILL
        others = sorted(set(processes) - {terminal.process.pid})
        if attack.startswith("Ctrl-C"):
            terminal.press_ctrl_c()
        elif attack.endswith("of all of them"):
            _send(number, [terminal.process.pid, *others])
        elif attack.endswith("of a job"):
            _send(number, [self.draws.choice(others)] if others else [])
        else:
            _send(number, [terminal.process.pid])
        if attack.endswith("of a job"):
            # Snakemake goes on with what does not need that job; waiting for it would make other jobs of the run too safe
            comes_true(terminal.has_ended, 5)
            if not terminal.has_ended():
                terminal.press_ctrl_c()
        return tuple(sorted(set(jobs.values())))

    def _unlock(self) -> None:
        locks = self.workflow.folder / ".snakemake" / "locks"
        if locks.is_dir() and any(locks.iterdir()):
            done = self.workflow.snakemake("--unlock", *self.call)
            assert done.returncode == 0, done.stdout

    def _call_until_done(self) -> None:
        for _ in range(_TRIES_UNDISTURBED):
            self._unlock()
            done = self.workflow.snakemake(*self.call)
            if done.returncode == 0:
                return
            comes_true(lambda: not processes_in(self.workflow.folder), 60)
        raise AssertionError(f"after {self.strikes[-3:]}: it does not get through any more\n{done.stdout[-4000:]}")


def _send(number: signal.Signals, processes: list[int]) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, number)


def results_of(workflow: Workflow) -> dict[str, bytes]:
    """Everything that is a result."""
    results = workflow.folder / "results"
    files = (path for path in sorted(results.rglob("*")) if path.is_file())
    return comparable({path.relative_to(results).as_posix(): path.read_bytes() for path in files})


def unfinished_files(workflow: Workflow) -> list[str]:
    """What a writer that was killed would leave."""
    found = (path for part in ("results", "logs") for path in (workflow.folder / part).rglob("*"))
    marks = (".partial", ".new", ".tmp", ".link", ".part")
    return [str(path) for path in found if path.name.endswith(marks)]


def undisturbed_run(folder: Path, call: list[str]) -> tuple[dict[str, bytes], dict[str, float]]:
    """The results of a call that nothing interferes with, and how long a job of each rule took, seconds."""
    workflow = Workflow(folder)
    done = workflow.snakemake(*call)
    assert done.returncode == 0, done.stdout[-6000:]
    lengths: dict[str, float] = {}
    for file in (folder / "benchmarks").rglob("*.tsv"):
        rule = file.relative_to(folder / "benchmarks").parts[0]
        lengths[rule] = float(file.read_text().splitlines()[1].split("\t")[0])
    return results_of(workflow), lengths


def counted(strikes: list[Strike]) -> tuple[Counter[str], Counter[str]]:
    """Strikes by attack, and by the rules whose jobs were at work."""
    return Counter(strike.attack for strike in strikes), Counter(job for strike in strikes for job in strike.jobs)

"""What a person sees of a job while it runs: how far it is, and messages.

On a terminal one line is rewritten in place. Elsewhere, as in the log that a rule sends a job's output to, lines are added, ever
fewer the longer the job runs. `last_progress` finds the newest of them there, for whoever shows many jobs at once.
"""

import re
import sys
import time
from collections.abc import Iterable, Iterator, Sized
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

Item = TypeVar("Item")
LIVE_SECONDS = 0.5
LINE = re.compile(r"^[a-z][a-z ]*: [a-z]+ [\d.]+ of [\d.]+, [\d.]+ [a-z]+/s, [\d:]+ left$", re.M)
TAIL_BYTES = 4096


class Progress:
    """`packing: videos 12 of 40, 3.1 videos/s, 0:09 left`."""

    def __init__(
        self,
        what: str,
        total: float | int,
        *,
        unit: str,
        counted: str | None = None,
        messages: Path | None = None,
        silent: bool = False,
    ):
        """`total` is in `unit`; speed is that of what is `counted`, the same unless it is said.

        `messages`: a file that messages go to instead of the terminal. `silent`: nothing is shown or written; of several
        processes only the first speaks.
        """
        self.what, self.total, self.unit, self.counted = what, total, unit, counted or unit
        self.silent = silent
        self.stream = sys.stderr
        self.file = messages
        self.started: tuple[float, float | int, int] | None = None
        self.shown_at = 0.0
        self.on_line = False
        if messages is not None and not silent:
            messages.parent.mkdir(parents=True, exist_ok=True)  # messages of another process there stay

    def message(self, text: str) -> None:
        """A line for the log; for the terminal when the log cannot be written."""
        if self.silent:
            return
        if self.file is not None:
            with suppress(OSError), open(self.file, "a", encoding="utf-8") as file:
                file.write(text + "\n")
                return
        print(text, file=self.stream, flush=True)

    def update(self, done: float | int, count: int | None = None) -> None:
        """Show where the work stands: `done` of the total, and how many of what is counted since the first call."""
        if self.silent:
            return
        count = int(done) if count is None else count
        now = time.monotonic()
        if self.started is None:
            self.started, self.shown_at = (now, done, count), now
            return
        start, first_done, first_count = self.started
        live = self.stream.isatty()
        pause = LIVE_SECONDS if live else seconds_between_lines(now - start)
        finished = done >= self.total and (live or now - start >= pause)  # a short job says nothing
        if now - self.shown_at < pause and not finished:
            return
        self.shown_at = now
        seconds = max(now - start, 1e-9)
        left = (self.total - done) / max(done - first_done, 1e-9) * seconds
        reached = min(done, self.total)
        line = (
            f"{self.what}: {self.unit} {f'{reached:.2f}' if isinstance(done, float) else reached} of {self.total:.12g}, "
            f"{(count - first_count) / seconds:.1f} {self.counted}/s, {clock(left)} left"
        )
        with suppress(OSError):  # a full disk is no reason not to work
            self.stream.write(f"\r\x1b[K{line}" if live else f"{line}\n")
            self.stream.flush()
            self.on_line = live

    def close(self) -> None:
        """Leave the live line."""
        if self.on_line:
            self.stream.write("\n")
            self.on_line = False


def watched(items: Iterable[Item], what: str, *, unit: str, total: int | None = None) -> Iterator[Item]:
    """The items, telling how many of them are done; `total` where they do not know how many they are."""
    if total is None:
        total = len(items) if isinstance(items, Sized) else 0
    progress = Progress(what, total, unit=unit)
    progress.update(0)
    try:
        for done, item in enumerate(items, 1):
            yield item
            progress.update(done)
    finally:
        progress.close()


def watched_counts(counts: Iterable[int], what: str, *, unit: str, total: int) -> Iterator[int]:
    """The counts, which say how much is done, told as `watched` tells it; time is measured from the first one on."""
    progress = Progress(what, total, unit=unit)
    try:
        for done in counts:
            yield done
            progress.update(done)
    finally:
        progress.close()


def seconds_between_lines(seconds: float | int) -> float:
    """Between two lines of a job that has worked for so long: 5 at first, a minute after an hour."""
    return min(max(5.0, seconds / 60), 60.0)


def last_progress(log: Path, *, since: float = 0.0) -> str | None:
    """The newest line of progress in a log; None where there is none in its last lines, or no log written since a time.

    `since` in seconds as `time.time()`: the log of an earlier job may still be there.
    """
    try:
        if log.stat().st_mtime < since:
            return None
        with open(log, "rb") as file:
            file.seek(max(0, file.seek(0, 2) - TAIL_BYTES))
            found = LINE.findall(file.read().decode("utf-8", "replace"))
    except OSError:
        return None
    return found[-1] if found else None


def clock(seconds: float | int) -> str:
    """`0:09`, `12:30` or `1:02:03`."""
    minutes, seconds = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"

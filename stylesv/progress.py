"""What a person sees of a segment while it runs: one live line, and messages.

On a terminal the line is rewritten in place; elsewhere a new line is written every 15 seconds. Messages go to a file, so
that the live line and Snakemake's own output stay readable.
"""

import sys
import time
from contextlib import suppress
from pathlib import Path

_SECONDS_BETWEEN = {True: 0.5, False: 15.0}


class Progress:
    """kimg, clips per second and time left."""

    def __init__(self, *, total_kimg: int, messages: Path | None = None, silent: bool = False):
        """`silent`: nothing is shown or written; of several processes only the first speaks."""
        self.total_kimg = total_kimg
        self.silent = silent
        self.stream = sys.stderr
        self.file = messages
        self.started: tuple[float, float, int] | None = None
        self.shown_at = 0.0
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

    def update(self, kimg: float, clips: int) -> None:
        """Show where training stands: `kimg` shown so far, `clips` since the segment began."""
        if self.silent:
            return
        now = time.monotonic()
        if self.started is None:
            self.started = (now, kimg, clips)
            return
        live = self.stream.isatty()
        if now - self.shown_at < _SECONDS_BETWEEN[live] and kimg < self.total_kimg:
            return
        self.shown_at = now
        start, first_kimg, first_clips = self.started
        seconds = max(now - start, 1e-9)
        left = (self.total_kimg - kimg) / max(kimg - first_kimg, 1e-9) * seconds
        line = (
            f"training: kimg {min(kimg, self.total_kimg):.2f} of {self.total_kimg:g}, "
            f"{(clips - first_clips) / seconds:.1f} clips/s, {_clock(left)} left"
        )
        self.stream.write(f"\r\x1b[K{line}" if live else f"{line}\n")
        self.stream.flush()

    def close(self) -> None:
        """Leave the live line."""
        if self.stream.isatty() and not self.silent:
            self.stream.write("\n")


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"

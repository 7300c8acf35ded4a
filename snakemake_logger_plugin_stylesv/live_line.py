"""One line at the foot of a terminal, rewritten in place; where no terminal is, a line of its own now and then."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from stylesv.progress import seconds_between_lines

SECONDS = {True: 1.0, False: 60.0}
"""Between two looks: on a terminal, elsewhere."""


class LiveLine:
    """Shows what `text` gives, from a thread of its own."""

    def __init__(self, stream: TextIO, text: Callable[[], str]):
        self.stream, self.text = stream, text
        self.on_terminal = stream.isatty()
        self.lock = threading.RLock()
        self.ended = threading.Event()
        self.thread: threading.Thread | None = None
        self.shown = ""

    def start(self) -> None:
        self.thread = threading.Thread(target=self._run, name="live line", daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Clear the line; nothing is shown any more."""
        self.ended.set()
        if self.thread is not None:
            self.thread.join()
        self._clear()

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Other lines can be written now; the live one comes back by itself."""
        with self.lock:
            self._clear()
            yield
            if self.on_terminal and self.thread is not None and not self.ended.is_set():
                with suppress(OSError, ValueError):
                    self._draw()

    def _run(self) -> None:
        begun = time.monotonic()
        while not self.ended.wait(SECONDS[self.on_terminal] * self._slower(time.monotonic() - begun)):
            with self.lock, suppress(OSError, ValueError):  # the stream may be closed by now
                self._draw()

    def _slower(self, seconds: float) -> float:
        return 1 if self.on_terminal else seconds_between_lines(seconds) / 5

    def _draw(self) -> None:
        text = self.text()
        if self.on_terminal and (text or self.shown):
            columns = shutil.get_terminal_size().columns
            self.stream.write(f"\r\x1b[K{text if len(text) < columns else text[: columns - 2] + '…'}")
        elif not self.on_terminal and text and text != self.shown:
            self.stream.write(f"{text}\n")
        self.shown = text
        self.stream.flush()

    def _clear(self) -> None:
        if self.on_terminal and self.shown:
            with suppress(OSError, ValueError):
                self.stream.write("\r\x1b[K")
                self.stream.flush()
            self.shown = ""

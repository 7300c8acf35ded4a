"""One thread that computes for all who look at the page; of what one of them asks for only the newest is made."""

import threading
import traceback
from collections.abc import Callable

Cancelled = Callable[[], bool]
Task = Callable[[Cancelled], None]
"""Work that asks now and then whether somebody still waits for it, and ends early if not."""


class Worker:
    """Does tasks one after the other, those of different owners in the order they were asked for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: dict[object, Task] = {}
        self._running: object | None = None
        self._unwanted = False
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="generator", daemon=True)
        self._thread.start()

    def ask(self, owner: object, task: Task) -> None:
        """Do a task in place of what this owner asked for before."""
        with self._changed:
            self._forget(owner)
            self._waiting[owner] = task
            self._changed.notify()

    def forget(self, owner: object) -> None:
        """Nobody waits for what this owner asked for."""
        with self._changed:
            self._forget(owner)

    def close(self, seconds: float = 5.0) -> None:
        """End the thread, after the piece that it is making."""
        with self._changed:
            self._closed = self._unwanted = True
            self._waiting.clear()
            self._changed.notify()
        self._thread.join(seconds)

    def _forget(self, owner: object) -> None:
        self._waiting.pop(owner, None)
        if self._running is owner:
            self._unwanted = True

    def _work(self) -> None:
        while True:
            with self._changed:
                self._running = None
                self._changed.wait_for(lambda: self._closed or self._waiting)
                if self._closed:
                    return
                self._running = next(iter(self._waiting))
                task, self._unwanted = self._waiting.pop(self._running), False
            try:
                task(lambda: self._unwanted)
            except Exception:  # a defect of ours; the page goes on
                traceback.print_exc()

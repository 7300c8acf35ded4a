"""`log.jsonl`: one line a tick, with means over the tick's steps. Read by pandas; not a result, so times may be in it."""

import json
import platform
import resource
import time
from typing import Any

import torch

from stylesv.training.state import TrainState


class SegmentLog:
    """Collects the steps of one segment."""

    def __init__(self, state: TrainState, tick_kimg: float):
        self.state, self.tick_kimg = state, tick_kimg
        self.lines: list[dict[str, Any]] = []
        self._begin()
        self.waited_from = time.perf_counter()

    def _begin(self) -> None:
        self.sums: dict[str, float] = {}
        self.counts: dict[str, int] = {}
        self.tick_step, self.tick_time = self.state.step, time.perf_counter()
        self.waited = 0.0

    def batch_ready(self) -> None:
        """The loader has delivered: what passed since the last step ended was waiting."""
        self.waited += time.perf_counter() - self.waited_from

    def add(self, values: dict[str, float]) -> None:
        """Values of one step; a value that not every step has (R1) is averaged over those that have it."""
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
            self.counts[name] = self.counts.get(name, 0) + 1
        self.waited_from = time.perf_counter()

    def tick_due(self) -> bool:
        """Whether the next line is due; ticks stand at fixed frame counts of the run, not of the segment."""
        per_tick = self.tick_kimg * 1000
        frames = self.state.frames_per_step
        return self.state.step * frames // per_tick > (self.state.step - 1) * frames // per_tick

    def close_tick(self) -> dict[str, Any]:
        """End the tick; returns its line."""
        seconds = time.perf_counter() - self.tick_time
        clips = (self.state.step - self.tick_step) * self.state.settings.batch_size
        line: dict[str, Any] = {
            "kimg": self.state.step * self.state.frames_per_step / 1000,
            "step": self.state.step,
            **{name: self.sums[name] / self.counts[name] for name in self.sums},
            "augment_probability": self.state.augment_probability,
            "clips_per_second": clips / max(seconds, 1e-9),
            "wait_share": min(self.waited / max(seconds, 1e-9), 1.0),
            "peak_memory_mb": _peak_memory_mb(),
        }
        if not self.lines:
            line["machine"] = f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}"
        self.lines.append(line)
        self._begin()
        return line

    def text(self) -> str:
        """All lines as JSON."""
        return "".join(json.dumps(line) + "\n" for line in self.lines)


def _peak_memory_mb() -> float:
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3

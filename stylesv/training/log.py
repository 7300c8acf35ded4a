"""`log.jsonl` as training fills it: one line a tick, with means over the tick's steps (`stylesv.records.log_line`)."""

import math
import platform
import re
import resource
import sys
import time
from contextlib import suppress
from pathlib import Path

import torch
from torch import Tensor

from stylesv.errors import MachineError
from stylesv.files import write_text
from stylesv.records.log_line import LogLine, log_text
from stylesv.records.state import LogSoFar
from stylesv.training.state import TrainState


class SegmentLog:
    """Collects the steps of one segment."""

    def __init__(self, state: TrainState, *, tick_kimg: float, live: Path | None = None):
        """`live`: a file that grows by a line at each tick, for those who watch; the first process alone writes it."""
        self.state, self.processes, self.tick_kimg = state, state.processes, tick_kimg
        self.live = live if self.processes.is_first else None
        self.lines: list[LogLine] = []
        self._begin()

    def _begin(self) -> None:
        self.sums: dict[str, Tensor] = {}
        self.counts: dict[str, int] = {}
        self.start_clock()

    def start_clock(self) -> None:
        """Steps, and waiting for data, count from now."""
        self.start_waiting()
        self.tick_step, self.tick_time = self.state.step, time.perf_counter()
        self.waited = 0.0

    def begin_live(self) -> None:
        """Make the file for those who watch anew: what a killed process wrote after its last partial state is trained again."""
        if self.live is not None:
            with suppress(MachineError):  # a full disk is no reason not to train
                write_text(self.live, self.text())

    def _show(self, line: LogLine) -> None:
        if self.live is not None:
            with suppress(OSError), open(self.live, "a", encoding="utf-8") as file:
                file.write(log_text([line]))

    def saved(self) -> LogSoFar:
        """What a partial state keeps, so that the log goes on where it ended."""
        sums = {name: value.item() for name, value in self.sums.items()}
        return LogSoFar(lines=tuple(line.values() for line in self.lines), sums=_as_json(sums), counts=self.counts)

    def restore(self, saved: LogSoFar, path: Path) -> None:
        """Go on from what `saved` gave to the state that lies at `path`."""
        self.lines, self.counts = [LogLine.of(line, path) for line in saved.lines], dict(saved.counts)
        self.sums = {name: torch.tensor(float(v), device=self.state.device) for name, v in saved.sums.items()}

    def start_waiting(self) -> None:
        """What is waited for from now on is data."""
        self.waited_from = time.perf_counter()

    def batch_ready(self) -> None:
        """The loader has delivered: what passed since the last step ended was waiting."""
        self.waited += time.perf_counter() - self.waited_from

    def add(self, values: dict[str, Tensor]) -> None:
        """Numbers of one step; one that not every step has (R1) is averaged over those that have it."""
        for name, value in values.items():
            self.sums[name] = self.sums[name] + value if name in self.sums else value
            self.counts[name] = self.counts.get(name, 0) + 1
        self.start_waiting()

    def tick_due(self) -> bool:
        """Whether the next line is due; ticks stand at fixed frame counts of the run, not of the segment."""
        per_tick = self.tick_kimg * 1000
        frames = self.state.frames_per_step
        return self.state.step * frames // per_tick > (self.state.step - 1) * frames // per_tick

    def close_tick(self) -> dict[str, float]:
        """End the tick; returns its means, with NaN and infinities. Every process must call it: they are over all."""
        means = self._means()
        seconds = time.perf_counter() - self.tick_time
        clips = (self.state.step - self.tick_step) * self.state.settings.batch_size
        line = LogLine(
            kimg=self.state.kimg,
            step=self.state.step,
            means={name: value if math.isfinite(value) else None for name, value in means.items()},
            augment_probability=self.state.augment_probability,
            seconds=seconds,
            clips_per_second=clips / max(seconds, 1e-9),
            wait_share=min(self.waited / max(seconds, 1e-9), 1.0),
            peak_memory_mb=_peak_memory_mb(),
            machine=None if self.lines else self._machine(),
        )
        self.lines.append(line)
        self._show(line)
        self._begin()
        return means

    def _machine(self) -> str:
        threads = f"{self.processes.world_size} processes, {torch.get_num_threads()} threads"
        return f"{platform.machine()}, {self.state.device.type}, {threads}, torch {torch.__version__}"

    def _means(self) -> dict[str, float]:
        names = sorted(self.sums)
        values = torch.stack([self.sums[name].double() / self.counts[name] for name in names]).tolist() if names else []
        means = dict(zip(names, self.processes.average_numbers(values), strict=True))
        for kind in ("fake", "real"):
            if f"logits_{kind}_square" in means:
                variance = means.pop(f"logits_{kind}_square") - means[f"logits_{kind}"] ** 2
                means[f"logits_{kind}_std"] = math.sqrt(max(variance, 0)) if math.isfinite(variance) else variance
        return means

    def means_so_far(self) -> dict[str, float]:
        """Means over the tick that has begun. Every process must call it."""
        return self._means()

    def text(self) -> str:
        """The log of the segment."""
        return log_text(self.lines)


def _as_json(numbers: dict[str, float]) -> dict[str, float | str]:
    """Numbers that are not finite as words, which JSON has none for."""
    return {name: value if math.isfinite(value) else str(value) for name, value in numbers.items()}


def _peak_memory_mb() -> float:
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 1e6
    # where there is one; `ru_maxrss` begins with the memory of the process that started this one
    status = Path("/proc/self/status")
    if status.exists() and (found := re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.M)):
        return int(found[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)

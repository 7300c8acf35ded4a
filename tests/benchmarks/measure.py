"""Fast form against definition: both in one process, in turns, with time and peak memory of each."""

import ctypes
import gc
import os
import platform
import re
import resource
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import flop_registry, register_flop_formula

from stylesv.ops.backend import active_backend, using_operations

Work = Callable[[], object]
MB = 1e6


@dataclass(frozen=True)
class Case:
    """One benchmark: `prepare` returns what is timed, which the setting STYLESV_OPS steers."""

    name: str
    prepare: Callable[[torch.device], Work]
    bytes_moved: int | None = None  # at the least, for the share of the copy ceiling on a GPU
    needs: str | None = None  # a program that the other form is


@dataclass(frozen=True)
class Record:
    """What the results file holds of one benchmark."""

    name: str
    ratio: float
    """Median over pairs of runs of the definition's seconds over the fast form's."""
    spread: float
    """Largest minus smallest of those ratios, over the median."""
    pairs: int
    ratio_processor: float
    """The same of processor time of all threads, which other work on the machine changes less."""
    seconds_fast: float
    seconds_definition: float
    peak_mb_fast: float
    """Most memory held at once, above that of the idle process with torch loaded."""
    peak_mb_definition: float


class Memory:
    """Peak memory of a piece of work, on a CPU above what the process held when this was made."""

    def __init__(self, device: torch.device):
        self.device = device
        self.reset()
        self.baseline = 0.0 if device.type == "cuda" else self._status("VmRSS")

    def reset(self) -> None:
        """Forget earlier peaks, and give back what was freed."""
        gc.collect()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
            return
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")  # Linux: the high-water mark starts anew

    def peak(self) -> float:
        """Megabytes since `reset`."""
        if self.device.type == "cuda":
            return torch.cuda.max_memory_allocated() / MB
        return max(self._status("VmHWM") - self.baseline, 0.1)

    @staticmethod
    def _status(field: str) -> float:
        match = re.search(rf"^{field}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.M)
        return int(match[1]) * 1024 / MB


def seconds(work: Work, device: torch.device) -> float:
    """Wall time of one call."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def processor_seconds() -> float:
    """Processor time of this process so far, and of programs that it ran to their end."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def compare(case: Case, device: torch.device, memory: Memory, *, budget_seconds: float) -> Record:
    """Run both forms in turns until the budget is spent: at least one pair, at most 15."""
    work = case.prepare(device)
    times: dict[str, list[float]] = {"auto": [], "definition": []}
    processor: dict[str, list[float]] = {name: [] for name in times}
    peaks = dict.fromkeys(times, 0.0)
    with using_operations("auto"):
        work()  # builds, compiles, fills caches
    started = time.perf_counter()
    while len(times["auto"]) < 15 and (not times["auto"] or time.perf_counter() - started < budget_seconds):
        for name, values in times.items():
            with using_operations(name):
                gc.collect()
                start = processor_seconds()
                values.append(seconds(work, device))
                processor[name].append(processor_seconds() - start)
    for name in peaks:  # runs of their own: what was given back before one would be asked for anew in its time
        with using_operations(name):
            memory.reset()
            work()
            peaks[name] = memory.peak()
    ratios = [slow / fast for fast, slow in zip(times["auto"], times["definition"], strict=True)]
    ratio = statistics.median(ratios)
    return Record(
        name=case.name,
        ratio=round(ratio, 2),
        spread=round((max(ratios) - min(ratios)) / ratio, 2),
        pairs=len(ratios),
        ratio_processor=round(sum(processor["definition"]) / sum(processor["auto"]), 2),
        seconds_fast=statistics.median(times["auto"]),
        seconds_definition=statistics.median(times["definition"]),
        peak_mb_fast=round(peaks["auto"], 1),
        peak_mb_definition=round(peaks["definition"], 1),
    )


def count_our_convolutions() -> None:
    """Let torch's counters know what a convolution in C++ takes by its definition; it takes fewer, and may pass a ceiling."""
    if active_backend("cpu")[0] != "cpp" or not hasattr(torch.ops.stylesv, "conv3x3"):
        return

    def of_images(x: torch.Tensor, _weight: Any, _padding: int, turned: bool, *, out_val: torch.Tensor) -> int:
        return _flops(out_val, x) if turned else _flops(x, out_val)

    def of_weight(x: torch.Tensor, gradient: torch.Tensor, *_options: Any, out_val: Any) -> int:
        return _flops(x, gradient)

    for operation, formula in ((torch.ops.stylesv.conv3x3, of_images), (torch.ops.stylesv.conv3x3_weight, of_weight)):
        if operation not in flop_registry:
            register_flop_formula(operation, get_raw=True)(formula)


def _flops(image: torch.Tensor, output: torch.Tensor) -> int:
    return 2 * 9 * image.shape[1] * output.numel()


def matmul_rate(device: torch.device, dtype: torch.dtype = torch.float32) -> float:
    """Floating-point operations a second of a large matrix product, the best of a few."""
    size = 8192 if device.type == "cuda" else 2048
    a = torch.randn(size, size, device=device).to(dtype)
    return 2 * size**3 / min(seconds(lambda: a @ a, device) for _ in range(5))


def copy_rate(device: torch.device) -> float:
    """Bytes read and written a second by a copy of a large tensor, the best of a few."""
    a = torch.empty(2**28, dtype=torch.float32, device=device)
    b = torch.empty_like(a)
    return 2 * a.nbytes / min(seconds(lambda: b.copy_(a), device) for _ in range(5))


def machine(device: torch.device) -> str:
    """Processor, threads and versions in one line."""
    cpu = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    name = torch.cuda.get_device_name() if device.type == "cuda" else cpu[1] if cpu else platform.machine()
    compiler = subprocess.run(["c++", "-dumpfullversion"], capture_output=True, text=True).stdout.strip()
    versions = f"torch {torch.__version__}, Python {platform.python_version()}, c++ {compiler or 'none'}"
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{name}, {os.cpu_count()} CPUs, {torch.get_num_threads()} threads, {versions}, load {load}"

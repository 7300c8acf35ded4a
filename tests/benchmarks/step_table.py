"""Where the time of a training step goes, by kind of work, beside what this machine could do at best.

Every operation that reaches torch's dispatcher is timed by itself, with the bytes it reads and writes and, where torch knows
how to count them, its floating-point operations. What is left of the step's time when nobody watches is Python, autograd
and dispatch. A step is a mean one: R1 counts by its share of steps.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from measure import copy_rate, count_our_convolutions, matmul_rate, seconds
from network_cases import demo_recipe, recipe
from packed_noise import packed_noise
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from stylesv.ops.backend import using_operations
from stylesv.training.batches import RealClips
from stylesv.training.state import TrainState
from stylesv.training.step import TrainingStep

REST = "Python, autograd, dispatch"
_STEPS = 7  # of each kind; the least disturbed one counts
_FRAMES_UP = 12  # a function of ours is at most so far above an operation
# Functions whose operations are of one kind, whatever they are.
_KINDS_OF_FUNCTIONS = {
    "_FilteredLrelu.forward": "filtered leaky ReLU",
    "_FilteredLrelu.backward": "filtered leaky ReLU",
    "_Masked.forward": "filtered leaky ReLU",
    "_Masked.backward": "filtered leaky ReLU",
    "_Resample.forward": "resampling in D",
    "_Resample.backward": "resampling in D",
    "_BiasLrelu.forward": "bias and leaky ReLU",
    "_BiasLrelu.backward": "bias and leaky ReLU",
    "_BiasLreluDerivative.forward": "bias and leaky ReLU",
    "_BiasLreluDerivative.backward": "bias and leaky ReLU",
    "_step_with": "optimisers",
    "update_ema": "average of weights",
    "apply_augment": "augmentation",
}
KINDS = (
    "convolution, forward",
    "convolution, backward",
    "convolution, double backward",
    "matrix products",
    *dict.fromkeys(_KINDS_OF_FUNCTIONS.values()),
    "random draws",
    "other element-wise and copies",
    "data",
    REST,
)
_PRODUCTS = ("aten.mm", "aten.addmm", "aten.bmm", "aten.baddbmm")


@dataclass
class Part:
    """What one kind of work takes in a mean step."""

    seconds: float = 0.0
    flops: float = 0.0
    bytes: float = 0.0
    calls: float = 0.0

    def add(self, other: "Part", times: float) -> None:
        """Count another one `times` times."""
        for name in vars(self):
            setattr(self, name, getattr(self, name) + times * getattr(other, name))


class _Watch(TorchDispatchMode):
    def __init__(self, parts: dict[str, Part], *, on_gpu: bool):
        super().__init__()
        self.parts, self.on_gpu = parts, on_gpu

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        start = time.perf_counter()
        result = func(*args, **kwargs)
        if self.on_gpu:
            torch.cuda.synchronize()
        spent = time.perf_counter() - start
        part = self.parts.setdefault(_kind(func), Part())
        touched = {id(t): t.nbytes for t in tree_leaves((args, kwargs, result)) if isinstance(t, torch.Tensor)}
        is_view = func.is_view if hasattr(func, "is_view") else False
        packet = func._overloadpacket
        flops = flop_registry[packet](*args, **kwargs, out_val=result) if packet in flop_registry else 0
        part.add(Part(spent, flops, 0 if is_view else sum(touched.values()), 1), 1)
        return result


def _kind(func: Any) -> str:
    """Of what kind an operation is, by its name, by the node of autograd that runs it, and by who called it."""
    name = str(func)
    if "convolution" in name or name.startswith("stylesv.conv3x3"):
        node = torch._C._current_autograd_node()
        if node is None:
            return "convolution, forward"
        return "convolution, double backward" if "BackwardBackward" in node.name() else "convolution, backward"
    frame = sys._getframe(2)
    for _ in range(_FRAMES_UP):
        if frame is None:
            break
        if (kind := _KINDS_OF_FUNCTIONS.get(frame.f_code.co_qualname)) is not None:
            return kind
        if frame.f_code.co_qualname.startswith("StepDraws."):
            return "random draws"
        frame = frame.f_back
    if name.startswith(_PRODUCTS):
        return "matrix products"
    return "augmentation" if "grid_sampler" in name else "other element-wise and copies"


def watch(work: Callable[[], object], device: torch.device) -> dict[str, Part]:
    """The operations of a call, by kind; on a GPU each is waited for."""
    count_our_convolutions()
    parts: dict[str, Part] = {}
    with _Watch(parts, on_gpu=device.type == "cuda"):
        work()
    return parts


@dataclass(frozen=True)
class StepTable:
    """A mean step, and this machine's ceilings."""

    name: str
    seconds: float
    """Of a mean step that nobody watches, with its data."""
    parts: dict[str, Part]
    matmul_rate: float
    copy_rate: float

    def rows(self) -> Iterator[tuple[str, ...]]:
        """A line of cells for each kind that occurs, and their sum."""
        for kind, part in [*self.parts.items(), ("all", self._sum())]:
            yield (
                kind,
                f"{part.seconds * 1e3:.2f}",
                f"{part.seconds / self.seconds:.1%}",
                f"{part.calls:.0f}",
                f"{part.flops / 1e9:.3f}",
                _share(part.flops, part.seconds * self.matmul_rate),
                f"{part.bytes / 1e6:.1f}",
                _share(part.bytes, part.seconds * self.copy_rate),
            )

    def _sum(self) -> Part:
        whole = Part()
        for part in self.parts.values():
            whole.add(part, 1)
        return whole

    def markdown(self) -> str:
        """The table, with a line on what it is of."""
        head = ("part", "ms", "share", "calls", "GFLOP", "of matmul", "MB", "of copy")
        lines = [
            f"{self.name}: {self.seconds * 1e3:.1f} ms a mean step; at best this machine multiplies matrices at "
            f"{self.matmul_rate / 1e9:.0f} GFLOP/s and reads and writes {self.copy_rate / 1e9:.1f} GB/s.",
            "",
            f"| {' | '.join(head)} |",
            f"| --- |{' --: |' * (len(head) - 1)}",
            *(f"| {' | '.join(row)} |" for row in self.rows()),
            "",
        ]
        return "\n".join(lines)

    def record(self) -> dict[str, Any]:
        """The same as JSON."""
        parts = {kind: vars(part) for kind, part in self.parts.items()}
        ceilings = {"matmul_flop_per_second": self.matmul_rate, "copy_bytes_per_second": self.copy_rate}
        return {"name": self.name, "seconds": self.seconds, **ceilings, "parts": parts}


def _share(done: float, possible: float) -> str:
    return f"{done / possible:.0%}" if done and possible else ""


def step_table(name: str, device: torch.device) -> StepTable:
    """Measure one of `STEPS`."""
    made = STEPS[name]()
    state = TrainState(made, device)
    settings = made.training
    numbers = list(range(settings.batch_size))
    with tempfile.TemporaryDirectory() as folder, using_operations("auto"):
        real = RealClips(packed_noise(Path(folder), state.resolution), settings, 0)
        step = TrainingStep(state, real)
        clips = real.read(numbers)
        interval = state.r1_interval or 1

        def at(number: int) -> Callable[[], object]:
            def work() -> None:
                step.state.step = number
                step(clips)

            return work

        at(0)()  # builds, fills caches, makes the optimisers' moments
        plain, with_r1 = (_least(lambda n=n: seconds(at(n), device)) for n in (1, 0))
        reading = _least(lambda: seconds(lambda: real.read(numbers), device))
        shares = {1: 1 - 1 / interval, 0: 1 / interval}
        parts = {kind: Part() for kind in KINDS}
        for number, share in shares.items():
            watched = min((watch(at(number), device) for _ in range(_STEPS)), key=_seconds_of)
            for kind, part in watched.items():
                parts[kind].add(part, share)
    whole = plain * shares[1] + with_r1 * shares[0]
    parts[REST].seconds = max(whole - _seconds_of(parts), 0)
    parts["data"].seconds = reading
    found = {kind: part for kind, part in parts.items() if part.seconds}
    return StepTable(name, whole + reading, found, matmul_rate(device), copy_rate(device))


def _least(measured: Callable[[], float]) -> float:
    return min(measured() for _ in range(_STEPS))


def _seconds_of(parts: dict[str, Part]) -> float:
    return sum(part.seconds for part in parts.values())


STEPS = {
    "parts_step_demo_image": lambda: demo_recipe("image"),
    "parts_step_demo_clips": lambda: demo_recipe("D"),
    "parts_step_64": lambda: recipe(64, 4, 3),
    "parts_step_256": lambda: recipe(256, 1, 1),
}

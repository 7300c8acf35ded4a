"""What each layer of a network costs: parameters, floating-point operations, time and memory, of a forward pass."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode, conv_flop_count

from stylesv.networks.constant_synthesis import ModulatedConv2d
from stylesv.networks.layers import Conv1d, Conv2d, FullyConnected
from stylesv.networks.synthesis import MotionFusion, SynthesisInput, SynthesisLayer
from stylesv.ops.backend import using_operations

LAYERS = (
    *(FullyConnected, Conv1d, Conv2d, ModulatedConv2d, SynthesisLayer, SynthesisInput, MotionFusion),
    *(nn.LSTM, nn.Embedding),
)
REST = "(rest)"


@dataclass(frozen=True)
class LayerCost:
    """What a layer costs in a forward pass of a batch."""

    name: str
    """Path in the network; what is in no layer is `(rest)`."""
    kind: str
    shape: tuple[int, ...]
    """Of its output; of several, the first."""
    num_parameters: int
    num_buffers: int
    """Numbers that are kept and not trained, such as filters and frozen weights."""
    flops: int
    """Multiplications and additions of convolutions and matrix products with weights; those of resampling filters not."""
    seconds: float
    """Median of passes."""
    kept_bytes: int
    """Tensors kept for the backward pass, besides weights; one that two layers keep counts at the first."""


@dataclass
class _Watch:
    """Calls `begin` and `end` around the outermost layers."""

    begin: Callable[[str], None]
    end: Callable[[str, Tensor], None]
    handles: list = field(default_factory=list)

    def on(self, layers: dict[str, nn.Module]) -> "_Watch":
        for name, layer in layers.items():  # what a hook returns would take the place of what the layer gives

            def before(*_: object, name: str = name) -> None:
                self.begin(name)

            def after(_layer: nn.Module, _inputs: object, out: object, name: str = name) -> None:
                self.end(name, _first_tensor(out))

            self.handles += [layer.register_forward_pre_hook(before), layer.register_forward_hook(after)]
        return self

    def off(self) -> None:
        for handle in self.handles:
            handle.remove()


def profile(network: nn.Module, call: Callable[[], object], *, passes: int = 3) -> list[LayerCost]:
    """The cost of each layer of a network that `call` runs once, in the order they run in; and of the rest, last.

    Time is that of the operations in use, with gradients; other numbers do not depend on the machine, but `kept_bytes` does
    on the form of the operations.
    """
    layers = outermost_layers(network)
    flops, shapes = _count_flops(layers, call)
    kept = _count_kept(network, layers, call)
    seconds = _take_times(layers, call, passes)
    rows = [
        LayerCost(
            name=name,
            kind=type(layers[name]).__name__,
            shape=shapes[name],
            num_parameters=sum(each.numel() for each in layers[name].parameters()),
            num_buffers=sum(each.numel() for each in layers[name].buffers()),
            flops=flops[name],
            seconds=seconds[name],
            kept_bytes=kept.get(name, 0),
        )
        for name in [*shapes, *(name for name in layers if name not in shapes)]
        if name in shapes
    ]
    total = total_cost(rows)
    rest = replace(
        total,
        name=REST,
        kind="",
        num_parameters=sum(each.numel() for each in network.parameters()) - total.num_parameters,
        num_buffers=sum(each.numel() for each in network.buffers()) - total.num_buffers,
        flops=flops[REST] - total.flops,
        seconds=max(0.0, seconds[REST] - total.seconds),
        kept_bytes=kept.get(REST, 0),
    )
    return [*rows, rest]


def total_cost(rows: list[LayerCost]) -> LayerCost:
    """The sum of all rows."""
    numbers = ("num_parameters", "num_buffers", "flops", "seconds", "kept_bytes")
    sums = {name: sum(getattr(row, name) for row in rows) for name in numbers}
    return LayerCost(name="total", kind="", shape=(), **sums)


def outermost_layers(network: nn.Module) -> dict[str, nn.Module]:
    """Layers by their path; those inside of another one belong to it."""
    found: dict[str, nn.Module] = {}
    for name, module in network.named_modules():
        inside = any(name.startswith(f"{other}.") for other in found)
        if isinstance(module, LAYERS) and not inside:
            found[name] = module
    return found


def _count_flops(layers: dict[str, nn.Module], call: Callable[[], object]) -> tuple[dict[str, int], dict[str, tuple]]:
    """Of each layer and, as `(rest)`, of all; by the readable definitions, whose filters are convolutions apart."""
    counted: dict[str, int] = dict.fromkeys(layers, 0)
    shapes: dict[str, tuple[int, ...]] = {}
    mapping = {torch.ops.aten.convolution: _flops_of_weights}
    with (
        using_operations("definition"),
        FlopCounterMode(display=False, custom_mapping=mapping) as mode,
    ):

        def begin(name: str) -> None:
            counted[name] -= mode.get_total_flops()

        def end(name: str, out: Tensor) -> None:
            counted[name] += mode.get_total_flops()
            shapes.setdefault(name, tuple(out.shape))

        watch = _Watch(begin, end).on(layers)
        try:
            call()
        finally:
            watch.off()
    return counted | {REST: mode.get_total_flops()}, shapes


def _flops_of_weights(
    x_shape: Sequence[int], w_shape: Sequence[int], *_numbers: object, out_shape: Sequence[int], **_options: object
) -> int:
    """A filter has one input channel a group; no convolution with weights has."""
    return 0 if w_shape[1] == 1 else conv_flop_count(list(x_shape), list(w_shape), list(out_shape))


def _count_kept(network: nn.Module, layers: dict[str, nn.Module], call: Callable[[], object]) -> dict[str, int]:
    weights = {each.untyped_storage().data_ptr() for each in (*network.parameters(), *network.buffers())}
    open_layers, kept, seen = [REST], dict[str, int](), {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights and storage.data_ptr() not in seen:
            seen[storage.data_ptr()] = tensor  # kept alive, so that no other takes its place
            kept[open_layers[-1]] = kept.get(open_layers[-1], 0) + storage.nbytes()
        return tensor

    watch = _Watch(open_layers.append, lambda *_: open_layers.pop()).on(layers)
    try:
        with torch.enable_grad(), torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            call()
    finally:
        watch.off()
    return kept


def _take_times(layers: dict[str, nn.Module], call: Callable[[], object], passes: int) -> dict[str, float]:
    """The median of passes, after one that is not counted; whole passes as `(rest)`."""
    found: dict[str, list[float]] = {name: [] for name in (*layers, REST)}
    started: dict[str, float] = {}
    spent: dict[str, float] = {}

    def begin(name: str) -> None:
        started[name] = _now()

    def end(name: str, _out: object) -> None:
        spent[name] = spent.get(name, 0.0) + _now() - started[name]

    watch = _Watch(begin, end).on(layers)
    try:
        for number in range(passes + 1):
            spent.clear()
            begin(REST)
            with torch.enable_grad():
                call()
            end(REST, None)
            for name, seconds in spent.items() if number else ():
                found[name].append(seconds)
    finally:
        watch.off()
    return {name: statistics.median(each) if each else 0.0 for name, each in found.items()}


def _now() -> float:
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def _first_tensor(out: object) -> Tensor:
    while isinstance(out, tuple):
        out = out[0]
    assert isinstance(out, Tensor)
    return out

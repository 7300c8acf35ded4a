"""The walk in C++, for tensors on a CPU; `extension.py` builds and loads it."""

import torch
from torch import Tensor

from stylesv.ops.fused import Fused, Pass
from stylesv.ops.geometry import Taps


def walk(value: Tensor, one: Pass, out: Tensor, sums: Tensor) -> None:
    """One pass of filtered_lrelu.cpp over every plane."""
    way, source_way = one.way, one.source_way or one.way
    terms = (way.up_terms, source_way.up_terms, way.down_terms)
    torch.ops.stylesv.resample(
        one.kind,
        value,
        one.source,
        one.bias,
        out,
        sums,
        *(_joined(lines) for pair in terms for lines in pair),
        [len(along_x) for along_x, _ in terms],
        [*way.up, *source_way.up, *way.down],
        [*way.before, *one.source_before],
        [one.activation.gain, one.activation.slope, one.activation.clamp],
    )


def _joined(lines: tuple[Taps, ...]) -> list[float]:
    return [tap for taps in lines for tap in taps]


CPP = Fused(walk, (torch.float32, torch.float64, torch.bfloat16, torch.float16))

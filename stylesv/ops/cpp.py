"""The walk and the resampling by lines in C++, for tensors on a CPU; `extension.py` builds and loads them."""

import torch
from torch import Tensor

from stylesv.ops.fused import Fused, Pass, Resampling
from stylesv.ops.geometry import Taps

MAX_LINE = 12  # taps, as in rows.h


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


def by_lines(value: Tensor, way: Resampling) -> Tensor | None:
    """One pass of resample_lines.cpp; channels stay last if they are."""
    lines = way.lines
    if lines is None or max(map(len, lines)) > MAX_LINE:
        return None
    last = not value.is_contiguous() and value.is_contiguous(memory_format=torch.channels_last)
    order = torch.channels_last if last else torch.contiguous_format
    shape = (*value.shape[:2], way.out_size[1], way.out_size[0])
    out = torch.empty(shape, dtype=value.dtype, memory_format=order)
    torch.ops.stylesv.resample_lines(value.contiguous(memory_format=order), out, *lines, way.up, way.down, way.before)
    return out


CPP = Fused(walk, (torch.float32, torch.float64, torch.bfloat16, torch.float16), by_lines=by_lines)

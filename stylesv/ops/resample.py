"""Resampling filters, and resampling calls that double or halve the size. docs/operations.md 1.1."""

import importlib
from collections.abc import Sequence
from types import ModuleType

import torch
from jaxtyping import Float
from torch import Tensor

from stylesv.ops import banded, definition
from stylesv.ops.backend import active_backend, say_no_fast_form
from stylesv.ops.cpp import CPP
from stylesv.ops.fused import Fused
from stylesv.ops.geometry import Filter, Number, filter_taps, side_padding

SEPARABLE_FROM = 8  # taps; the published code keeps shorter filters as planes


def setup_filter(taps: Sequence[Number]) -> Float[Tensor, "taps"] | Float[Tensor, "taps taps"]:
    """A float32 filter of unit sum from its taps along one axis: 1-D from 8 taps on, else a plane."""
    line = torch.tensor(list(taps), dtype=torch.float32)
    filter = line if len(line) >= SEPARABLE_FROM else torch.outer(line, line)
    return filter / filter.sum()


def implementation(x: Tensor, *filters: Filter) -> ModuleType | Fused:
    """What has the `upfirdn2d` and `filtered_lrelu` that are to be used for a tensor and its filters."""
    name, _ = active_backend(x.device)
    if name == "definition":
        return definition
    if name == "torch":
        return banded
    fused = CPP if name == "cpp" else importlib.import_module("stylesv.ops.triton_walk").TRITON  # no Triton, no import
    longest = max(max(filter_taps(filter)) for filter in filters)
    if x.dtype not in fused.dtypes:
        say_no_fast_form(name, f"{x.dtype} images")
        return banded
    if longest > fused.max_taps:
        say_no_fast_form(name, f"a filter of {longest} taps")
        return banded
    return fused


def upfirdn2d(
    x: Float[Tensor, "n c h w"],
    filter: Filter,
    *,
    up: int | Sequence[int] = 1,
    down: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    gain: Number = 1.0,
) -> Float[Tensor, "n c out_h out_w"]:
    """Upsample by zero insertion, pad or crop, convolve with the filter times gain, keep every `down`-th sample.

    A 1-D filter is applied along x, then along y; None is the identity. `up` and `down` are one number or (x, y);
    `padding` is in samples after upsampling, one number, (x, y) or (x0, x1, y0, y1), negative to crop. Filters
    are constants: no gradient goes to them. Raises `ConfigError` if fewer samples are left than the filter has taps.
    """
    return implementation(x, filter).upfirdn2d(x, filter, up=up, down=down, padding=padding, gain=gain)


def upsample2d(x: Float[Tensor, "n c h w"], filter: Filter) -> Float[Tensor, "n c out_h out_w"]:
    """Upsample to twice the size and keep the brightness."""
    return upfirdn2d(x, filter, up=2, padding=centred_padding(filter, up=2), gain=4)


def downsample2d(x: Float[Tensor, "n c h w"], filter: Filter) -> Float[Tensor, "n c out_h out_w"]:
    """Downsample to half the size."""
    return upfirdn2d(x, filter, down=2, padding=centred_padding(filter, down=2))


def centred_padding(
    filter: Filter, padding: int | Sequence[int] = 0, *, up: int = 1, down: int = 1
) -> tuple[int, int, int, int]:
    """Padding that centres the filter and makes the size exactly x `up` or / `down`, plus the padding asked for."""
    x0, x1, y0, y1 = side_padding(padding)
    taps_x, taps_y = filter_taps(filter)
    rate = max(up, down)
    return (
        x0 + (taps_x + up - down) // 2,
        x1 + (taps_x - rate) // 2,
        y0 + (taps_y + up - down) // 2,
        y1 + (taps_y - rate) // 2,
    )

"""The arguments shared by every resampling operation, and the size they lead to.

An axis goes through: insert `up - 1` zeros after each sample, add `before` and `after` zeros (negative: crop),
slide the filter, keep every `down`-th. SPEC 1.4.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from stylesv.errors import ConfigError

Number = int | float
Filter = Float[Tensor, "_"] | Float[Tensor, "_ _"] | None
Taps = tuple[float, ...]


def axis_pair(name: str, factor: int | Sequence[int]) -> tuple[int, int]:
    """A factor for x and one for y, from one number or two; both at least 1."""
    pair = (factor, factor) if isinstance(factor, int) else tuple(factor)
    if len(pair) != 2 or any(value < 1 for value in pair):
        raise ConfigError(f"{name} is {factor!r}; give one integer of at least 1, or two of them (x, y)")
    return pair


def side_padding(padding: int | Sequence[int]) -> tuple[int, int, int, int]:
    """Padding in the order x before, x after, y before, y after, from one number, two (x, y) or four."""
    sides = (padding,) if isinstance(padding, int) else tuple(padding)
    if len(sides) == 1:
        return sides * 4
    if len(sides) == 2:
        return (sides[0], sides[0], sides[1], sides[1])
    if len(sides) == 4:
        return sides
    raise ConfigError(f"padding is {padding!r}; give one integer, two (x, y) or four (x0, x1, y0, y1)")


def filter_taps(filter: Filter) -> tuple[int, int]:
    """Taps along x and y; no filter is one tap of value 1."""
    if filter is None:
        return (1, 1)
    if filter.ndim not in (1, 2) or filter.numel() == 0:
        raise ConfigError(f"a filter has shape {tuple(filter.shape)}; it must be None, 1-D or 2-D and not empty")
    return (filter.shape[-1], filter.shape[0])


def output_length(length: int, *, taps: int, up: int, down: int, before: int, after: int) -> int:
    """Number of samples after resampling one axis; at least one sample must be left."""
    padded = length * up + before + after
    if padded < taps:
        raise ConfigError(
            f"an axis of {length} samples, up {up}, padding ({before}, {after}) is {padded} samples long, shorter "
            f"than the filter's {taps} taps; pad more or use a shorter filter"
        )
    return (padded - taps) // down + 1


def separable_taps(filter: Filter, gain: Number = 1.0) -> tuple[Taps, Taps] | None:
    """Taps along x and y whose outer product is the filter times gain; None if there are none."""
    if filter is None:
        return (float(gain),), (1.0,)
    filter_taps(filter)
    filter = filter.detach().double().cpu()
    if filter.ndim == 1:
        taps = tuple((filter * gain**0.5).tolist())
        return taps, taps
    row, column = divmod(int(filter.abs().argmax()), filter.shape[1])
    along_x, along_y = filter[row], filter[:, column]
    if filter[row, column] != 0:
        along_y = along_y / filter[row, column]
    if (torch.outer(along_y, along_x) - filter).abs().max() > 1e-7 * filter.abs().max():
        return None
    return tuple((along_x * gain).tolist()), tuple(along_y.tolist())

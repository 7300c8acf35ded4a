"""The arguments shared by every resampling operation, and the size they lead to.

An axis goes through: insert `up - 1` zeros after each sample, add `before` and `after` zeros (negative: crop),
slide the filter, keep every `down`-th. docs/operations.md 1.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

from stylesv.errors import ConfigError

Number = int | float
Filter = Float[Tensor, "_"] | Float[Tensor, "_ _"] | None
Taps = tuple[float, ...]
FilterTerms = tuple[tuple[Taps, ...], tuple[Taps, ...]]  # lines along x, and as many along y
NO_FILTER: FilterTerms = (((1.0,),), ((1.0,),))


@dataclass(frozen=True)
class LreluCall:
    """What `filtered_lrelu` is asked for, beside the image and the bias; its docstring says what each is."""

    up_filter: Filter
    down_filter: Filter
    up: int = 1
    down: int = 1
    padding: int | Sequence[int] = 0
    gain: Number = 2**0.5
    slope: Number = 0.2
    clamp: Number | None = None


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


def filter_terms(filter: Filter, gain: Number = 1.0) -> FilterTerms:
    """Pairs of lines whose outer products sum to the filter times gain.

    One pair for a separable filter, a few for a radial one: as many singular values as it takes until no tap is off
    by more than 1e-7 of the largest. Remembered as long as the filter lives.
    """
    version = None if filter is None or filter.is_inference() else filter._version
    known = None if version is None else _TERMS.get(filter)
    if known is None or known[0] != version:
        known = (version, _split(filter))
        if version is not None:
            _TERMS[filter] = known
    along_x, along_y = known[1]
    return tuple(tuple(tap * gain for tap in taps) for taps in along_x), along_y


_TERMS: WeakTensorKeyDictionary = (
    WeakTensorKeyDictionary()
)  # reading a filter back from a GPU would wait for all its work


def _split(filter: Filter) -> FilterTerms:
    if filter is None:
        return NO_FILTER
    filter_taps(filter)
    filter = filter.detach().double().cpu()
    if filter.ndim == 1:
        taps = tuple(filter.tolist())
        return (taps,), (taps,)
    row, column = divmod(int(filter.abs().argmax()), filter.shape[1])
    largest = filter[row, column]
    if largest == 0:
        return (tuple(filter[0].tolist()),), (tuple(filter[:, 0].tolist()),)
    along_x, along_y = filter[row, None], filter[:, column, None] / largest  # exact where the filter is one product
    rest = (along_y @ along_x - filter).abs().max()
    if rest > 1e-7 * largest.abs():
        u, values, v = torch.linalg.svd(filter)
        size = len(values)
        along_x, along_y = v[:size] * values[:, None], u[:, :size]
        while size > 1 and (along_y[:, : size - 1] @ along_x[: size - 1] - filter).abs().max() <= 1e-7 * largest.abs():
            size -= 1
        along_x, along_y = along_x[:size], along_y[:, :size]
    return tuple(map(tuple, along_x.tolist())), tuple(map(tuple, along_y.T.tolist()))

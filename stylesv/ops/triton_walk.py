"""The walk in Triton, for tensors on a CUDA device: each program makes one tile of one plane's output.

Along an axis, resampling is a banded matrix, so a tile is a few small matrix products, which tensor cores do well:
gather the input under the tile, multiply by the upsampling matrices from both sides, apply what is between, multiply by
the downsampling matrices. The upsampled tile stays in registers. A filter that is not separable is a sum of products
(`geometry.filter_terms`). The bands of the matrices are gathered from the taps, which stay in the cache.

float32 products run on tensor cores as three TF32 products, which keeps their error at that of float32; GPUs without
TF32 multiply plainly. bfloat16 and float16 images take one TF32 product, finer than their own rounding.
"""

import functools
import math
from typing import no_type_check

import torch
import triton
import triton.language as tl
from torch import Tensor

from stylesv.ops import definition
from stylesv.ops.fused import LINEAR, LRELU, MASKED, Fused, Pass
from stylesv.ops.geometry import FilterTerms, LreluCall

TILE = 64  # samples along each side of the largest tile: 16 KiB in float32, which leaves room for the matrices
MAX_TAPS = 32  # half a tile; with longer filters, hardly any output would be left of it
WARPS, STAGES = 8, 1  # no read-ahead: the loops go over terms, mostly one, and copies would double the shared memory
# Triton reads the source and the globals of a bare function, hence `no_type_check` on every kernel.
LINEAR_PASS, LRELU_PASS, MASKED_PASS = tl.constexpr(LINEAR), tl.constexpr(LRELU), tl.constexpr(MASKED)


@triton.jit
@no_type_check
def _band(taps, num_taps, outs, ins, step_out, step_in, before):
    """Entry (output, input) is taps[last - k], k = input * step_in + before - output * step_out; zero outside."""
    k = ins * step_in + before - outs * step_out
    return tl.load(taps + num_taps - 1 - k, mask=(k >= 0) & (k < num_taps), other=0.0)


@triton.jit
@no_type_check
def _first_input(p, rate, before):
    """The first input at or after upsampled position p: (p - before) / rate, rounded up; it may be negative."""
    shift = tl.maximum(before, 0)
    return (p - before + rate * shift + rate - 1) // rate - shift


@triton.jit
@no_type_check
def _resample(
    plane, bias, size, up, first, step, size_out: tl.constexpr, size_in: tl.constexpr, precision: tl.constexpr
):
    """Samples first + (0, 1, ..) of every `step`-th of the plane plus bias, upsampled and filtered; pairs are (x, y)."""
    taps, terms, num, rate, before = up
    in_x = _first_input(first[0] * step[0], rate[0], before[0])
    in_y = _first_input(first[1] * step[1], rate[1], before[1])
    x, y = in_x + tl.arange(0, size_in), in_y + tl.arange(0, size_in)
    inside = ((y >= 0) & (y < size[1]))[:, None] & ((x >= 0) & (x < size[0]))[None, :]
    tile = tl.load(plane + y[:, None] * size[0] + x[None, :], mask=inside, other=0.0).to(tl.float32)
    tile = tl.where(inside, tile + bias, 0.0)
    out_x, out_y = first[0] + tl.arange(0, size_out), first[1] + tl.arange(0, size_out)
    result = tl.zeros((size_out, size_out), tl.float32)
    for term in range(terms):
        line = taps + term * (num[0] + num[1])
        along_x = _band(line, num[0], out_x[None, :], x[:, None], step[0], rate[0], before[0])
        along_y = _band(line + num[0], num[1], out_y[:, None], y[None, :], step[1], rate[1], before[1])
        rows = tl.dot(along_y, tile, input_precision=precision)
        result = tl.dot(rows, along_x, acc=result, input_precision=precision)
    return result


@triton.jit
@no_type_check
def _walk_tile(
    value,
    source,
    bias,
    out,
    sums,
    up,
    source_up,
    down,
    sizes,  # of value, source, out
    shape,  # channels, tiles along x and y, outputs of a tile along each axis
    activation,  # gain, gain * slope, clamp
    kind: tl.constexpr,
    size_out: tl.constexpr,
    size_wide: tl.constexpr,
    size_in: tl.constexpr,
    size_source: tl.constexpr,
    precision: tl.constexpr,
):
    channels, tiles_x, tiles_y, outs = shape
    size, source_size, out_size = sizes
    gain, negative_gain, clamp = activation
    program = tl.program_id(0)
    plane = (program // (tiles_x * tiles_y)).to(tl.int64)
    first = ((program % tiles_x) * outs, (program // tiles_x % tiles_y) * outs)
    taps, terms, num, step, _ = down
    value += plane * (size[0] * size[1])
    shift = 0.0
    if bias is not None:
        shift = tl.load(bias + plane % channels).to(tl.float32)

    if kind == LINEAR_PASS:
        result = _resample(value, 0.0, size, up, first, step, size_out, size_in, precision)
    else:
        wide = (first[0] * step[0], first[1] * step[1])
        if kind == LRELU_PASS:
            u = _resample(value, shift, size, up, wide, (1, 1), size_wide, size_in, precision)
            u = tl.where(u > 0, u * gain, u * negative_gain)
            u = tl.where(u > clamp, clamp, u)  # a comparison keeps what is not a number
            u = tl.where(u < -clamp, -clamp, u)
        else:
            plain = _resample(value, 0.0, size, up, wide, (1, 1), size_wide, size_in, precision)
            source += plane * (source_size[0] * source_size[1])
            s = _resample(source, shift, source_size, source_up, wide, (1, 1), size_wide, size_source, precision)
            factor = tl.where(s > 0, gain, negative_gain)
            clamped = (s * factor > clamp) | (s * factor < -clamp)
            u = tl.where(clamped, 0.0, plain * factor)
        result = tl.zeros((size_out, size_out), tl.float32)
        near, far = tl.arange(0, size_out), tl.arange(0, size_wide)
        for term in range(terms):
            line = taps + term * (num[0] + num[1])
            along_x = _band(line, num[0], near[None, :], far[:, None], step[0], 1, 0)
            along_y = _band(line + num[0], num[1], near[:, None], far[None, :], step[1], 1, 0)
            columns = tl.dot(u, along_x, input_precision=precision)
            result = tl.dot(along_y, columns, acc=result, input_precision=precision)

    index = tl.arange(0, size_out)
    x, y = first[0] + index, first[1] + index
    kept = ((index < outs) & (y < out_size[1]))[:, None] & ((index < outs) & (x < out_size[0]))[None, :]
    target = out + plane * (out_size[0] * out_size[1]) + y[:, None] * out_size[0] + x[None, :]
    tl.store(target, result.to(out.dtype.element_ty), mask=kept)
    if kind == MASKED_PASS:
        tl.store(sums + program, tl.sum(tl.where(kept, result, 0.0)))


def walk(value: Tensor, one: Pass, out: Tensor, sums: Tensor) -> None:
    """One pass of the kernel over every plane."""
    planes, way, source_way = out.shape[0] * out.shape[1], one.way, one.source_way or one.way
    if planes == 0:
        return
    outs, blocks = _tiling(one)
    tiles = [-(-size // outs) for size in way.out_size]
    partial = sums.new_empty(planes * math.prod(tiles) if one.kind == MASKED else 0, dtype=torch.float32)
    gain, slope, clamp = one.activation.gain, one.activation.slope, one.activation.clamp
    with torch.cuda.device_of(value):
        _walk_tile[(planes * math.prod(tiles),)](
            value,
            one.source,
            one.bias,
            out,
            partial,
            _filter(way.up_terms, way.up, way.before, value.device),
            _filter(source_way.up_terms, source_way.up, one.source_before, value.device),
            _filter(way.down_terms, way.down, (0, 0), value.device),
            (way.in_size, source_way.in_size, way.out_size),
            (out.shape[1], *tiles, outs),
            (gain, gain * slope, clamp),
            kind=one.kind,
            **blocks,
            precision=_precision(value),
            num_warps=WARPS,
            num_stages=STAGES,
        )
    if one.kind == MASKED:
        sums.copy_(partial.view(out.shape[0], out.shape[1], -1).sum((0, 2), dtype=torch.float64))


def _tiling(one: Pass) -> tuple[int, dict[str, int]]:
    """Outputs of a tile along each axis, and the powers of two that hold the tile at each rate."""
    way, outs = one.way, []
    ways = [way] if one.source_way is None else [way, one.source_way]
    up_taps = [max(len(lines[0]) for lines in each.up_terms) for each in ways]
    up, down_taps = [min(each.up) for each in ways], max(len(lines[0]) for lines in way.down_terms)
    # upsampled positions whose inputs fit into a tile
    reach = min((TILE - 1) * rate - taps + 2 for rate, taps in zip(up, up_taps, strict=True))
    if one.kind != LINEAR:
        reach = min(reach, TILE)
    outs = min((reach - down_taps) // max(way.down) + 1, TILE, max(way.out_size))
    wide = (outs - 1) * max(way.down) + down_taps
    ins = [(wide + taps - 2) // rate + 1 for rate, taps in zip(up, up_taps, strict=True)]
    powers = [max(triton.next_power_of_2(size), 16) for size in (outs, wide, ins[0], ins[-1])]
    return outs, dict(zip(("size_out", "size_wide", "size_in", "size_source"), powers, strict=True))


def _filter(terms: FilterTerms, rate: tuple[int, int], before: tuple[int, int], device: torch.device) -> tuple:
    """Taps on the device, number of terms, and (x, y) pairs of numbers of taps, rates, zeros before."""
    along_x, along_y = terms
    return _taps_on(terms, device), len(along_x), (len(along_x[0]), len(along_y[0])), rate, before


@functools.lru_cache(maxsize=256)
def _taps_on(terms: FilterTerms, device: torch.device) -> Tensor:
    return torch.tensor([x + y for x, y in zip(*terms, strict=True)], dtype=torch.float32, device=device)


def _precision(value: Tensor) -> str:
    if not value.is_cuda or torch.cuda.get_device_capability(value.device) < (8, 0):
        return "ieee"
    return "tf32x3" if value.dtype == torch.float32 else "tf32"


TRITON = Fused(walk, (torch.float32, torch.bfloat16, torch.float16), MAX_TAPS)


def probe(kind: str) -> None:
    """Run every pass on a small image against the definition; raises whatever Triton raises where that does not work."""
    x = torch.linspace(-1, 1, 40 * 40, device=kind).reshape(1, 1, 40, 40).requires_grad_()
    taps = torch.linspace(0.5, 1.5, 12, device=kind) / 12
    call = LreluCall(taps, taps, up=2, down=2, padding=9, clamp=1.0)
    results = []
    for form in (TRITON, definition):
        y = form.upfirdn2d(form.filtered_lrelu(x, None, call), taps, down=2)
        results.append([y, *torch.autograd.grad(y.sum(), x)])
    for ours, expected in zip(*results, strict=True):
        error = ((ours - expected).abs().max() / expected.abs().max()).item()
        if not error < 1e-2:  # the definition may be computed in TF32
            raise RuntimeError(f"a small case is off by {error:.1e} of its largest value")

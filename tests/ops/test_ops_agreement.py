"""Every fast implementation agrees with the definition to 1e-5 in float32, whatever it is given.

Triton's kernels are among them where there is a CUDA device, and in Triton's interpreter, where `test_triton.py` runs
this file again.
"""

import math
import os

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from stylesv.networks.filters import radial_low_pass
from stylesv.ops import banded, definition, filtered_lrelu, upfirdn2d
from stylesv.ops.backend import active_backend
from stylesv.ops.cpp import CPP
from stylesv.ops.geometry import LreluCall, filter_taps, side_padding

INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
TRITON_DEVICE = "cpu" if INTERPRETED else "cuda"
FORMS = ["triton"] if INTERPRETED else ["cpp", "torch", pytest.param("triton", marks=pytest.mark.gpu)]
CHANNELS = [1, 2, 3] if INTERPRETED else [1, 2, 3, 35]  # the C++ form walks several planes at once if there are many
fuzz = settings(
    max_examples=20 if INTERPRETED else 60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(params=FORMS, autouse=True)
def name(request) -> str:
    """The implementation's name."""
    if request.param == "triton" and not INTERPRETED and not torch.cuda.is_available():
        pytest.skip("no CUDA device; test_triton.py runs Triton's kernels in its interpreter")
    if request.param == "cpp" and (reason := active_backend("cpu"))[0] != "cpp":
        pytest.skip(f"no C++ form here: {reason[1]}")
    return request.param


@pytest.fixture
def fast(name):
    """What has its `upfirdn2d` and `filtered_lrelu`."""
    if name == "triton":
        from stylesv.ops.triton_walk import TRITON

        return TRITON
    return CPP if name == "cpp" else banded


@pytest.fixture(autouse=True)
def tensors_on_the_device(name):
    """Tensors are made where the implementation runs."""
    with torch.device(TRITON_DEVICE if name == "triton" else "cpu"):
        yield


def random(shape, seed: int, dtype=torch.float32) -> torch.Tensor:
    noise = torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed), dtype=torch.float64, device="cpu")
    return noise.to(torch.get_default_device(), dtype)


@st.composite
def axes(draw, up: int, taps: int) -> tuple[int, int, int]:
    """Length, padding before and after of one axis on which at least one sample is left; cropping included."""
    length = draw(st.integers(1, 13))
    before = draw(st.integers(-(length * up // 2), taps + 3))
    after = draw(st.integers(-(length * up // 2), taps + 3))
    assume(length * up + before + after >= taps)
    return length, before, after


def filters(seed: int) -> st.SearchStrategy:
    """None, one-dimensional filters of any length, and planes of full rank."""
    lines = st.integers(1, 29).map(lambda taps: random((taps,), seed))
    planes = st.tuples(st.integers(1, 7), st.integers(1, 7)).map(lambda shape: random(shape, seed))
    return st.one_of(st.none(), lines, planes)


@st.composite
def problems(draw) -> dict:
    """Everything `filtered_lrelu` can be given, at sizes where it is quick."""
    up, down = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    up_filter, down_filter = draw(filters(1)), draw(filters(2))
    taps_x, taps_y = (sum(1 if f is None else f.shape[axis] for f in (up_filter, down_filter)) - 1 for axis in (-1, 0))
    (width, x0, x1), (height, y0, y1) = draw(axes(up, taps_x)), draw(axes(up, taps_y))
    shape = (draw(st.integers(0, 3)), draw(st.sampled_from(CHANNELS)), height, width)
    seed = draw(st.integers(0, 2**31))
    return {
        "x": random(shape, seed),
        "bias": draw(st.sampled_from([None, random((shape[1],), seed + 1)])),
        "up_filter": up_filter,
        "down_filter": down_filter,
        "up": up,
        "down": down,
        "padding": [x0, x1, y0, y1],
        "gain": draw(st.sampled_from([1, 2**0.5, 0.3])),
        "slope": draw(st.sampled_from([0.2, 0, 1])),
        "clamp": draw(st.sampled_from([None, 0.5, 256])),
    }


def away_from_kinks(problem: dict) -> bool:
    """No upsampled value so near 0 or the clamp that rounding decides on which side it is."""
    wide = {k: v.double() if isinstance(v, torch.Tensor) else v for k, v in problem.items()}
    if wide["bias"] is not None:
        wide["x"] = wide["x"] + wide["bias"][:, None, None]
    options = {"up": wide["up"], "padding": wide["padding"], "gain": wide["up"] ** 2}
    u = definition.upfirdn2d(wide["x"], wide["up_filter"], **options)
    v = torch.where(u > 0, u, u * wide["slope"]) * wide["gain"]
    distances = [u[u != 0].abs()]
    if wide["clamp"] is not None:
        distances.append((v.abs() - wide["clamp"]).abs())
    scale = max(u.abs().max().item(), 1.0) if u.numel() else 1.0
    return all(d.numel() == 0 or d.min().item() > 1e-5 * scale for d in distances)


def value_and_derivatives(form, problem: dict) -> list[torch.Tensor]:
    """Output, first derivatives, and the derivative of those with respect to the output's gradient."""
    problem = dict(problem)
    x, bias = problem.pop("x").requires_grad_(), problem.pop("bias")
    inputs = [x] if bias is None else [x, bias.requires_grad_()]
    y = form.filtered_lrelu(x, bias, LreluCall(**problem))
    dy = random(y.shape, 5).requires_grad_()
    first = gradients((y * dy).sum(), inputs)
    change = sum((g * random(g.shape, 6 + i)).sum() for i, g in enumerate(first))
    return [y, *first, *gradients(change, [dy])]


def gradients(value: torch.Tensor, inputs: list[torch.Tensor]) -> list[torch.Tensor]:
    """First derivatives that can be differentiated again; of an empty batch there are none, which counts as zero."""
    options = {"create_graph": True, "allow_unused": True, "materialize_grads": True}
    return list(torch.autograd.grad(value, inputs, **options)) if value.requires_grad else list(inputs)


def assert_agree(ours: list[torch.Tensor], definitions: list[torch.Tensor]) -> None:
    """Within 1e-5 of the largest magnitude; for a bias gradient, of the magnitudes that it is the sum of."""
    for index, (a, b) in enumerate(zip(ours, definitions, strict=True)):
        assert a.shape == b.shape and a.dtype == b.dtype
        magnitudes = b.abs().flatten() if b.ndim == 4 else definitions[index - 1].abs().sum((0, 2, 3))
        scale = max([1.0, *magnitudes.tolist()])
        torch.testing.assert_close(a, b, rtol=0, atol=1e-5 * scale, msg=lambda m, i=index: f"result {i}: {m}")


@fuzz
@given(problem=problems())
def test_filtered_lrelu_and_its_derivatives_agree_with_the_definition(fast, problem):
    assume(away_from_kinks(problem))
    assert_agree(value_and_derivatives(fast, problem), value_and_derivatives(definition, problem))


@fuzz
@given(data=st.data(), up=st.integers(1, 4), down=st.integers(1, 4), filter=filters(1))
def test_upfirdn2d_and_its_derivatives_agree_with_the_definition(fast, data, up, down, filter):
    taps_x, taps_y = filter_taps(filter)
    (width, x0, x1), (height, y0, y1) = data.draw(axes(up, taps_x)), data.draw(axes(up, taps_y))
    x = random((data.draw(st.integers(0, 2)), data.draw(st.sampled_from(CHANNELS)), height, width), 3)
    results = []
    for form in (fast, definition):
        x.requires_grad_()
        y = form.upfirdn2d(x, filter, up=up, down=down, padding=[x0, x1, y0, y1], gain=1.5)
        dy = random(y.shape, 5).requires_grad_()
        (first,) = gradients((y * dy).sum(), [x])
        results.append([y, first, *gradients((first * random(first.shape, 6)).sum(), [dy])])
    assert_agree(*results)


LAYERS = [  # channels, size, up, down, up taps, down taps, padding: as in the generators of 64 and 256 pixels
    (4, 278, 2, 2, 12, 12, [9, 8, 9, 8]),
    (4, 150, 4, 2, 24, 12, [-14, -15, -14, -15]),
    (8, 38, 2, 2, 12, 12, [9, 8, 9, 8]),
    (8, 54, 2, 4, 12, 24, [9, 8, 9, 8]),
    (3, 64, 1, 1, 1, 1, [0, 0, 0, 0]),
]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: f"{layer[1]}_up{layer[2]}_down{layer[3]}")
@pytest.mark.parametrize("layout", ["contiguous", "channels_last", "strided"])
def test_layers_of_the_generator_agree_in_every_memory_layout(fast, layer, layout):
    channels, size, up, down, up_taps, down_taps, padding = layer
    n, channels, size = (1, 1, min(size, 86)) if INTERPRETED else (2, channels, size)  # 86 px take several tiles, too
    x = random((n, channels, size, size), 1)
    if layout == "channels_last":
        x = x.contiguous(memory_format=torch.channels_last)
    if layout == "strided":
        x = random((n, 2 * channels, size, size + 3), 1)[:, ::2, :, 3:].transpose(2, 3)
    window = torch.hann_window(up_taps + 2)[1:-1], torch.hann_window(down_taps + 2)[1:-1]
    call = LreluCall(window[0] / window[0].sum(), window[1] / window[1].sum(), up, down, padding, clamp=256)
    bias = random((channels,), 2)
    assert_agree([fast.filtered_lrelu(x, bias, call)], [definition.filtered_lrelu(x, bias, call)])


@pytest.mark.parametrize(("up", "down", "taps"), [(2, 2, 12), (4, 2, 12), (2, 4, 24)])
def test_radial_filters_agree_forward_and_backward(fast, up, down, taps):
    radial = radial_low_pass(taps, cutoff=100.0, width=120.0, rate=512).to(torch.get_default_device())
    x, bias, line = random((1, 2, 29, 23), 1), random((2,), 2), torch.hann_window(6 * up + 2)[1:-1]
    problem = {"x": x, "bias": bias, "up_filter": line / line.sum(), "down_filter": radial, "up": up, "down": down}
    problem |= {"padding": [9, 8, 9, 8], "clamp": 256}
    assert_agree(value_and_derivatives(fast, problem), value_and_derivatives(definition, problem))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_number_formats_come_out_as_they_go_in(fast, name, dtype):
    if name == "triton" and dtype not in fast.dtypes:
        pytest.skip("float64 has no Triton form; test_triton.py sees that it is not chosen")
    tolerance = {torch.bfloat16: 2e-2, torch.float16: 3e-3, torch.float64: 1e-12}[dtype]
    x, bias, filter = random((2, 3, 9, 8), 1, dtype), random((3,), 2, dtype), random((6,), 3, torch.float64)
    filter = filter / filter.abs().sum()
    call = LreluCall(filter, filter, 2, 2, side_padding(5), clamp=256)
    x.requires_grad_(), bias.requires_grad_()
    y = fast.filtered_lrelu(x, bias, call)
    y.float().square().sum().backward()
    assert y.dtype == x.grad.dtype == bias.grad.dtype == dtype
    exact = definition.filtered_lrelu(x.detach().double(), bias.detach().double(), call)
    assert (y.double() - exact).abs().max() < tolerance * exact.abs().max()


def test_not_a_number_is_not_swallowed_by_the_clamp_and_in_cpp_reaches_no_further_than_the_filter(fast, name):
    x, filter = random((1, CHANNELS[-1], 40, 40), 1), random((8,), 2)
    x[0, 1, 20, 20] = math.nan
    x[0, 2, 0, 39] = math.nan
    call = LreluCall(filter, filter, 2, 2, padding=7, clamp=1.0)
    wrong = torch.isnan(fast.filtered_lrelu(x, None, call))
    expected = torch.isnan(definition.filtered_lrelu(x, None, call))
    assert wrong[expected].all() and 0 < expected.sum() < 200
    assert name != "cpp" or torch.equal(wrong, expected)


def test_the_result_is_the_same_bytes_every_time_and_for_any_number_of_threads(name, monkeypatch):
    monkeypatch.setenv("STYLESV_OPS", name)
    filter, threads = torch.hann_window(14)[1:-1], torch.get_num_threads()
    results = []
    try:
        for number in (1, 2, 3, 1):
            torch.set_num_threads(number)
            shape = (1, 2, 21, 21) if INTERPRETED else (3, 7, 36, 36)
            x, bias = random(shape, 1).requires_grad_(), random(shape[1:2], 2).requires_grad_()
            y = filtered_lrelu(x, filter, filter, bias, up=2, down=2, padding=9, clamp=256)
            y = upfirdn2d(y, filter, down=2, padding=5)
            results.append([y, *torch.autograd.grad(y.square().sum(), (x, bias))])
    finally:
        torch.set_num_threads(threads)
    for result in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(result, results[0], strict=True))

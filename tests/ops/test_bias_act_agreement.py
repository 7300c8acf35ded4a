"""The C++ form of bias and activation is the definition: the same bits but for sums, whatever it is given."""

import itertools
import math
from functools import partial

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from stylesv.ops import active_backend, bias_act, definition
from stylesv.ops.bias_act import DEFAULT_GAIN

SHAPES = [(24, 32, 9, 7), (3, 64), (3, 5, 7), (4, 6, 1, 1), (0, 3, 4, 4), (2, 0, 3, 3), (1, 3, 90, 70), (6000, 3)]
LAYOUTS = ["contiguous", "channels_last", "strided"]


@pytest.fixture(autouse=True)
def in_cpp(monkeypatch):
    """The C++ form, which must be there."""
    monkeypatch.setenv("STYLESV_OPS", "cpp")
    if (reason := active_backend("cpu"))[0] != "cpp":
        pytest.skip(f"no C++ form here: {reason[1]}")


def random(shape: tuple[int, ...], seed: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def laid_out(x: torch.Tensor, layout: str) -> torch.Tensor:
    """The same values in another order in memory."""
    if layout == "channels_last" and x.ndim == 4:
        return x.contiguous(memory_format=torch.channels_last)
    if layout == "strided":
        return torch.stack([x, x + 1], dim=-1)[..., 0]
    return x


def value_and_derivatives(form, x, bias, gradient) -> list[torch.Tensor]:
    """Output, first derivatives, and that of those with respect to the output's gradient."""
    inputs = [x.detach().requires_grad_(), *([] if bias is None else [bias.detach().requires_grad_()])]
    gradient = gradient.detach().requires_grad_()
    y = form(inputs[0], inputs[1] if len(inputs) > 1 else None)
    first = torch.autograd.grad(y, inputs, gradient, create_graph=True)
    change = sum((one * random(one.shape, 7 + i, one.dtype)).sum() for i, one in enumerate(first))
    return [y, *first, *torch.autograd.grad(change, gradient)]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("activation", DEFAULT_GAIN)
def test_values_and_both_derivatives_are_those_of_the_definition(activation, dtype, shape, layout):
    for clamp, bias in itertools.product([None, 0.9], [None, random(shape[1:2], 2, dtype)]):
        x, gradient = laid_out(random(shape, 1, dtype), layout), laid_out(random(shape, 3, dtype), layout)
        options = {"activation": activation, "gain": 1.3, "clamp": clamp}
        ours = value_and_derivatives(partial(bias_act, **options), x, bias, gradient)
        theirs = value_and_derivatives(partial(definition.bias_act, **options), x, bias, gradient)
        for a, b in zip(ours[:2], theirs[:2], strict=True):
            assert torch.equal(a, b)
        rounding = 4 * torch.finfo(dtype).eps
        torch.testing.assert_close(ours[-1], theirs[-1], rtol=rounding, atol=rounding)
        if bias is not None:
            magnitude = theirs[1].abs().sum(dim=[axis for axis in range(x.ndim) if axis != 1])
            assert ((ours[2] - theirs[2]).abs() <= rounding * magnitude).all()


@pytest.mark.parametrize("clamp", [None, 256.0])
@pytest.mark.parametrize("activation", DEFAULT_GAIN)
def test_what_is_not_finite_or_zero_gives_what_the_definition_gives(activation, clamp):
    values = torch.tensor([math.nan, math.inf, -math.inf, 0.0, -0.0, 1e30, -1e30, 1e-42, -1e-42])
    x = values.repeat(2, 5).reshape(2, 45, 1)
    options = {"activation": activation, "gain": 2**0.5, "clamp": clamp}
    for shape in ((2, 45), (2, 1, 45)):
        shaped, ones = x.reshape(shape), torch.ones(shape)
        y, dx, _ = value_and_derivatives(partial(bias_act, **options), shaped, None, ones)
        wanted = value_and_derivatives(partial(definition.bias_act, **options), shaped, None, ones)
        torch.testing.assert_close([y, dx], wanted[:2], rtol=0, atol=0, equal_nan=True)
    assert clamp is None or (dx[y.isnan()] == 0).all()


def test_a_value_exactly_on_the_clamp_passes_no_gradient():
    x = torch.tensor([[2.0, -2.0, 1.9, 2.1]], requires_grad=True)
    (gradient,) = torch.autograd.grad(bias_act(x, clamp=2.0).sum(), x)
    assert gradient.tolist() == [[0.0, 0.0, 1.0, 0.0]]


@pytest.mark.parametrize("clamp", [None, 1.0])
@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 2, 2)], ids=str)
def test_derivatives_are_those_of_finite_differences(shape, clamp):
    inputs = (random(shape, 1, torch.float64).requires_grad_(), random((3,), 2, torch.float64).requires_grad_())

    def call(x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        return bias_act(x, bias, activation="lrelu", gain=0.7, clamp=clamp)

    assert gradcheck(call, inputs)
    assert gradgradcheck(lambda x, b: call(x.square(), b.square()), inputs)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_rounded_once(dtype):
    x, bias = random((2, 3, 9, 8), 1, dtype).requires_grad_(), random((3,), 2, dtype).requires_grad_()
    y = bias_act(x, bias, activation="lrelu", clamp=2.0)
    dx, db = torch.autograd.grad(y, [x, bias], torch.ones_like(y))
    exact = definition.bias_act(x.double(), bias.double(), activation="lrelu", gain=2**0.5, clamp=2.0)
    assert y.dtype == dx.dtype == db.dtype == dtype
    assert torch.equal(y, exact.to(dtype)) or (y.double() - exact).abs().max() <= torch.finfo(dtype).eps
    torch.testing.assert_close(db.double(), dx.double().sum(dim=(0, 2, 3)), rtol=torch.finfo(dtype).eps, atol=0)


def test_bytes_are_the_same_for_any_number_of_threads():
    threads, results = torch.get_num_threads(), []
    try:
        for number in (1, 2, 3, 1):
            torch.set_num_threads(number)
            for shape in ((3, 40, 67, 67), (9000, 33)):
                x, bias = random(shape, 1), random(shape[1:2], 2)
                results.append(value_and_derivatives(partial(bias_act, activation="lrelu"), x, bias, x))
    finally:
        torch.set_num_threads(threads)
    for index, result in enumerate(results):
        assert all(torch.equal(a, b) for a, b in zip(result, results[index % 2], strict=True))


def test_only_the_output_is_kept_for_the_derivatives():
    kept: list[torch.Tensor] = []
    x, bias = random((2, 3, 8, 8), 1).requires_grad_(), random((3,), 2).requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        y = bias_act(x, bias, activation="lrelu", clamp=1.0)
    assert [t.data_ptr() for t in kept] == [y.data_ptr()]

"""3x3 convolutions with a quarter of the products agree with PyTorch's own in float64, and so do their derivatives."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from stylesv.ops.backend import active_backend, using_operations
from stylesv.ops.convolution import FAST_FROM, conv2d


@pytest.fixture(autouse=True)
def fast_form():
    if (reason := active_backend("cpu"))[0] != "cpp":
        pytest.skip(f"no C++ form here: {reason[1]}")
    if not hasattr(torch.ops.stylesv, "conv3x3"):
        pytest.skip("no C++ form of convolutions here: the processor has less than eight lanes")


class _Calls(TorchDispatchMode):
    """What reaches the C++ form."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func.namespace == "stylesv":
            self.names.append(str(func))
        return func(*args, **(kwargs or {}))


def calls(work) -> list[str]:
    with _Calls() as seen:
        work()
    return seen.names


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def by_torch(x: torch.Tensor, weight: torch.Tensor, padding: int) -> torch.Tensor:
    """One image after the other, in float64."""
    each = weight if weight.ndim == 5 else weight.expand(len(x), *weight.shape)
    return torch.cat([F.conv2d(image[None], own, padding=padding) for image, own in zip(x, each, strict=True)])


def all_derivatives(form, x: torch.Tensor, weight: torch.Tensor, padding: int) -> list[torch.Tensor]:
    """The output, both gradients, and what R1 needs: derivatives of the gradients' size, by everything."""
    x, weight = x.clone().requires_grad_(), weight.clone().requires_grad_()
    y = form(x, weight, padding)
    dy = random(*y.shape, seed=5).to(y.dtype).requires_grad_()
    first = torch.autograd.grad(y, [x, weight], dy, create_graph=True)
    size = sum(gradient.square().sum() for gradient in first)
    second = torch.autograd.grad(size, [x, weight, dy], create_graph=True)
    return [y, *first, *second, *torch.autograd.grad(second[2].square().sum(), [x, weight])]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    images=st.integers(1, 3),
    channels=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    size=st.tuples(st.integers(FAST_FROM, 41), st.integers(FAST_FROM, 41)),
    padding=st.integers(0, 2),
    each=st.booleans(),
)
def test_the_form_and_its_derivatives_are_torchs_to_1e_5(images, channels, size, padding, each):
    x, weight = random(images, channels[0], *size), random(images, channels[1], channels[0], 3, 3, seed=1)
    weight = (weight if each else weight[0]) / (9 * channels[0]) ** 0.5
    expected = all_derivatives(by_torch, x, weight, padding)
    found = all_derivatives(lambda *args: conv2d(args[0], args[1], padding=args[2]), x.float(), weight.float(), padding)
    for ours, exact in zip(found, expected, strict=True):
        assert ours.shape == exact.shape and ours.dtype == torch.float32
        assert (ours - exact).abs().max() <= 1e-5 * exact.abs().max()


@pytest.mark.parametrize("channels", [32, 512])
def test_no_more_than_a_digit_is_lost_however_many_channels_there_are(channels):
    """Sums of hundreds of products, of which those that are added up one by one would lose more."""
    x, weight = random(2, channels, 24, 24), random(24, channels, 3, 3, seed=1)
    for ours, exact in zip(
        all_derivatives(lambda *args: conv2d(args[0], args[1], padding=args[2]), x.float(), weight.float(), 1)[:3],
        all_derivatives(by_torch, x, weight, 1)[:3],
        strict=True,
    ):
        assert (ours - exact).square().mean().sqrt() <= 1e-6 * exact.square().mean().sqrt()


def test_bits_depend_neither_on_threads_nor_on_the_batch():
    x, weight = random(5, 20, 37, 21).float(), random(24, 20, 3, 3, seed=1).float()
    results, threads = [], torch.get_num_threads()
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            results.append(all_derivatives(lambda *args: conv2d(args[0], args[1], padding=args[2]), x, weight, 2)[:5])
    finally:
        torch.set_num_threads(threads)
    for other in results[1:]:
        assert all(torch.equal(one, two) for one, two in zip(results[0], other, strict=True))
    alone = torch.cat([conv2d(image[None], weight, padding=2) for image in x])
    assert torch.equal(alone, results[0][0])
    assert torch.equal(conv2d(x, weight.expand(5, -1, -1, -1, -1), padding=2), results[0][0])


def test_tensors_may_lie_in_any_order():
    x, weight = random(2, 6, 20, 17).float(), random(5, 6, 3, 3, seed=1).float()
    expected = conv2d(x, weight, padding=1)
    last = x.to(memory_format=torch.channels_last), weight.to(memory_format=torch.channels_last)
    assert torch.equal(conv2d(*last, padding=1), expected)
    turned = conv2d(x.transpose(2, 3), weight.transpose(2, 3), padding=1).transpose(2, 3)
    torch.testing.assert_close(turned, expected, rtol=0, atol=1e-4)


def test_a_gradient_of_images_alone_computes_none_of_weights():
    """As R1 asks for it, and a generator's loss, which goes through a discriminator."""
    x = random(2, 6, 16, 16).float().requires_grad_()
    weight = random(5, 6, 3, 3, seed=1).float().requires_grad_()
    y = conv2d(x, weight, padding=1).sum()
    assert calls(lambda: torch.autograd.grad(y, x, retain_graph=True)) == ["stylesv.conv3x3.default"]
    assert calls(lambda: torch.autograd.grad(y, weight, retain_graph=True)) == ["stylesv.conv3x3_weight.default"]


@pytest.mark.parametrize(
    ("change", "fast"),
    [
        ({}, True),
        ({"dtype": torch.float64}, False),
        ({"dtype": torch.bfloat16}, False),
        ({"size": FAST_FROM - 1}, False),
        ({"kernel": 1}, False),
        ({"padding": 3}, False),
        ({"operations": "torch"}, False),
        ({"operations": "definition"}, False),
        ({"images": 0}, False),
    ],
    ids=str,
)
def test_what_has_no_fast_form_is_torchs(change, fast):
    wanted = {"dtype": torch.float32, "size": 16, "kernel": 3, "padding": 1, "operations": "auto", "images": 2} | change
    x = random(wanted["images"], 4, wanted["size"], wanted["size"]).to(wanted["dtype"])
    weight = random(3, 4, wanted["kernel"], wanted["kernel"], seed=1).to(wanted["dtype"])
    with using_operations(wanted["operations"]):
        names = calls(lambda: conv2d(x, weight, padding=wanted["padding"]))
        y = conv2d(x, weight, padding=wanted["padding"])
    assert names == (["stylesv.conv3x3.default"] if fast else [])
    expected = F.conv2d(x, weight, padding=wanted["padding"])
    if fast:
        assert (y - expected).abs().max() <= 1e-5 * expected.abs().max()
    else:
        assert torch.equal(y, expected)


@pytest.mark.parametrize("operations", ["torch", "definition"])
def test_a_weight_for_each_image_without_the_fast_form(operations):
    x, weight = random(3, 4, 9, 9), random(3, 5, 4, 3, 3, seed=1)
    with using_operations(operations):
        torch.testing.assert_close(conv2d(x, weight, padding=1), by_torch(x, weight, 1), rtol=0, atol=1e-12)


@pytest.mark.parametrize("weight", [(1, 3, 5, 3, 3), (3, 3, 4, 3, 3), (1, 3, 4, 1, 1)])
def test_a_weight_that_does_not_fit_is_an_error(weight):
    with pytest.raises(RuntimeError, match="do not fit an image of"):
        torch.ops.stylesv.conv3x3(torch.zeros(2, 4, 16, 16), torch.zeros(weight), 1, False)
    with pytest.raises(RuntimeError, match="does not fit an image of"):
        torch.ops.stylesv.conv3x3_weight(torch.zeros(2, 4, 16, 16), torch.zeros(2, 3, 15, 16), 1, False)

"""Means over a clip's responses: the definitions against NumPy, and the C++ form against them in twice the precision."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from stylesv.ops import frame_spread, gradient_products, mean_bend, mean_detail, mean_differences

APART = [(1, 0, 0), (8, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 2), (2, 1, 1)]
MEANS: dict[str, Callable[[torch.Tensor], list[torch.Tensor]]] = {
    "differences": lambda x: mean_differences(x, APART),
    "bend": lambda x: [mean_bend(x)],
    "spread": lambda x: list(frame_spread(x)),
    "detail": lambda x: [mean_detail(x, 1, 4), mean_detail(x, 2, 5)],
    "products": lambda x: [gradient_products(x)],
}
SHAPES = [
    (16, 3, 96, 96),
    (16, 32, 48, 48),
    (9, 16, 47, 33),
    (16, 80, 6, 6),
    (9, 5, 3, 4),
    (10, 1, 4, 3),
    (9, 1280, 3, 3),
]


def responses(shape: tuple[int, ...]) -> torch.Tensor:
    """Blobs that move and change, as a ReLU6 leaves them: many zeros, some sixes; with channels last."""
    t, c, h, w = shape
    noise = torch.randn(t, c, h, w, generator=torch.Generator().manual_seed(sum(shape)), dtype=torch.float64)
    slow = noise.cumsum(dim=0) / 2
    smooth = F.avg_pool2d(slow, 3, stride=1, padding=1) * 3 + noise / 5
    return smooth.clamp(0, 6).float().contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", MEANS)
def test_the_cpp_form_gives_the_definition_in_twice_the_precision(name, shape, has_cpp):
    x = responses(shape)
    for clip in (x, x[:1].expand(shape).contiguous(memory_format=torch.channels_last), x.contiguous()):
        found, expected = MEANS[name](clip), MEANS[name](clip.double())  # only float32 has a C++ form
        for one, other in zip(found, expected, strict=True):
            assert one.dtype == torch.float32 and other.dtype == torch.float64
            torch.testing.assert_close(one.double(), other, rtol=2e-6, atol=2e-6 * float(other.abs().max()))


@pytest.mark.parametrize("name", MEANS)
def test_nothing_changes_exactly_in_a_frozen_clip(name, has_cpp):
    x = responses((16, 24, 24, 24))[:1].expand(16, -1, -1, -1)
    found, moves = MEANS[name](x), {"differences": [0, 1], "bend": [0]}.get(name, [])
    assert all(bool((found[place] == 0).all()) for place in moves)
    if name == "detail":
        for square, near, far, staying in found:
            assert not near.any() and not far.any()
            torch.testing.assert_close(staying, square, rtol=1e-6, atol=0)
    if name == "products":
        assert not found[0][[0, 1, 5]].any() and found[0][2].all()


@pytest.mark.parametrize("name", MEANS)
def test_runs_and_numbers_of_threads_give_the_same_bytes(name, has_cpp):
    x, threads = responses((16, 24, 25, 24)), torch.get_num_threads()
    try:
        found = []
        for count in (1, 1, 2, 3):
            torch.set_num_threads(count)
            found.append(torch.cat([part.flatten() for part in MEANS[name](x)]))
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(found[0], other) for other in found[1:])


def test_the_definitions_are_those_of_numpy():
    x = responses((9, 4, 7, 9)).double()
    n = x.numpy()
    for found, (frames, rows, columns) in zip(mean_differences(x, APART), APART, strict=True):
        assert found.shape == (9 - frames, 4)
        apart = [
            np.abs(n[t + frames, :, rows:, columns:] - n[t, :, : 7 - rows, : 9 - columns]) for t in range(9 - frames)
        ]
        np.testing.assert_allclose(found, np.stack(apart).mean(axis=(2, 3)), atol=1e-12)
    np.testing.assert_allclose(mean_bend(x), np.abs(np.diff(n, 2, axis=0)).mean(axis=(2, 3)), atol=1e-12)
    spread, deviation = frame_spread(x)
    np.testing.assert_allclose(spread, n.std(axis=(2, 3)), atol=1e-12)
    np.testing.assert_allclose(deviation, np.abs(n - n.mean(axis=(2, 3), keepdims=True)).mean(axis=(2, 3)), atol=1e-12)

    detail = (x - F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)).numpy()
    changes = [np.abs(detail[lag:] - detail[:-lag]).mean(axis=(0, 2, 3)) for lag in (1, 4)]
    staying = (detail.mean(axis=0) ** 2).mean(axis=(1, 2))
    np.testing.assert_allclose(mean_detail(x, 1, 4), [(detail**2).mean(axis=(0, 2, 3)), *changes, staying], atol=1e-12)

    step, halfway = np.diff(n, axis=0), (n[1:] + n[:-1]) / 2
    down, right = np.gradient(halfway, axis=(2, 3))
    products = [step * right, step * down, right * right, down * down, right * down, step * step]
    expected = np.stack([product[..., 1:-1, 1:-1].sum(axis=(0, 1)) for product in products])
    np.testing.assert_allclose(gradient_products(x), expected, atol=1e-10)


def test_what_is_to_be_differentiated_is_computed_by_pytorch():
    x = responses((9, 2, 5, 6)).requires_grad_()
    sum(part.sum() for means in MEANS.values() for part in means(x)).backward()
    assert x.grad.abs().sum() > 0


@pytest.mark.parametrize("apart", [(9, 0, 0), (0, 5, 0), (0, 0, 6), (-1, 0, 0)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_nothing_beside_the_clip_is_read(apart, dtype):
    """In either form."""
    with pytest.raises(ValueError, match=r"responses \(9, 2, 5, 6\) \(t, c, h, w\) have too few frames or places"):
        mean_differences(responses((9, 2, 5, 6)).to(dtype), [apart])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_too_few_frames_or_places_are_refused_alike(dtype):
    for means, shape in (
        (mean_bend, (2, 3, 4, 4)),
        (lambda x: mean_detail(x, 4, 4), (9, 3, 4, 4)),
        (lambda x: mean_detail(x, 1, 9), (9, 3, 4, 4)),
        (lambda x: mean_detail(x, 1, 4), (9, 3, 4, 1)),
        (gradient_products, (9, 3, 2, 4)),
        (gradient_products, (1, 3, 4, 4)),
    ):
        with pytest.raises(ValueError, match="have too few frames or places"):
            means(responses(shape).to(dtype))


def test_a_clip_of_one_colour_has_no_detail_but_for_a_last_bit():
    x = torch.full((9, 3, 7, 8), 0.7371)
    for dtype, bit in ((torch.float32, 6e-8), (torch.float64, 2e-16)):
        assert mean_detail(x.to(dtype), 1, 4)[[0, 3]].max() <= bit**2

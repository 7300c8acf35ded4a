"""Losses against loops over clips and frames, and closed forms."""

import math

import numpy as np
import pytest
import torch

from stylesv.training.losses import (
    interpolate_latents,
    loss_of_fake,
    loss_of_real,
    mix_styles,
    one_w_per_place,
    path_lengths,
    r1_penalty,
)


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)


def test_logistic_losses_are_minus_the_log_of_the_probability_of_the_right_answer():
    logits = torch.linspace(-5, 5, 11, dtype=torch.float64)
    probability_of_real = 1 / (1 + np.exp(-logits.numpy()))
    assert np.allclose(loss_of_real(logits), -np.log(probability_of_real))
    assert np.allclose(loss_of_fake(logits), -np.log(1 - probability_of_real))


def test_r1_is_the_squared_gradient_of_a_frame_averaged_over_frames(rng):
    frames = torch.randn(2, 3, 3, 4, 4, generator=rng, dtype=torch.float64).requires_grad_()
    weight = torch.randn(3, 3, 4, 4, generator=rng, dtype=torch.float64)
    penalty = r1_penalty((frames.square() * weight).sum(dim=(1, 2, 3, 4)), frames)
    for clip in range(2):
        squares = [(2 * frames[clip, t] * weight[t]).square().sum().item() for t in range(3)]
        assert penalty[clip].item() == pytest.approx(sum(squares) / 3)


def test_r1_can_be_differentiated_again(rng):
    frames = torch.randn(2, 2, 1, 3, 3, generator=rng, dtype=torch.float64).requires_grad_()
    weight = torch.randn(2, 1, 3, 3, generator=rng, dtype=torch.float64).requires_grad_()

    def penalty(frames, weight):
        return r1_penalty(torch.tanh((frames * weight).sum(dim=(1, 2, 3, 4))), frames)

    assert torch.autograd.gradcheck(penalty, (frames, weight))


def test_path_length_of_a_linear_generator_is_known(rng):
    num_frames, places, dim, size = 3, 4, 5, 6
    weight = torch.randn(places, dim, num_frames * 3 * size * size, generator=rng, dtype=torch.float64)
    w = torch.randn(2, 1, places, dim, generator=rng, dtype=torch.float64).requires_grad_()
    frames = torch.einsum("nld,ldk->nk", w[:, 0], weight).reshape(2, num_frames, 3, size, size)
    noise = torch.randn(frames.shape, generator=rng, dtype=torch.float64)
    found = path_lengths(frames, w, noise=noise)
    lengths = []
    for clip in range(2):
        squares = [
            float((weight[place] @ noise[clip].flatten() / math.sqrt(num_frames * size * size)).square().sum())
            for place in range(places)
        ]
        lengths.append(math.sqrt(sum(squares) / places))
    assert found.tolist() == pytest.approx(lengths)


def test_path_length_does_not_grow_with_the_number_of_equal_frames(rng):
    weight = torch.randn(5, 3 * 8 * 8, generator=rng, dtype=torch.float64)
    means = []
    for num_frames in (1, 16):
        w = torch.randn(64, 1, 1, 5, generator=rng, dtype=torch.float64).requires_grad_()
        frames = (w[:, 0, 0] @ weight).reshape(64, 1, 3, 8, 8).expand(-1, num_frames, -1, -1, -1)
        noise = torch.randn(frames.shape, generator=rng, dtype=torch.float64)
        means.append(path_lengths(frames, w, noise=noise).mean().item())
    assert means[1] == pytest.approx(means[0], rel=0.15)


def test_interpolated_content_moves_on_a_line_and_past_its_end(rng):
    first, second = torch.randn(2, 2, 7, generator=rng)
    times = torch.tensor([[10.0, 12.0, 20.0], [0.0, 1.0, 2.0]], dtype=torch.float64)
    start = torch.tensor([0.5, 1.0])
    w = interpolate_latents(first, second, times, start=start, length=10.0)
    assert w.shape == (2, 3, 7) and w.dtype == torch.float32
    for clip, shares in enumerate([[0.5, 0.3, -0.5], [1.0, 0.9, 0.8]]):
        for t, share in enumerate(shares):
            assert torch.allclose(w[clip, t], share * first[clip] + (1 - share) * second[clip], atol=1e-6)


def test_mixed_content_changes_latent_at_the_crossover(rng):
    first, second = torch.randn(2, 3, 7, generator=rng)
    mixed = mix_styles(first, second, crossover=torch.tensor([1, 3, 4]), num_places=4)
    assert mixed.shape == (3, 1, 4, 7)
    for clip, crossover in enumerate([1, 3, 4]):
        for place in range(4):
            expected = first[clip] if place < crossover else second[clip]
            assert torch.equal(mixed[clip, 0, place], expected)


def test_content_that_moves_in_time_can_be_mixed_too(rng):
    first = torch.randn(2, 5, 7, generator=rng)
    second = torch.randn(2, 7, generator=rng)
    mixed = mix_styles(first, second, crossover=torch.tensor([2, 2]), num_places=3)
    assert mixed.shape == (2, 5, 3, 7)
    assert torch.equal(mixed[:, :, 1], first)
    assert torch.equal(mixed[:, 4, 2], second)


def test_one_w_per_place_gives_every_place_the_same_w(rng):
    w = torch.randn(2, 7, generator=rng)
    placed = one_w_per_place(w, 3)
    assert placed.shape == (2, 1, 3, 7)
    assert all(torch.equal(placed[:, 0, place], w) for place in range(3))

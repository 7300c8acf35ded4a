"""Clips that are varied over generations."""

from functools import partial

import pytest
import torch

from stylesv.generation.evolution import PARENTS, evolve, varied, vary_both, vary_motion


def pairs(count: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    draws = torch.Generator().manual_seed(0)
    return [(torch.randn(1, 8, generator=draws), torch.randn(1, 6, 8, generator=draws)) for _ in range(count)]


def distance(pair: tuple[torch.Tensor, torch.Tensor]) -> float:
    """From another draw."""
    wanted = pairs(1000)[-1]
    return sum(float((one - other).square().mean()) for one, other in zip(pair, wanted, strict=True))


@pytest.mark.parametrize("vary", [vary_both, vary_motion])
def test_generations_come_nearer_than_as_many_draws(vary):
    def best(count: int, generations: int) -> float:
        varying = partial(vary, draws=torch.Generator().manual_seed(1))
        return distance(evolve(pairs(count), distance, varying, generations=generations, children=32)[0])

    first, fifth = best(64, 1), best(64, 5)
    assert fifth < first <= best(64, 0) and fifth < 0.8 * best(64 + 5 * 32, 0)


def test_without_generations_draws_are_sorted_by_their_loss():
    found = evolve(pairs(20), distance, vary_both, generations=0, children=9)
    assert [distance(pair) for pair in found] == sorted(map(distance, pairs(20)))


def test_the_same_draws_are_the_same_end():
    ends = [
        evolve(
            pairs(9), distance, partial(vary_both, draws=torch.Generator().manual_seed(2)), generations=3, children=16
        )
        for _ in range(2)
    ]
    assert all(torch.equal(*both) for one, other in zip(*ends, strict=True) for both in zip(one, other, strict=True))


def test_children_have_parts_of_their_parents():
    """One in four keeps its parent's content and one in four its motion; content comes from another parent for one in four."""
    parents, draws = pairs(PARENTS), torch.Generator().manual_seed(3)
    kept, own, taken = 0, 0, 0
    for number in range(40 * PARENTS):
        content, motion = vary_both(parents, number, draws)
        parent = parents[number % PARENTS]
        kept += torch.equal(motion, parent[1])
        own += torch.equal(content, parent[0])
        taken += any(torch.equal(content, other[0]) for other in parents)
    assert taken == 20 * PARENTS and 10 * PARENTS < own < 13 * PARENTS
    assert 10 * PARENTS <= kept < 12 * PARENTS  # some anchors may be none


def test_what_is_varied_is_a_draw_again():
    draws = torch.Generator().manual_seed(4)
    noise = torch.randn(1, 400, 100, generator=draws)
    for _ in range(10):
        assert varied(noise, draws).std() == pytest.approx(1, abs=0.02)
    some = (varied(noise, draws, some=True) == noise).all(dim=2).float().mean()
    assert some == pytest.approx(0.5, abs=0.1)

"""Clips that are varied over generations until one is like another clip.

Angles of waves give descent hollows to end in. Varying draws leaves them, and needs no gradient: what is varied is noise of unit
variance, and stays so (preconditioned Crank-Nicolson proposals; Cotter et al. 2013).
"""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

PARENTS = 8  # of a generation

Pair = tuple[Tensor, Tensor]
"""Content and motion."""


@torch.no_grad()
def evolve(
    pairs: list[Pair],
    loss: Callable[[Pair], float],
    vary: Callable[[list[Pair], int], Pair],
    *,
    generations: int,
    children: int,
) -> list[Pair]:
    """Content and motion by how small their loss is, after generations in which the best are parents of so many children.

    `vary`: child of a number of parents, who are given, the best first.
    """
    pool = [(loss(pair), number, pair) for number, pair in enumerate(pairs)]
    count = len(pool)
    for _ in range(generations):
        pool = sorted(pool, key=_by_loss)[:PARENTS]
        parents = [pair for _, _, pair in pool]
        for number in range(children):
            child = vary(parents, number)
            pool.append((loss(child), count + number, child))
        count += children
    return [pair for _, _, pair in sorted(pool, key=_by_loss)]


def _by_loss(each: tuple[float, int, Pair]) -> tuple[float, int]:
    return each[:2]


def vary_both(parents: list[Pair], number: int, draws: torch.Generator) -> Pair:
    """Content is varied, content and motion are, motion with another parent's content, or motion: each for one child in four."""
    content, motion = parents[number % len(parents)]
    kind = number // len(parents) % 4
    if kind in (0, 1):
        content = varied(content, draws)
    if kind == 2:
        content = parents[int(torch.randint(len(parents), [1], generator=draws))][0]
    if kind != 0:
        motion = varied(motion, draws, some=number % 2 == 1)
    return content, motion


def vary_motion(parents: list[Pair], number: int, draws: torch.Generator) -> Pair:
    """Motion is varied."""
    content, motion = parents[number % len(parents)]
    return content, varied(motion, draws, some=number % 2 == 1)


def varied(noise: Float[Tensor, "1 *k m"], draws: torch.Generator, *, some: bool = False) -> Float[Tensor, "1 *k m"]:
    """Another draw that is more or less like one, or like it but for `some` of its anchors."""
    angle = math.pi / 2 * float(torch.rand(1, generator=draws)) ** 2
    fresh = math.cos(angle) * noise + math.sin(angle) * torch.randn(noise.shape, generator=draws).to(noise.device)
    if not some:
        return fresh
    return torch.where(torch.rand([1, noise.shape[1], 1], generator=draws).to(noise.device) < 0.5, noise, fresh)

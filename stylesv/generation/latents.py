"""What clips are made from, drawn by (seed, clip number): the noise of a clip does not depend on the batch it is made in.

The published code draws one noise a batch, from the global generator. Motion noise of a film is drawn as far as it is read
(`EndlessNoise`), so that memory does not grow with time, and any part of a film can be made alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from stylesv.networks.generator import Generator
from stylesv.seeding import numpy_generator, torch_generator

_BLOCK = 16  # normal numbers that torch draws together
_SKIPPED_AT_ONCE = 1 << 20  # numbers that are drawn and dropped together


@dataclass(frozen=True)
class EndlessNoise:
    """Motion noise of some clips, N(0, 1) at anchors from 0 to infinity, as a recipe; `reader` draws it."""

    clips: tuple[tuple[int, int], ...]
    """Seed and number of each clip."""
    dim: int
    """Numbers at an anchor."""

    def reader(self) -> "NoiseReader":
        """A reader at anchor 0."""
        return NoiseReader(self)


class NoiseReader:
    """Reads motion noise from earlier to later anchors, and keeps only what the last reading asked for.

    What lies before is drawn and dropped: the numbers of a stream of torch cannot be had without those before them.
    """

    def __init__(self, noise: EndlessNoise):
        self._noise = noise
        self._unit = _BLOCK // math.gcd(_BLOCK, noise.dim)  # anchors whose numbers fill whole blocks
        self._begin()

    def _begin(self) -> None:
        self._draws = [torch_generator(seed, "motion", number) for seed, number in self._noise.clips]
        self._first, self._held = 0, torch.empty(len(self._noise.clips), 0, self._noise.dim)

    def read(self, first: int, stop: int) -> Float[Tensor, "n k m"]:
        """The noise at anchors `first` to `stop` - 1. Going back begins anew at anchor 0."""
        if first < self._first:
            self._begin()
        drawn = self._first + self._held.shape[1]
        if first > drawn:
            at_once = max(1, _SKIPPED_AT_ONCE // (self._noise.dim * self._unit)) * self._unit
            until = first // self._unit * self._unit
            for begin in range(drawn, until, at_once):
                self._draw(min(at_once, until - begin))
            self._first, self._held, drawn = until, self._held[:, :0], until
        if stop > drawn:
            more = self._draw(-(-(stop - drawn) // self._unit) * self._unit)
            self._held = torch.cat([self._held, more], dim=1)
        self._held = self._held[:, first - self._first :].clone()  # of what is dropped, nothing stays in memory
        self._first = first
        return self._held[:, : stop - first]

    def _draw(self, anchors: int) -> Float[Tensor, "n k m"]:
        """The next anchors of each clip, whole units of them."""
        values = [torch.randn(anchors * self._noise.dim, generator=draws) for draws in self._draws]
        return torch.stack(values).unflatten(1, (anchors, self._noise.dim))


@dataclass(frozen=True)
class Latents:
    """What a clip is made from: content `n z` and motion noise `n k m`, both N(0, 1), and its label, 1 for its class."""

    content: Float[Tensor, "n z"]
    motion: Float[Tensor, "n k m"] | EndlessNoise
    labels: Float[Tensor, "n c"] | None = None
    """None: the generator knows no classes."""


def draw_latents(
    generator: Generator,
    seed: int,
    *,
    clip_numbers: Sequence[int],
    max_time: float | None,
    class_number: int | None = None,
) -> Latents:
    """Latents of the given clips for times up to `max_time` frames (None: all times); longer clips begin as shorter ones do.

    Their class, where the generator knows classes, is `class_number`, or drawn for each clip as often as its
    training data has it.
    """
    clips = tuple((seed, int(number)) for number in clip_numbers)
    motion: Tensor | EndlessNoise = EndlessNoise(clips, generator.motion_noise_dim)
    if max_time is not None:
        motion = motion.reader().read(0, generator.motion_noise_length(max_time))
    return Latents(draw_contents(generator, clips), motion, draw_labels(generator, clips, class_number))


def draw_contents(generator: Generator, clips: Sequence[tuple[int, ...]]) -> Float[Tensor, "n z"]:
    """Content noise of clips, each a seed, a number and, of a content that it comes to later, which one."""
    draws = [torch_generator(seed, "content", *position) for seed, *position in clips]
    return torch.stack([torch.randn(generator.z_dim, generator=each) for each in draws])


def draw_labels(
    generator: Generator, clips: Sequence[tuple[int, int]], class_number: int | None
) -> Float[Tensor, "n c"] | None:
    """Labels of clips: of one class, or drawn; None where the generator knows none."""
    if not generator.class_dim:
        return None
    classes = [draw_class(generator, *clip) if class_number is None else class_number for clip in clips]
    return torch.nn.functional.one_hot(torch.tensor(classes), generator.class_dim).float()


def draw_class(generator: Generator, seed: int, clip_number: int) -> int:
    """The class of a clip of a generator that knows classes: as often as in its training data, or all alike probable."""
    draws = numpy_generator(seed, "class", clip_number)
    if generator.class_counts is None:
        return int(draws.integers(generator.class_dim))
    up_to = np.cumsum(generator.class_counts)
    return int(np.searchsorted(up_to, draws.integers(up_to[-1]), side="right"))

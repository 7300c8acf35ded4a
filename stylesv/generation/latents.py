"""What clips are made from, drawn by (seed, clip number): the noise of a clip does not depend on the batch it is made in.

The published code draws one noise a batch, from the global generator. Motion noise of a film is drawn as far as it is read
(`EndlessNoise`), so that memory does not grow with time, and any part of a film can be made alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from stylesv.generation.classes import draw_labels
from stylesv.networks.generator import Generator
from stylesv.seeding import torch_generator

_BLOCK = 16  # normal numbers that torch draws together
_SKIPPED_AT_ONCE = 1 << 20  # numbers that are drawn and dropped together


@dataclass(frozen=True)
class EndlessNoise:
    """Motion noise of some clips, N(0, 1) at anchors from 0 to infinity, as a recipe; `reader` draws it."""

    clips: tuple[tuple[int, int], ...]
    """Seed and number of each clip."""
    dim: int
    """Numbers at an anchor."""
    found: Float[Tensor, "k m"] | None = None
    """Of all clips, what was found at the first anchors, in the place of what is drawn."""

    def reader(self) -> "NoiseReader":
        """A reader at anchor 0."""
        return NoiseReader(self)


class NoiseReader:
    """Reads motion noise from earlier to later anchors, and keeps only what the last reading asked for.

    What lies before is drawn and dropped: the numbers of a stream of torch cannot be had without those before them.
    Where a first reading begins late, that place is kept, so that going back to it draws nothing before it again.
    """

    def __init__(self, noise: EndlessNoise):
        self._noise = noise
        self._unit = _BLOCK // math.gcd(_BLOCK, noise.dim)  # anchors whose numbers fill whole blocks
        self._draws = [torch_generator(seed, "motion", number) for seed, number in noise.clips]
        self._places = {0: self._states()}
        self._begin(0)

    def _states(self) -> list[Tensor]:
        return [draws.get_state() for draws in self._draws]

    def _begin(self, first: int) -> None:
        """Go back to the last place that is kept before an anchor."""
        place = max(each for each in self._places if each <= first)
        for draws, state in zip(self._draws, self._places[place], strict=True):
            draws.set_state(state)
        self._first, self._held = place, torch.empty(len(self._draws), 0, self._noise.dim)

    def read(self, first: int, stop: int) -> Float[Tensor, "n k m"]:
        """The noise at anchors `first` to `stop` - 1."""
        if first < self._first:
            self._begin(first)
        drawn = self._first + self._held.shape[1]
        if first > drawn:
            at_once = max(1, _SKIPPED_AT_ONCE // (self._noise.dim * self._unit)) * self._unit
            until = first // self._unit * self._unit
            for begin in range(drawn, until, at_once):
                self._draw(min(at_once, until - begin))
            self._first, self._held, drawn = until, self._held[:, :0], until
            if len(self._places) == 1:
                self._places[until] = self._states()
        if stop > drawn:
            more = self._draw(-(-(stop - drawn) // self._unit) * self._unit)
            self._held = torch.cat([self._held, more], dim=1)
        self._held = self._held[:, first - self._first :].clone()  # of what is dropped, nothing stays in memory
        self._first = first
        return self._with_found(self._held[:, : stop - first], first)

    def _with_found(self, drawn: Float[Tensor, "n k m"], first: int) -> Float[Tensor, "n k m"]:
        if self._noise.found is None or first >= len(self._noise.found):
            return drawn
        found = self._noise.found[first : first + drawn.shape[1]]
        return torch.cat([found.expand(len(drawn), -1, -1), drawn[:, len(found) :]], dim=1)

    def _draw(self, anchors: int) -> Float[Tensor, "n k m"]:
        """The next anchors of each clip, whole units of them."""
        values = [torch.randn(anchors * self._noise.dim, generator=draws) for draws in self._draws]
        return torch.stack(values).unflatten(1, (anchors, self._noise.dim))


@dataclass(frozen=True)
class FoundContent:
    """Content that was not drawn but found: w of `l` places that take one; 1: the same for all."""

    w: Float[Tensor, "n l d"]

    def __len__(self) -> int:
        return len(self.w)


@dataclass(frozen=True)
class Latents:
    """What a clip is made from: content `n z` and motion noise `n k m`, both N(0, 1), and its label, 1 for its class."""

    content: Float[Tensor, "n z"] | FoundContent
    motion: Float[Tensor, "n k m"] | EndlessNoise
    labels: Float[Tensor, "n c"] | None = None
    """None: the generator knows no classes."""


def draw_latents(
    generator: Generator,
    seed: int,
    *,
    clip_numbers: Sequence[int],
    max_time: float | int | None,
    class_number: int | None = None,
) -> Latents:
    """Latents of the given clips for times up to `max_time` frames (None: all times); longer clips begin as shorter ones do.

    Their class, where the generator knows classes, is `class_number`, or drawn for each clip as often as its
    training data has it.
    """
    clips = [(seed, int(number)) for number in clip_numbers]
    latents = mixed_latents(generator, clips, clips, class_number)
    if max_time is None:
        return latents
    noise = latents.motion.reader().read(0, generator.motion_noise_length(max_time))
    return replace(latents, motion=noise)


def mixed_latents(
    generator: Generator,
    contents: Sequence[tuple[int, int]],
    motions: Sequence[tuple[int, int]],
    class_number: int | None,
) -> Latents:
    """Latents of clips for all times, content and motion apart: a seed and a number each. A class is drawn as the content is."""
    motion = EndlessNoise(tuple(motions), generator.motion_noise_dim)
    return Latents(draw_contents(generator, contents), motion, draw_labels(generator, contents, class_number))


def draw_contents(generator: Generator, clips: Sequence[tuple[int, ...]]) -> Float[Tensor, "n z"]:
    """Content noise of clips, each a seed, a number and, of a content that it comes to later, which one."""
    draws = [torch_generator(seed, "content", *position) for seed, *position in clips]
    return torch.stack([torch.randn(generator.z_dim, generator=each) for each in draws])

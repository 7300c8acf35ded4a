"""Content that changes over time: from one content to the next every so many frames, without a kink.

Between contents w follows a Catmull-Rom spline: it goes through the w of each content, turns smoothly there, and needs the
two contents before and the two behind alone, so that any part of an endless walk can be made by itself.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from stylesv.generation.latents import draw_contents
from stylesv.networks.generator import Generator


@dataclass(frozen=True)
class ContentWalk:
    """The contents that some clips come to."""

    clips: tuple[tuple[int, int], ...]
    """Seed and number of each clip, whose own content it begins with."""
    every: float | int
    """Frames (of time) from one content to the next."""
    seeds: tuple[int, ...] | None = None
    """Seeds of the contents that all clips go through, again and again; None: ever new ones."""

    def w_at(
        self,
        generator: Generator,
        times: Float[Tensor, "t"],
        labels: Float[Tensor, "n c"] | None,
        *,
        truncation: float | int,
    ) -> Float[Tensor, "n t d"]:
        """w of each clip at the times, on the generator's device."""
        places = times.double() / self.every
        left = torch.floor(places)
        needed, index = (left.long()[:, None] + torch.arange(-1, 3)).unique(return_inverse=True)
        w = torch.stack(
            [self._w_of(generator, number, labels, truncation) for number in needed.tolist()], dim=1
        )  # (n, contents, d)
        weights = catmull_rom_weights((places - left).to(w.device, w.dtype))
        return (weights[..., None] * w[:, index.to(w.device)]).sum(dim=2)

    def _w_of(
        self, generator: Generator, number: int, labels: Float[Tensor, "n c"] | None, truncation: float | int
    ) -> Float[Tensor, "n d"]:
        """w of one of the contents of each clip."""
        device = generator.mapping.w_avg.device
        content = draw_contents(generator, [self._content(clip, number) for clip in self.clips])
        return generator.mapping(content.to(device), labels, truncation=truncation)

    def _content(self, clip: tuple[int, int], number: int) -> tuple[int, ...]:
        if self.seeds is not None:
            return self.seeds[number % len(self.seeds)], 0
        return clip if number == 0 else (*clip, number)


def catmull_rom_weights(u: Float[Tensor, "t"]) -> Float[Tensor, "t 4"]:
    """Weights of four neighbouring points the fraction u of the way from the second to the third; they sum to 1.

    Catmull and Rom 1974, uniform, tension 1/2: the slope at a point is half of what lies between its neighbours.
    """
    u2, u3 = u**2, u**3
    weights = [-u3 + 2 * u2 - u, 3 * u3 - 5 * u2 + 2, -3 * u3 + 4 * u2 + u, u3 - u2]
    return torch.stack(weights, dim=-1) / 2

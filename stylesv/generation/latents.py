"""What clips are made from, drawn by (seed, clip number): the noise of a clip does not depend on the batch it is made in.

The published code draws one noise a batch, from the global generator.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from stylesv.networks.generator import Generator
from stylesv.seeding import numpy_generator, torch_generator


@dataclass(frozen=True)
class Latents:
    """What a clip is made from: content `n z` and motion noise `n k m`, both N(0, 1), and its label, 1 for its class."""

    content: Float[Tensor, "n z"]
    motion: Float[Tensor, "n k m"]
    labels: Float[Tensor, "n c"] | None = None
    """None: the generator knows no classes."""


def draw_latents(
    generator: Generator, seed: int, *, clip_numbers: Sequence[int], max_time: float, class_number: int | None = None
) -> Latents:
    """Latents of the given clips for times up to `max_time` frames; longer clips begin as shorter ones do.

    Their class, where the generator knows classes, is `class_number`, or drawn for each clip as often as its
    training data has it.
    """
    length = generator.motion_noise_length(max_time)
    content, motion = [], []
    for number in clip_numbers:
        content.append(torch.randn(generator.z_dim, generator=torch_generator(seed, "content", number)))
        motion.append(_noise(length, generator.motion_noise_dim, torch_generator(seed, "motion", number)))
    labels = None
    if generator.class_dim:
        classes = [draw_class(generator, seed, n) if class_number is None else class_number for n in clip_numbers]
        labels = torch.nn.functional.one_hot(torch.tensor(classes), generator.class_dim).float()
    return Latents(torch.stack(content), torch.stack(motion), labels)


def _noise(length: int, dim: int, draws: torch.Generator) -> Float[Tensor, "k m"]:
    """N(0, 1), of which a longer one begins as a shorter one does.

    torch draws normal numbers in blocks of 16 and draws those of a last, broken block anew, so only whole blocks are drawn.
    """
    whole = -(-length * dim // 16) * 16
    return torch.randn(whole, generator=draws)[: length * dim].reshape(length, dim)


def draw_class(generator: Generator, seed: int, clip_number: int) -> int:
    """The class of a clip of a generator that knows classes: as often as in its training data, or all alike probable."""
    draws = numpy_generator(seed, "class", clip_number)
    if generator.class_counts is None:
        return int(draws.integers(generator.class_dim))
    up_to = np.cumsum(generator.class_counts)
    return int(np.searchsorted(up_to, draws.integers(up_to[-1]), side="right"))

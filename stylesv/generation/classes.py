"""Classes of clips, of generators that know them: which one a clip has, and its label."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from stylesv.errors import ConfigError
from stylesv.networks.generator import Generator
from stylesv.seeding import numpy_generator


def require_class(class_number: int | None, num_classes: int, networks: Path | str = "the snapshot") -> None:
    """Check a class that was asked for; None is none.

    Raises:
        ConfigError: the snapshot has no such class.
    """
    if class_number is None or 0 <= class_number < num_classes:
        return
    if num_classes == 0:
        raise ConfigError(f"--class {class_number}: {networks} knows no classes; leave --class out")
    raise ConfigError(f"--class {class_number}: {networks} has classes 0 to {num_classes - 1}")


def draw_labels(
    generator: Generator, clips: Sequence[tuple[int, int]], class_number: int | None
) -> Float[Tensor, "n c"] | None:
    """Labels of clips, each a seed and a number: of one class, or drawn; None where the generator knows none."""
    if not generator.class_dim:
        return None
    return labels_of(generator, [draw_class(generator, *c) if class_number is None else class_number for c in clips])


def labels_of(generator: Generator, classes: Sequence[int]) -> Float[Tensor, "n c"]:
    """1 for a clip's class, else 0."""
    return torch.nn.functional.one_hot(torch.tensor(classes), generator.class_dim).float()


def draw_class(generator: Generator, seed: int, clip_number: int) -> int:
    """The class of a clip of a generator that knows classes: as often as in its training data, or all alike probable."""
    draws = numpy_generator(seed, "class", clip_number)
    if generator.class_counts is None:
        return int(draws.integers(generator.class_dim))
    up_to = np.cumsum(generator.class_counts)
    return int(np.searchsorted(up_to, draws.integers(up_to[-1]), side="right"))

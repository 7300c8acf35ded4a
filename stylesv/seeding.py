"""Randomness as a function of position: (seed, purpose, position), never of how many draws came before.

A draw made for step 1,000 is the same whether the run was started once or resumed ten times, with one worker or
eight. This replaces the published code's global generators seeded once per process.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def derive_seed(seed: int, purpose: str, *position: int) -> int:
    """A 63-bit seed for one purpose at one position, e.g. `derive_seed(0, "latents", step)`."""
    text = ":".join([str(int(seed)), purpose, *(str(int(p)) for p in position)])
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def torch_generator(seed: int, purpose: str, *position: int) -> torch.Generator:
    """A CPU torch generator for one purpose at one position; the same numbers on every device."""
    import torch  # heavy, and the config floor must stay light

    return torch.Generator().manual_seed(derive_seed(seed, purpose, *position))


def numpy_generator(seed: int, purpose: str, *position: int) -> np.random.Generator:
    """A NumPy generator for one purpose at one position."""
    return np.random.Generator(np.random.PCG64(derive_seed(seed, purpose, *position)))

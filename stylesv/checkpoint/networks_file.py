"""A snapshot: the networks of one kimg, with everything needed to build them again.

Tensors are named `generator.*`, `generator_ema.*`, `discriminator.*`. The header says which settings built them; the time
and the machine are not in it, so that equal training gives equal bytes.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import stylesv
from stylesv.checkpoint.tensor_file import read_tensors, write_tensors
from stylesv.errors import CheckpointError

NETWORKS_FORMAT = "stylesv networks 1"


def write_networks(path: Path, parts: dict[str, dict[str, Tensor]], facts: dict[str, Any]) -> str:
    """Write a snapshot; returns its SHA-256.

    `parts` maps generator, generator_ema and discriminator to state dicts (an imported checkpoint may lack some). `facts`
    must hold `generator` and `discriminator` (settings as plain data, or null), `resolution`, `num_frames`, `class_dim`,
    `max_num_frames`, `uniform_times`, `kimg` and may hold `recipe`, `run`, `origin`.
    """
    tensors = {f"{part}.{name}": tensor for part, state in parts.items() for name, tensor in state.items()}
    header = {"format": NETWORKS_FORMAT, "stylesv": stylesv.__version__, "torch": torch.__version__.split("+")[0]}
    return write_tensors(path, tensors, header | facts)


def read_networks(path: Path) -> tuple[dict[str, dict[str, Tensor]], dict[str, Any]]:
    """Read a snapshot: its parts' state dicts and its header.

    Raises:
        CheckpointError: missing, damaged, or not a snapshot.
    """
    tensors, header = read_tensors(path)
    if header.get("format") != NETWORKS_FORMAT:
        raise CheckpointError(
            f"{path}: format {header.get('format')!r}, expected {NETWORKS_FORMAT!r}; give a "
            "networks.safetensors written by training or by import_checkpoint.py"
        )
    parts: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        part, _, key = name.partition(".")
        parts.setdefault(part, {})[key] = tensor
    return parts, header


def first_not_finite(parts: Mapping[str, Mapping[str, Tensor]]) -> str | None:
    """The first tensor that holds NaN or infinity, in words: `generator_ema.w_avg is not finite (3 of 512 numbers)`."""
    for part, tensors in parts.items():
        for name, tensor in tensors.items():
            bad = int((~tensor.isfinite()).sum())
            if bad:
                return f"{part}.{name} is not finite ({bad} of {tensor.numel()} numbers)"
    return None


def require_finite_networks(path: Path, parts: Mapping[str, Mapping[str, Tensor]]) -> None:
    """Check that networks of a file can be used.

    Raises:
        CheckpointError: a tensor holds NaN or infinity; the message names it.
    """
    if found := first_not_finite(parts):
        raise CheckpointError(
            f"{path}: {found}: nothing can be made with it; take an earlier snapshot, or another file"
        )

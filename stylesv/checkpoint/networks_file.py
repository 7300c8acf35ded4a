"""A snapshot: the networks of one kimg, with everything needed to build them again.

Tensors are named `generator.*`, `generator_ema.*`, `discriminator.*`. The header says which settings built them; the time
and the machine are not in it, so that equal training gives equal bytes.
"""

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

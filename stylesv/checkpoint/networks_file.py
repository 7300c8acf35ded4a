"""A snapshot: the networks of one kimg, with everything needed to build them again.

Tensors are named `generator.*`, `generator_ema.*`, `discriminator.*`. The header says which settings built them; the time
and the machine are not in it, so that equal training gives equal bytes.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from stylesv.checkpoint.tensor_file import read_tensors, write_tensors
from stylesv.errors import CheckpointError, StyleSVError
from stylesv.records.array_file import read_arrays
from stylesv.records.snapshot import Snapshot, snapshot_of


def write_networks(path: Path, parts: dict[str, dict[str, Tensor]], snapshot: Snapshot) -> str:
    """Write a snapshot; returns its SHA-256.

    `parts` maps generator, generator_ema and discriminator to state dicts (an imported checkpoint may lack some).
    """
    tensors = {f"{part}.{name}": tensor for part, state in parts.items() for name, tensor in state.items()}
    return write_tensors(path, tensors, snapshot.header(torch=torch.__version__.split("+")[0]))


def read_networks(path: Path) -> tuple[dict[str, dict[str, Tensor]], Snapshot]:
    """Read a snapshot: its parts' state dicts and its record.

    Raises:
        CheckpointError: missing, damaged, or not a snapshot.
    """
    try:
        tensors, header = read_tensors(path)
    except CheckpointError as error:
        try:
            _, other = read_arrays(path, what="file", advice="")
        except StyleSVError:
            raise error from None
        snapshot_of(other, path)  # says that it is whole, and of another kind
        raise
    snapshot = snapshot_of(header, path)
    parts: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        part, _, key = name.partition(".")
        parts.setdefault(part, {})[key] = tensor
    return parts, snapshot


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

"""One kind of file for everything that holds tensors: safetensors with a JSON header and a content hash.

The header is a plain JSON object kept under the safetensors metadata key `header`; its `sha256` covers the rest of it and every
tensor's name, dtype, shape and bytes, and is checked on reading. Files are written beside their final name, flushed,
and renamed, so that a name that exists is a whole file.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from stylesv.errors import CheckpointError
from stylesv.files import canonical_json, read_header, write_bytes


def content_digest(tensors: Mapping[str, Tensor], header: Mapping[str, Any]) -> str:
    """SHA-256 over the header and every tensor's name, dtype, shape and bytes, in the order of names."""
    digest = hashlib.sha256(canonical_json(header).encode())
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"\n{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def write_tensors(path: Path, tensors: Mapping[str, Tensor], header: Mapping[str, Any]) -> str:
    """Write tensors and a JSON header to one file, whole or not at all; returns the content's SHA-256.

    Raises:
        StyleSVError: the disk is full or the folder cannot be written; nothing is left under the final name.
    """
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    digest = content_digest(plain, header)
    # one metadata key only: safetensors writes several in an order that changes from call to call
    metadata = {"header": canonical_json({**header, "sha256": digest})}
    write_bytes(path, save(plain, metadata=metadata))
    return digest


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read a file written by `write_tensors`; returns its tensors and header.

    Raises:
        CheckpointError: the file is missing, truncated, or its content does not match its hash.
    """
    header = read_header(path)
    expected = header.pop("sha256", None)
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: damaged ({error}); remake it or use the one before") from error
    if expected != content_digest(tensors, header):
        raise CheckpointError(
            f"{path}: its content does not match its SHA-256, so it is damaged; remake it or use the one before"
        )
    return tensors, header

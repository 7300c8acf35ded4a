"""Arrays that one job keeps for another, in a file with a hash of all of them: a flipped bit is an error and no other score.

A safetensors file whose metadata key `header` is a JSON object; its `sha256` covers the rest of it and every array's name, type,
shape and bytes.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from stylesv.errors import CheckpointError, DataError
from stylesv.files import canonical_json, read_header, write_bytes

Arrays = Mapping[str, np.ndarray]


def write_arrays(path: Path, arrays: Arrays, header: Mapping[str, Any] | None = None) -> None:
    """Write arrays and a JSON header to one file, whole or not at all; the same ones give the same bytes.

    Raises:
        MachineError: it cannot be written.
    """
    plain = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    known = dict(header or {})
    text = canonical_json(known | {"sha256": _digest(plain, known)})
    write_bytes(path, safetensors.numpy.save(plain, metadata={"header": text}))


def read_arrays(
    path: Path, *, what: str, advice: str, form: str | None = None
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read a file written by `write_arrays`; returns its arrays and header, which says that its format is `form`.

    Raises:
        CheckpointError: it is missing or is not a file of this project; `advice` is what to do then.
        DataError: it is something else, is damaged, or was changed since it was written; likewise.
    """
    if not path.is_file() and (path.is_dir() or not path.exists()):
        raise CheckpointError(f"{path}: {'is a folder' if path.is_dir() else 'no such file'}; {advice}")
    header = read_header(path)
    if form is not None and header.get("format") != form:
        raise DataError(f"{path}: is no {what}; {advice}")
    expected = header.pop("sha256", None)
    try:
        arrays = safetensors.numpy.load_file(path)
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise DataError(f"{path}: not a whole {what} ({' '.join(str(error).split())[:200]}); {advice}") from error
    if expected != _digest(arrays, header):
        raise DataError(f"{path}: its content does not match its SHA-256, so it is damaged; {advice}")
    return arrays, header


def require_finite(path: Path, arrays: Arrays, *, advice: str) -> None:
    """Check that no number of a file is NaN or infinite.

    Raises:
        DataError: one is.
    """
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise DataError(f"{path}: {name} holds numbers that are not finite (NaN or infinite); {advice}")


def _digest(arrays: Arrays, header: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(canonical_json(header).encode())
    for name in sorted(arrays):
        digest.update(f"\n{name} {arrays[name].dtype} {arrays[name].shape}\n".encode())
        digest.update(arrays[name].reshape(-1).view(np.uint8).data)
    return digest.hexdigest()

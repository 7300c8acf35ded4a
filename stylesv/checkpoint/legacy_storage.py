"""Tensor storages inside a pickle: torch's format before zip files, read without torch's own unpickler.

Such a storage is four small pickles (a magic number, a version, the writing machine's sizes, and one reference to the
storage), a list of keys, and the raw values with their count before them.
"""

import io
import pickle
import struct
from typing import Any, NoReturn

import torch
from jaxtyping import Shaped
from torch import Tensor

from stylesv.checkpoint.pickle_budget import looked_through
from stylesv.errors import CheckpointError

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
VERSION = 1001
DTYPES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}


def refuse(module: str, name: str) -> NoReturn:
    """Refuse what a pickle asks for, by name."""
    raise CheckpointError(
        f"refused: it asks for {module}.{name}, which no published checkpoint needs to hold its weights; nothing in it was "
        "run; get the file from its authors, or another one"
    )


def refuse_size(size: tuple[int, ...], stored: int) -> NoReturn:
    """Refuse a tensor that shows its values more than once: a few bytes may seem to be terabytes."""
    raise CheckpointError(
        f"refused: a tensor of size {tuple(size)} has {stored:,} values, which no published checkpoint needs; get the file from "
        "its authors"
    )


class _StorageUnpickler(pickle.Unpickler):
    """Reads one of the small pickles; the only names allowed are those of storage types."""

    def find_class(self, module: str, name: str) -> torch.dtype:
        if module in ("torch", "torch.cuda") and name in DTYPES:
            return DTYPES[name]
        refuse(module, name)

    def persistent_load(self, pid: Any) -> tuple[torch.dtype, int]:
        kind, dtype, _key, _device, count, view = pid
        if kind != "storage" or not isinstance(dtype, torch.dtype) or view is not None:
            raise pickle.UnpicklingError(f"not a whole storage: {pid!r}")
        return dtype, count


def read_storage(content: bytes) -> Shaped[Tensor, "values"]:
    """The values of a storage, on the CPU whatever device it was on.

    Raises:
        CheckpointError: it asks for something else than a storage, which is named.
        pickle.UnpicklingError, EOFError, struct.error: it is damaged.
    """
    file = io.BytesIO(content)
    magic, version, _sizes = (_load(file) for _ in range(3))
    if magic != MAGIC_NUMBER or version != VERSION:
        raise pickle.UnpicklingError("a tensor is not in the format of torch 1.x pickles")
    dtype, count = _load(file)
    keys = _load(file)
    (stored_count,) = struct.unpack("<q", file.read(8))
    values = file.read(count * dtype.itemsize)
    if len(keys) != 1 or stored_count != count or len(values) != count * dtype.itemsize:
        raise pickle.UnpicklingError("a tensor's values are cut short")
    return torch.frombuffer(bytearray(values), dtype=dtype) if count else torch.empty(0, dtype=dtype)


def _load(file: io.BytesIO) -> Any:
    return _StorageUnpickler(looked_through(file)).load()

"""Files written whole or not at all, and the small readers that must not import torch."""

import hashlib
import json
import math
import os
import struct
from pathlib import Path
from typing import Any

from stylesv.errors import CheckpointError, StyleSVError


def canonical_json(values: Any) -> str:
    """JSON with sorted keys and no spaces: the same text for the same values."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def readable_json(values: Any) -> str:
    """JSON for people to read, in the order of the values; ends with a line break."""
    return json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def load_json(text: str) -> Any:
    """JSON as the standard has it: Python's own reader also takes NaN, Infinity and 1e999.

    Raises:
        ValueError: it is not JSON, or a number is not finite.
    """

    def refuse(number: str) -> float:
        raise ValueError(f"{number} is not a finite number")

    def finite(number: str) -> float:
        return value if math.isfinite(value := float(number)) else refuse(number)

    return json.loads(text, parse_float=finite, parse_constant=refuse)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that its name only ever holds the whole content, also after a crash or on a full disk.

    Raises:
        StyleSVError: it cannot be written; an earlier file of that name is intact and nothing else is left.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StyleSVError(
            f"{path}: could not be written ({error.strerror}; {len(content):,} bytes needed); "
            "what was there before is untouched: make space or allow writing, then run again"
        ) from error


def write_text(path: Path, content: str) -> None:
    """`write_bytes` of UTF-8 text."""
    write_bytes(path, content.encode())


def read_header(path: Path) -> dict[str, Any]:
    """The JSON header of a tensor file (`stylesv.checkpoint`), without reading tensors or checking their hash.

    Raises:
        CheckpointError: the file is missing or is not one of this project's.
    """
    try:
        with open(path, "rb") as file:
            (size,) = struct.unpack("<Q", file.read(8))
            if size > 100_000_000:
                raise ValueError("its header has an impossible size")
            return json.loads(json.loads(file.read(size))["__metadata__"]["header"])
    except FileNotFoundError as error:
        raise CheckpointError(f"{path}: no such file") from error
    except (ValueError, KeyError, struct.error) as error:
        raise CheckpointError(f"{path}: damaged or not a file of this project ({error}); remake it") from error


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, 64 hex digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

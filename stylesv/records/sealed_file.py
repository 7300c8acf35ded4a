"""Records whose file holds a hash of the rest of it, so that a number that was edited by hand is no result.

The hash is the last key, `sha256`, over the canonical JSON of the others; it keeps no secret and stops no forger, but what
was changed by mistake, or put together of two files, is told from what a job has written.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, TypeVar

from stylesv.config.base import Settings
from stylesv.errors import DataError, StyleSVError
from stylesv.files import canonical_json, readable_json, require_file, write_text
from stylesv.records.record_file import one_error, rounded

R = TypeVar("R", bound=Settings)
SEAL = "sha256"


def write_sealed(path: Path, record: Settings) -> None:
    """Write a record as readable JSON with its hash, its numbers rounded to 10 digits."""
    values = rounded(record.model_dump(mode="json"))
    write_text(path, readable_json(values | {SEAL: _seal(values)}))


def read_sealed(path: Path, kind: type[R], *, what: str, advice: str, error: type[StyleSVError] = DataError) -> R:
    """Read a record that `write_sealed` wrote.

    Raises:
        StyleSVError: of the kind `error`: it is missing, is not `what`, or was changed since; `advice` is what to do then.
    """
    path = Path(path)
    with one_error(path, what=what, advice=advice, error=error):
        require_file(path)
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except json.JSONDecodeError as invalid:
            raise ValueError(f"Invalid JSON: {invalid}") from invalid
        if not isinstance(values, dict):
            raise ValueError("holds no names and values")
        seal = values.pop(SEAL, None)
        record = kind.model_validate_json(json.dumps(values))
    if seal != _seal(values):
        found = "has no hash" if seal is None else "was changed since it was written: its hash is another"
        raise error(f"{path}: {found}; {advice}")
    return record


def _seal(values: dict[str, Any]) -> str:
    return hashlib.sha256(canonical_json(values).encode()).hexdigest()

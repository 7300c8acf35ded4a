"""The short key that names a result: a hash of its recipe, which is every value that decides its content.

A recipe (`stylesv.records.recipe`) leaves out what does not decide content: length, segment size, number of GPUs, threads
and workers, paths, logging. `RECIPE_VERSIONS` is raised by hand when a code change alters what a stage computes; results
of the old code then keep their old names.
"""

import hashlib
from typing import Any

from stylesv.files import canonical_json

RECIPE_VERSIONS = {"videos": 2, "data": 1, "train": 3, "import": 1, "score": 4}


def recipe_key(values: dict[str, Any]) -> str:
    """First 8 hex digits of the SHA-256 of the canonical JSON of plain data."""
    return hashlib.sha256(canonical_json(values).encode()).hexdigest()[:8]

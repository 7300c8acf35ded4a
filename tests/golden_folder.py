"""Where the golden vectors are."""

import os
from pathlib import Path

VECTORS = Path(__file__).resolve().parent / "golden" / "vectors"


def find_golden_dir() -> Path:
    """Vectors made by the published code: those that STYLESV_GOLDEN names, else the project's own."""
    return Path(os.environ.get("STYLESV_GOLDEN") or VECTORS)

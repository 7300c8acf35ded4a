"""Where the golden vectors are: those that STYLESV_GOLDEN names, and the project's own of each kind that it lacks."""

import os
from pathlib import Path

VECTORS = Path(__file__).resolve().parent / "golden" / "vectors"


def find_golden_dir() -> Path:
    """Vectors made by the published code: those that STYLESV_GOLDEN names, else the project's own."""
    return Path(os.environ.get("STYLESV_GOLDEN") or VECTORS)


def find_vectors(folder: Path, pattern: str) -> list[Path]:
    """Files whose names match, e.g. `gen_*.json`, in order: the folder's, or the project's own where it has none."""
    return sorted(folder.glob(pattern)) or sorted(VECTORS.glob(pattern))

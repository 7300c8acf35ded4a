"""Where the golden vectors are."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def find_golden_dir() -> Path:
    """Vectors made by the published code: STYLESV_GOLDEN, else the full set beside the project, else the kept subset."""
    if named := os.environ.get("STYLESV_GOLDEN"):
        return Path(named)
    beside = ROOT.parent / "shared" / "golden"
    return beside if beside.is_dir() else ROOT / "tests" / "golden" / "subset"

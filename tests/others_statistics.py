"""Statistics of real clips that others published, no part of the project: tests that need them say where they looked."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def others_statistics(name: str) -> Path:
    """The file `name`, where STYLESV_STATISTICS or the default has it; else the test is skipped."""
    file = Path(os.environ.get("STYLESV_STATISTICS") or ROOT.parent / "shared" / "data" / "statistics") / name
    if not file.is_file():
        pytest.skip(f"no published statistics at {file} (STYLESV_STATISTICS names another folder)")
    return file

"""Films of cameras, which are not part of the project: tests that need them say where they looked."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def real_films(name: str) -> Path:
    """Folder of the films `driving` or `sky`, where STYLESV_REAL_FILMS or the default has it; else the test is skipped."""
    folder = Path(os.environ.get("STYLESV_REAL_FILMS") or ROOT.parent / "shared" / "data" / "real") / name
    if not folder.is_dir():
        pytest.skip(f"no films of cameras at {folder} (STYLESV_REAL_FILMS names another place)")
    return folder

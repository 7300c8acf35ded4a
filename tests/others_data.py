"""Data of others, no part of the project: tests that need it say where they looked."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def real_films(name: str) -> Path:
    """Folder of the films of cameras `driving` or `sky`, where STYLESV_REAL_FILMS or the default has it; else skips."""
    return _found("STYLESV_REAL_FILMS", "real", name, "films of cameras")


def others_statistics(name: str) -> Path:
    """File of published statistics of real clips, where STYLESV_STATISTICS or the default has it; else skips."""
    return _found("STYLESV_STATISTICS", "statistics", name, "published statistics")


def _found(variable: str, default: str, name: str, what: str) -> Path:
    path = Path(os.environ.get(variable) or SHARED / default) / name
    if not path.exists():
        pytest.skip(f"no {what} at {path} ({variable} names another folder)")
    return path

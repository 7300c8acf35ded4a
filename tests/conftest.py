"""Shared by all tests: annotations are checked at run time, and the golden vectors are found."""

import os
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

install_import_hook("stylesv", "beartype.beartype")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


def find_golden_dir() -> Path:
    """Vectors made by the published code: STYLESV_GOLDEN, else the full set beside the project, else the kept subset."""
    if named := os.environ.get("STYLESV_GOLDEN"):
        return Path(named)
    beside = ROOT.parent / "shared" / "golden"
    return beside if beside.is_dir() else ROOT / "tests" / "golden" / "subset"


@pytest.fixture(scope="session")
def golden_dir() -> Path:
    """Folder of golden vectors."""
    return find_golden_dir()

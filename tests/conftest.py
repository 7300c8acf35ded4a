"""Shared by all tests: annotations are checked at run time, and the golden vectors are found."""

from pathlib import Path

import pytest
from golden_folder import find_golden_dir
from jaxtyping import install_import_hook

install_import_hook("stylesv", "beartype.beartype")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def golden_dir() -> Path:
    """Folder of golden vectors."""
    return find_golden_dir()

"""What pyproject.toml tells pytest."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

EMPTY = """
import pytest

@pytest.mark.parametrize("value", [])
def test_of_nothing(value):
    assert value
"""


def test_a_test_without_any_case_is_an_error(root, tmp_path):
    """A folder of vectors that is not where it was looked for must not pass as a skipped test."""
    (tmp_path / "test_empty.py").write_text(EMPTY)
    settings = ["-c", str(root / "pyproject.toml"), "--rootdir", str(tmp_path)]
    run = subprocess.run([sys.executable, "-m", "pytest", *settings, str(tmp_path)], capture_output=True, text=True)
    assert run.returncode == 2, run.stdout
    assert "Empty parameter set in 'test_of_nothing'" in run.stdout


def test_test_files_have_names_of_their_own():
    """Of two files of one name pytest collects one, and stops at the other."""
    names = Counter(path.name for path in Path(__file__).parent.rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []

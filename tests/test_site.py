"""`make docs`: a site of README, docs/ and docstrings, built without a warning."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_has_every_page_and_call(root, tmp_path):
    if find_spec("mkdocs") is None or find_spec("mkdocstrings") is None:
        pytest.skip("mkdocs is not installed: pip install -e '.[docs]'")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(
        command, cwd=root, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    for page in (root / "docs").glob("*.md"):
        assert (tmp_path / f"{page.stem}.html").is_file(), page.name
    assert "Install and demo" in (tmp_path / "index.html").read_text(), "README is the first page"
    calls = set(re.findall(r'id="stylesv\.api\.(\w+)"', (tmp_path / "package" / "api.html").read_text()))
    assert {"load_generator", "generate", "score"} <= calls
    rooms = {path.stem for path in Path(root, "stylesv").iterdir() if path.suffix in ("", ".py")}
    made = {path.stem for path in (tmp_path / "package").glob("*.html")}
    assert made == rooms - {"__init__", "__pycache__"}

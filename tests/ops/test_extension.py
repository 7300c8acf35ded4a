"""The C++ form is built where it can be, once, safely; where it cannot, training runs all the same and says why."""

import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import torch

from stylesv.errors import ConfigError
from stylesv.ops import active_backend, extension, filtered_lrelu, upfirdn2d
from stylesv.ops.backend import _backend

PROGRAM = """
import logging, sys
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
import torch
from stylesv.ops import active_backend, definition, filtered_lrelu
from stylesv.ops.geometry import LreluCall
x, taps = torch.randn(2, 3, 9, 9), torch.hann_window(14)[1:-1]
for _ in range(2):
    y = filtered_lrelu(x, taps, taps, up=2, down=2, padding=9)
expected = definition.filtered_lrelu(x, None, LreluCall(taps, taps, up=2, down=2, padding=9))
assert (y - expected).abs().max() < 1e-5 * expected.abs().max()
print(active_backend("cpu")[0])
"""


def start(tmp_path: Path, root: Path, **environment: str) -> subprocess.Popen:
    """The program in a new process with its own caches; the library is built as on a fresh machine."""
    for folder in ("home", "tmp"):
        (tmp_path / folder).mkdir(exist_ok=True)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("STYLESV_", "XDG_", "CXX"))}
    own = {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp"), "PYTHONPATH": str(root)}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env=kept | own | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def result(process: subprocess.Popen) -> tuple[str, str]:
    """The backend it used, and its log."""
    out, log = process.communicate()
    assert process.returncode == 0, log
    return out.strip(), log


def has_compiler() -> bool:
    return active_backend("cpu")[0] == "cpp"


def test_without_a_compiler_the_torch_form_is_used_and_the_log_says_why_once(tmp_path, root):
    (tmp_path / "empty").mkdir()
    backend, log = result(start(tmp_path, root, PATH=str(tmp_path / "empty")))
    assert backend == "torch"
    assert log.count("WARNING") == 1
    assert "the cpu operations run as plain PyTorch, several times slower: " in log
    assert "c++" in log


def test_with_a_broken_compiler_the_torch_form_is_used_and_the_log_has_its_complaint(tmp_path, root):
    compiler = tmp_path / "broken"
    compiler.write_text("#!/bin/sh\necho 'fatal error: the licence has expired' >&2\nexit 1\n")
    compiler.chmod(0o755)
    backend, log = result(start(tmp_path, root, CXX=str(compiler), STYLESV_OPS="cpp"))
    assert backend == "torch"
    assert log.count("WARNING") == 1
    assert "fatal error: the licence has expired" in log
    assert list((tmp_path / "home" / ".cache" / "stylesv").glob("build-*")) == []


@pytest.mark.long
def test_two_processes_at_once_replace_a_damaged_library_by_a_whole_one_and_touch_nothing_else(tmp_path, root):
    if not has_compiler():
        pytest.skip("no compiler here")
    beside_source = sorted(p.name for p in extension.SOURCES[0].parent.iterdir() if p.name != "__pycache__")
    folder = tmp_path / "builds"
    folder.mkdir()
    name = f"operations-{extension.library_key()}"
    (folder / f"{name}.so").write_bytes(b"\x7fELF cut short")
    (folder / f"{name}.sha256").write_text("the hash of the whole library")
    processes = [start(tmp_path, root, STYLESV_BUILD_DIR=str(folder)) for _ in range(2)]
    for process in processes:
        backend, log = result(process)
        assert backend == "cpp" and "WARNING" not in log
    assert sorted(p.name for p in folder.iterdir()) == [f"{name}.sha256", f"{name}.so", f"{name}.so.lock"]
    assert sorted(p.name for p in extension.SOURCES[0].parent.iterdir() if p.name != "__pycache__") == beside_source
    assert list((tmp_path / "home").iterdir()) == []

    # The library is found again without a compiler, also where nothing can be written.
    (tmp_path / "empty").mkdir()
    (folder / f"{name}.so.lock").unlink()
    folder.chmod(0o555)
    backend, _ = result(start(tmp_path, root, STYLESV_BUILD_DIR=str(folder), PATH=str(tmp_path / "empty")))
    assert backend == "cpp"
    assert len(list(folder.iterdir())) == 2


@pytest.mark.long
def test_where_the_cache_cannot_be_written_the_library_is_built_in_a_temporary_folder(tmp_path, root):
    if not has_compiler():
        pytest.skip("no compiler here")
    (tmp_path / "file").write_text("a folder cannot be made in a file, by no user")
    backend, log = result(start(tmp_path, root, XDG_CACHE_HOME=str(tmp_path / "file")))
    assert backend == "cpp" and "WARNING" not in log
    assert [p.suffix for p in (tmp_path / "tmp").glob("stylesv-*/*")].count(".so") == 1


def test_where_nothing_can_be_written_or_the_source_is_missing_there_is_a_reason_and_no_crash(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STYLESV_BUILD_DIR", str(tmp_path / "file" / "builds"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "file" / "tmp"))
    reason = extension.load_extension.__wrapped__()
    assert reason == f"cannot build in {tmp_path / 'file' / 'builds'}: Not a directory"
    monkeypatch.setattr(extension, "SOURCES", (*extension.SOURCES, tmp_path / "gone.cpp"))
    assert "gone.cpp" in extension.load_extension.__wrapped__()


def test_a_folder_that_another_user_can_write_is_not_trusted(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    own = extension.temporary_folder()
    own.mkdir(mode=0o700)
    assert extension.temporary_folder() == own
    own.chmod(0o777)
    assert extension.temporary_folder() != own


def test_the_library_has_another_name_when_the_source_changes(tmp_path, monkeypatch):
    key = extension.library_key()
    assert key == extension.library_key()
    for place, source in enumerate(extension.SOURCES):
        changed = tmp_path / source.name
        changed.write_text(source.read_text() + "\n")
        others = extension.SOURCES[:place], extension.SOURCES[place + 1 :]
        monkeypatch.setattr(extension, "SOURCES", (*others[0], changed, *others[1]))
        assert extension.library_key() != key
        monkeypatch.undo()


def test_the_setting_chooses_and_a_wrong_one_is_refused(monkeypatch):
    for choice in ("torch", "definition"):
        monkeypatch.setenv("STYLESV_OPS", choice)
        assert active_backend("cpu") == (choice, f"STYLESV_OPS={choice}")
    monkeypatch.setenv("STYLESV_OPS", "fast")
    with pytest.raises(
        ConfigError, match="STYLESV_OPS is 'fast'; it must be one of auto, cpp, triton, torch, definition"
    ):
        upfirdn2d(torch.zeros(1, 1, 2, 2), None)


def test_what_is_used_is_logged_once_for_a_device(monkeypatch, caplog):
    monkeypatch.setenv("STYLESV_OPS", "torch")
    _backend.cache_clear()
    with caplog.at_level(logging.INFO, logger="stylesv.ops.backend"):
        for _ in range(3):
            filtered_lrelu(torch.zeros(1, 1, 2, 2), None, None)
    assert caplog.messages == ["the cpu operations run as torch: STYLESV_OPS=torch"]


def test_a_form_asked_for_where_there_is_none_is_said_aloud(monkeypatch, caplog):
    _backend.cache_clear()
    monkeypatch.setenv("STYLESV_OPS", "cpp")
    assert active_backend("meta") == ("torch", "there is no C++ form for meta")
    assert active_backend("cuda") == ("torch", "there is no C++ form for cuda")
    monkeypatch.setenv("STYLESV_OPS", "triton")
    assert active_backend("cpu") == ("torch", "there is no Triton form for cpu")
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 3

"""Files beside their final name: what a killed writer left is removed by the next, and a writer at work is left alone."""

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from stylesv.files import partial_file, write_bytes
from stylesv.media.video_file import write_video

WRITE = """
import os, sys
from pathlib import Path
from stylesv.files import write_bytes

def wait(handle):
    print("writing", flush=True)
    sys.stdin.read()

os.fsync = wait
write_bytes(Path(sys.argv[1]), b"written by another")
"""
FILM = """
import sys
from pathlib import Path
import numpy as np
from stylesv.media.video_file import write_video

def frames():
    yield np.zeros((3, 16, 16), np.uint8)
    print("writing", flush=True)
    sys.stdin.read()

write_video(Path(sys.argv[1]), frames(), fps=1)
"""


@contextmanager
def another_writer(root: Path, path: Path, program: str = WRITE):
    """A process that has begun to write `path` and waits before it is done."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    with process:
        try:
            assert process.stdout.readline() == b"writing\n"
            yield process
        finally:
            process.kill()


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("program, name", [(WRITE, "state.bin"), (FILM, "film.mp4")])
def test_what_a_killed_writer_left_is_removed_by_the_next(root, tmp_path, number, program, name):
    with another_writer(root, tmp_path / name, program) as process:
        process.send_signal(number)
        process.wait()
    assert len(names(tmp_path)) == 1, "it left something, under no final name"
    assert not (tmp_path / name).exists()
    if program == WRITE:
        write_bytes(tmp_path / name, b"mine")
    else:
        write_video(tmp_path / name, np.zeros((1, 3, 16, 16), np.uint8), fps=1)
    assert names(tmp_path) == [name]


def test_a_writer_at_work_keeps_its_file_and_both_finish(root, tmp_path):
    path = tmp_path / "state.bin"
    with another_writer(root, path) as process:
        write_bytes(path, b"mine")
        assert path.read_bytes() == b"mine"
        process.communicate()
        assert process.returncode == 0
    assert names(tmp_path) == ["state.bin"] and path.read_bytes() == b"written by another"


@pytest.fixture
def own_name(tmp_path) -> str:
    """What this process calls an unfinished `state.bin`."""
    with partial_file(tmp_path / "state.bin") as partial:
        found = partial.name
    (tmp_path / "state.bin").unlink()
    assert re.fullmatch(rf"\.state\.bin\.[0-9a-f]{{8}}\.{os.getpid()}\.partial", found)
    return found


def test_files_of_another_machine_are_removed_only_when_old(tmp_path, own_name):
    """Its process numbers say nothing here, so age decides, by the clock of the disk."""
    machine = own_name.split(".")[3]
    other = own_name.replace(machine, "00000000" if machine != "00000000" else "11111111")
    other = other.replace(str(os.getpid()), "4194305")  # above any process number of this machine
    (tmp_path / other).write_bytes(b"half")
    write_bytes(tmp_path / "state.bin", b"mine")
    assert names(tmp_path) == sorted([other, "state.bin"])
    two_days_ago = (tmp_path / "state.bin").stat().st_mtime - 2 * 24 * 3600
    os.utime(tmp_path / other, (two_days_ago, two_days_ago))
    write_bytes(tmp_path / "state.bin", b"mine")
    assert names(tmp_path) == ["state.bin"]


def test_a_process_number_that_was_given_again_does_not_keep_a_file_for_ever(tmp_path, own_name):
    left = tmp_path / own_name.replace(str(os.getpid()), str(os.getppid()))
    left.write_bytes(b"half")
    write_bytes(tmp_path / "state.bin", b"mine")
    assert left.exists()
    os.utime(left, (0, 0))
    write_bytes(tmp_path / "state.bin", b"mine")
    assert names(tmp_path) == ["state.bin"]


def test_files_that_name_no_machine_as_before_are_removed_when_old(tmp_path):
    left = tmp_path / ".state.bin.4194305.partial"
    left.touch()
    write_bytes(tmp_path / "state.bin", b"mine")
    assert left.exists()
    os.utime(left, (0, 0))
    write_bytes(tmp_path / "state.bin", b"mine")
    assert names(tmp_path) == ["state.bin"]


def test_unfinished_files_of_other_names_are_not_touched(tmp_path, own_name):
    others = [
        own_name.replace("state.bin", "state.bin.old"),
        own_name.replace("state.bin", "state"),
        ".state.bin.partial",
        ".state.bin.notes.17.partial",
    ]
    for other in others:
        (tmp_path / other).touch()
        os.utime(tmp_path / other, (0, 0))
    write_bytes(tmp_path / "state.bin", b"mine")
    assert names(tmp_path) == sorted([*others, "state.bin"])


def test_an_error_leaves_the_earlier_file_and_nothing_else(tmp_path):
    write_bytes(tmp_path / "state.bin", b"earlier")
    with pytest.raises(KeyError), partial_file(tmp_path / "state.bin") as partial:
        partial.write_bytes(b"half")
        raise KeyError("a defect")
    assert names(tmp_path) == ["state.bin"] and (tmp_path / "state.bin").read_bytes() == b"earlier"

"""Packing that is killed: nothing of it runs on, and the next packing makes the same bytes."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from film_making import settings, write_lossy
from own_process import comes_true

from stylesv.data.packing import pack_videos

pytestmark = pytest.mark.slow
NUM_WORKERS = 3
WITHOUT_KERNEL = """
import runpy, sys
from stylesv.data import workers

workers._kernel_watches = lambda: False  # each worker runs this file, too
if __name__ == "__main__":
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> Path:
    """More films than are packed before the kill comes."""
    folder = tmp_path_factory.mktemp("films")
    first = write_lossy(folder / "00.mp4", 120, size=(192, 128), noise=60)
    for number in range(1, 10):
        shutil.copyfile(first, folder / f"{number:02d}.mp4")
    return folder


@pytest.fixture(scope="module")
def undisturbed(films, tmp_path_factory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("undisturbed")
    pack_videos(films, out, settings=settings(64), num_workers=2)
    return contents(out)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def descendants(process: int) -> dict[int, str]:
    """Command lines of all processes below one, by number."""
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it has ended
    found, waiting = {}, [process]
    while waiting:
        above = waiting.pop()
        for number, parent in parents.items():
            if parent == above:
                waiting.append(number)
                try:
                    found[number] = Path(f"/proc/{number}/cmdline").read_bytes().decode().replace("\0", " ")
                except OSError:
                    continue
    return found


def is_running(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def packing(root: Path, films: Path, out: Path, *before: str):
    """A packing in its midst, and the numbers of its working processes and of all below it."""
    command = [sys.executable, *before, str(root / "workflow_scripts" / "pack_videos.py"), "--videos", str(films)]
    command += ["--out", str(out), "--resolution", "64", "--num-workers", str(NUM_WORKERS)]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        below = {}
        try:
            partial = out / ".partial"
            assert comes_true(
                lambda: (
                    len([file for file in partial.glob("0*") if file.stat().st_size]) >= NUM_WORKERS
                    or process.poll() is not None
                )
            )
            assert process.poll() is None, process.stderr.read()
            below = descendants(process.pid)
            working = [number for number, line in below.items() if "spawn_main" in line]
            assert len(working) == NUM_WORKERS
            yield process, working, list(below)
        finally:
            process.kill()
            for number in filter(is_running, below):
                os.kill(number, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.long)])
def test_no_process_of_a_killed_packing_runs_on_and_the_next_makes_the_same(root, films, undisturbed, tmp_path, number):
    out = tmp_path / "out"
    with packing(root, films, out) as (process, _, below):
        process.send_signal(number)
        process.wait()
        assert process.returncode == -number
        assert comes_true(lambda: not any(map(is_running, below))), "a process outlived the packing"
    assert not (out / "index.json").exists()
    pack_videos(films, out, settings=settings(64), num_workers=2)
    assert contents(out) == undisturbed


def test_workers_end_with_their_parent_where_the_kernel_cannot_be_asked(root, films, tmp_path):
    program = tmp_path / "without_kernel.py"
    program.write_text(WITHOUT_KERNEL)
    with packing(root, films, tmp_path / "out", str(program)) as (process, _, below):
        process.kill()
        process.wait()
        assert comes_true(lambda: not any(map(is_running, below))), "a process outlived the packing"


def test_a_worker_that_is_killed_ends_the_packing_with_one_line(root, films, tmp_path):
    """As the system does when memory runs out."""
    out = tmp_path / "out"
    with packing(root, films, out) as (process, working, below):
        os.kill(working[1], signal.SIGKILL)
        said = process.communicate()[1]
        assert (process.returncode, said.count("\n")) == (2, 1)
        assert said.startswith("error: ") and ".mp4: the process that worked on it was killed by signal 9" in said
        assert "give the job more memory or fewer workers" in said
        assert comes_true(lambda: not any(map(is_running, below))), "the others were ended, too"
    assert not out.exists()

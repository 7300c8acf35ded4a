"""Training survives being ended at any moment: the final bytes are those of an undisturbed run."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import torch
from recipe_values import changed
from segment_run import TINY, Run, make_clips, recipes_of
from small_disk import small_disk

from stylesv.errors import CheckpointError, InterruptionError, StyleSVError
from stylesv.records.log_line import read_log
from stylesv.records.recipe import TrainedRecipe
from stylesv.training.interruption import slurm_seconds_left

pytestmark = pytest.mark.slow
SLOWED = Path(__file__).resolve().parents[1] / "cluster" / "slowed_training.py"
NAMES = ("networks.safetensors", "state.safetensors")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """As in the children and the program: another number of threads may change the last bit of a sum."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return make_clips(tmp_path_factory.mktemp("data"))


def image_recipe(batch_size: int) -> TrainedRecipe:
    model = {**TINY["model"], "training": {"batch_size": batch_size, "max_num_frames": 16}}
    return recipes_of({**TINY, "model": model})["image"]


@pytest.fixture(scope="module")
def recipe() -> TrainedRecipe:
    """Of 25 steps."""
    return image_recipe(40)


def whole_run(folder: Path, recipe: TrainedRecipe, data: Path) -> Run:
    run = Run(folder, recipe, data).start()
    run.start_training(partial_every=10.0).join()
    return run


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, recipe, data) -> Run:
    return whole_run(tmp_path_factory.mktemp("undisturbed"), recipe, data)


@pytest.fixture
def disk(tmp_path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "8m") as folder:
        yield folder


def newest_step(run: Run) -> int:
    return max((int(path.stem) for path in run.partial(1).glob("*.safetensors")), default=0)


def wait_for_step(run: Run, child: BaseProcess, step: int) -> None:
    while newest_step(run) < step:
        assert child.is_alive(), "it ended before it wrote a partial state"
        time.sleep(0.01)


def live_lines(run: Run) -> list[str]:
    """Whole lines of the log of a segment at work."""
    path = run.partial(1) / "log.jsonl"
    return path.read_text().splitlines() if path.exists() else []


def kill(child: BaseProcess) -> None:
    child.kill()
    child.join()


def test_twenty_kills_at_random_moments_change_no_byte(tmp_path, data):
    """TERM and KILL, with a partial state after every step, so that many fall into writing."""
    recipe = image_recipe(8)  # 125 steps
    undisturbed = whole_run(tmp_path / "undisturbed", recipe, data)
    run, rng, statuses = Run(tmp_path / "killed", recipe, data).start(), random.Random(0), []
    steps_seen = []
    for attempt in range(20):
        before = newest_step(run)
        child = run.start_training()
        wait_for_step(run, child, before + 1)
        time.sleep(rng.uniform(0, 0.1))
        os.kill(child.pid, signal.SIGTERM if attempt % 2 else signal.SIGKILL)
        child.join()
        statuses.append(child.exitcode)
        steps_seen.append(newest_step(run))
        assert not run.file(1, NAMES[0]).exists(), "too small a run: it finished between kills"
    assert statuses == [-signal.SIGKILL, InterruptionError.exit_status] * 10
    assert steps_seen == sorted(steps_seen) and steps_seen[-1] > steps_seen[0], "no progress between kills"
    run.start_training(partial_every=10.0).join()
    for name in NAMES:
        assert run.file(1, name).read_bytes() == undisturbed.file(1, name).read_bytes(), name
    assert sorted(path.name for path in run.partial(1).iterdir()) == ["finished", "lock"]
    assert len(run.file(1, "log.jsonl").read_text().splitlines()) == 10


def test_the_program_ends_with_75_and_one_line_and_its_retry_goes_on(tmp_path, recipe, data, undisturbed):
    run = Run(tmp_path, recipe, data).start()
    command = [sys.executable, *run.command(0, 1, partial_every=60)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as first:
        while not live_lines(run):
            assert first.poll() is None, "it ended before a tick did"
            time.sleep(0.01)
        first.send_signal(signal.SIGTERM)
        last_words = first.stderr.read().splitlines()
    assert first.returncode == 75
    assert last_words[-1].startswith("error: ") and "the partial state is in" in last_words[-1]
    (partial,) = run.partial(1).glob("*.safetensors")
    seen = read_log([run.partial(1) / "log.jsonl"])
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert read_log([run.file(1, "log.jsonl")])[: len(seen)] == seen, "what was watched is what is kept"
    assert f"going on from {partial}" in run.messages.read_text()
    for name in NAMES:
        assert run.file(1, name).read_bytes() == undisturbed.file(1, name).read_bytes()


def test_near_its_time_limit_a_slurm_job_saves_and_asks_to_be_requeued(tmp_path, recipe, data, undisturbed):
    """Without any signal: where Slurm tracks processes by cgroups, none reaches the program."""
    commands = tmp_path / "bin"
    commands.mkdir()
    answers = {
        "squeue": 'case "$*" in *%L*) echo 0:04;; *) echo RUNNING;; esac',
        "scontrol": f'echo "$*" > {commands}/asked; kill -9 $PPID',
    }
    for name, answer in answers.items():
        (commands / name).write_text(f"#!/bin/sh\n{answer}\n")
        (commands / name).chmod(0o755)
    run = Run(tmp_path / "run", recipe, data).start()
    environment = {
        **os.environ,
        "PATH": f"{commands}:{os.environ['PATH']}",
        "SLURM_JOB_ID": "17",
        "STEP_SECONDS": "0.4",
    }
    command = [sys.executable, str(SLOWED), *run.command(0, 1, partial_every=60)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert (commands / "asked").read_text() == "requeue 17\n"
    assert "the time limit at step" in run.messages.read_text()
    run.train(0, 1)
    assert run.file(1, NAMES[0]).read_bytes() == undisturbed.file(1, NAMES[0]).read_bytes()


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [("0:08", 8.0), ("1:02:03", 3723.0), ("2-00:00:01", 172801.0), ("UNLIMITED", None), ("", None)],
)
def test_the_time_left_is_read_as_slurm_writes_it(tmp_path, monkeypatch, answer, seconds):
    (tmp_path / "squeue").write_text(f"#!/bin/sh\necho '{answer}'\n")
    (tmp_path / "squeue").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("SLURM_JOB_ID", "1")
    assert slurm_seconds_left() == seconds


def test_a_damaged_partial_state_is_named_and_the_one_before_is_used(tmp_path, recipe, data, undisturbed):
    run = Run(tmp_path, recipe, data).start()
    child = run.start_training()
    wait_for_step(run, child, 2)
    kill(child)
    older, newest = sorted(run.partial(1).glob("*.safetensors"), key=lambda path: int(path.stem))[-2:]
    content = bytearray(newest.read_bytes())
    content[-50] ^= 1
    newest.write_bytes(content)
    run.train(0, 1)
    messages = run.messages.read_text()
    assert f"{newest}: its content does not match its SHA-256" in messages and f"going on from {older}" in messages
    assert run.file(1, NAMES[1]).read_bytes() == undisturbed.file(1, NAMES[1]).read_bytes()


def test_a_partial_state_of_another_recipe_is_refused(tmp_path, recipe, data):
    run = Run(tmp_path / "a", recipe, data).start()
    child = run.start_training()
    wait_for_step(run, child, 1)
    kill(child)
    other = Run(tmp_path / "b", changed(recipe, {"seed": 7}), data).start()
    run.partial(1).parent.rename(other.partial(1).parent)
    with pytest.raises(CheckpointError, match=r"is of recipe \w{8}, but this run's recipe is \w{8}; delete"):
        other.train(0, 1)


def test_a_second_process_on_the_same_run_is_refused_and_may_wait(tmp_path, recipe, data, undisturbed):
    run = Run(tmp_path, recipe, data).start()
    child = run.start_training()
    wait_for_step(run, child, 1)
    with pytest.raises(StyleSVError, match=rf"process {child.pid} on \S+ is training this; wait for it, or end it"):
        run.train(0, 1)
    run.train(0, 1, if_running="wait")
    child.join()
    assert child.exitcode == 0
    assert f"process {child.pid} on" in run.messages.read_text()
    for name in NAMES:
        assert run.file(1, name).read_bytes() == undisturbed.file(1, name).read_bytes()


def test_a_full_disk_leaves_the_snapshot_before_and_the_retry_succeeds(recipe, data, undisturbed, disk, capsys):
    run = Run(disk / "run", recipe, data).start()
    size = run.file(0, NAMES[1]).stat().st_size
    filler = disk / "filler"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    filler.write_bytes(bytes(max(free - size // 2, 0)))
    before = run.file(0, NAMES[1]).read_bytes()
    with pytest.raises(StyleSVError, match=r"could not be written \(No space left on device; [\d,]+ bytes needed\)"):
        run.train(0, 1, partial_every=0.0)
    assert "no partial state at step" in run.messages.read_text() + capsys.readouterr().err
    assert run.file(0, NAMES[1]).read_bytes() == before
    assert not any(run.file(1, name).exists() for name in NAMES)
    filler.unlink()
    run.train(0, 1)
    assert run.file(1, NAMES[1]).read_bytes() == undisturbed.file(1, NAMES[1]).read_bytes()

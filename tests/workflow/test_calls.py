"""A call makes what it was asked for, whatever was killed or lost before, or it says that it did not."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from smallest_demo import smallest_demo
from workflow_checkout import Workflow

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

SMALLEST = ["--config", *smallest_demo()]
WITHOUT_PROFILE = ("--workflow-profile", "none", "--rerun-triggers", "params", "--rerun-incomplete")
REPORT = "results/report/demo/index.html"


def wait_for(condition: Callable[[], bool], started: subprocess.Popen[bytes], what: str) -> None:
    while not condition():
        assert started.poll() is None, f"Snakemake ended before {what}"
        time.sleep(0.05)


def unlock(workflow: Workflow) -> None:
    done = workflow.snakemake("--unlock")
    assert done.returncode == 0, done.stdout


def plain_call(workflow: Workflow, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A call as people type it, from the project's folder."""
    return subprocess.run(
        [sys.executable, "-m", "snakemake", *arguments],
        cwd=workflow.folder,
        env=workflow.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("arguments", [("--cores", "1"), ("--profile", "profiles/default", "--cores", "1")])
def test_a_bare_call_makes_the_demo(tmp_path, arguments):
    listed = plain_call(Workflow(tmp_path, pretend=True), "--dry-run", *arguments).stdout
    assert "rule write_report:" in listed and REPORT in listed


def test_the_graph_of_rules_is_the_demos(tmp_path):
    graph = plain_call(Workflow(tmp_path, pretend=True), "--rulegraph").stdout
    assert {rule for rule in ("demo", "write_report", "train_segment") if f'label = "{rule}"' in graph} == {
        "demo",
        "write_report",
        "train_segment",
    }


def killed_in_packing(folder: Path) -> Workflow:
    """A demo that was killed, with all its jobs, when packing had written its files but was not done."""
    workflow = Workflow(folder, pretend=True)
    workflow.environment["STYLESV_HANGING_SCRIPT"] = "pack_videos.py"
    started = workflow.start("demo")
    wait_for(lambda: any((folder / "results" / "data").glob("*/index.json")), started, "packing")
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    del workflow.environment["STYLESV_HANGING_SCRIPT"]
    unlock(workflow)
    return workflow


def test_the_call_after_a_kill_makes_its_target(tmp_path):
    workflow = killed_in_packing(tmp_path)
    done = workflow.snakemake("demo")
    assert done.returncode == 0, done.stdout
    assert (tmp_path / REPORT).exists()


@pytest.mark.long
def test_a_call_that_planned_too_little_says_so(tmp_path):
    """Without the profile, and told to make again what was not seen finished, Snakemake 9.27.1 plans packing alone."""
    workflow = killed_in_packing(tmp_path)
    done = plain_call(workflow, "demo", "--cores", "2", *WITHOUT_PROFILE)
    assert (done.returncode, (tmp_path / REPORT).exists()) == (2, False)
    assert "Snakemake planned too few; call again" in done.stdout
    assert workflow.snakemake("demo").returncode == 0
    assert (tmp_path / REPORT).exists()


@pytest.mark.parametrize("lost", ["samples.png", "log.jsonl", "networks.safetensors"])
def test_a_lost_file_of_a_snapshot_comes_back(finished, lost):
    """Its segment runs again from a state, which is made again."""
    run = next(path for path in (finished.folder / "results" / "runs").iterdir() if "-D-" in path.name)
    (run / "8" / lost).rename(run / "kept")
    try:
        jobs = finished.scheduled("demo")
    finally:
        (run / "kept").rename(run / "8" / lost)
    assert (jobs["initialize_networks"], jobs["train_segment"]) == (1, 2)


def test_a_missing_folder_of_videos_stops_what_needs_it_and_nothing_else(finished):
    dataset = finished.folder / "config" / "datasets" / "mine.yaml"
    experiment = finished.folder / "config" / "experiments" / "mine.yaml"
    dataset.write_text("dataset:\n  source: {folder: nowhere}\n  resolution: 32\n  min_frames: 17\n")
    experiment.write_text("extends: demo\ntitle: Mine\ndatasets: [mine]\n")
    try:
        assert finished.scheduled("demo") == {}
        done = finished.snakemake("--dry-run", "mine")
    finally:
        dataset.unlink()
        experiment.unlink()
    assert done.returncode == 2
    assert "config/datasets/mine.yaml:2: dataset.source.folder: nowhere: no such file or folder" in done.stdout
    assert "--config videos=" not in done.stdout


def test_videos_that_no_data_set_would_use_are_refused(finished, tmp_path):
    (tmp_path / "film.mp4").write_bytes(b"film")
    done = finished.snakemake("--dry-run", "demo", "--config", f"videos={tmp_path}")
    assert done.returncode == 2
    assert "this experiment has its own videos; known to use it: own" in done.stdout


def test_a_segment_that_finished_without_snakemake_is_not_made_again(tmp_path):
    """Snakemake is killed, its training goes on to the end; told to make again what it did not see finished, it finds it."""
    workflow = Workflow(tmp_path)
    listed = re.split(r"[\s,]+", workflow.snakemake("--dry-run", "demo", *SMALLEST).stdout)
    target = next(word for word in listed if "-image-" in word and word.endswith("/1/state.safetensors"))
    state = tmp_path / target
    started = workflow.start(target, *SMALLEST)
    lock = state.parents[1] / "partial" / "1" / "owner.json"
    wait_for(lock.exists, started, "training")
    os.kill(started.pid, signal.SIGKILL)
    started.wait()
    while lock.exists():
        time.sleep(0.1)
    networks = state.with_name("networks.safetensors")
    before = {path: path.read_bytes() for path in (networks, state)}
    inode = networks.stat().st_ino
    unlock(workflow)
    assert workflow.scheduled(target, *SMALLEST) == {}
    done = plain_call(workflow, target, "--cores", "2", *WITHOUT_PROFILE, *SMALLEST)
    assert done.returncode == 0 and "rule train_segment" in done.stdout, done.stdout
    assert {path: path.read_bytes() for path in before} == before
    assert networks.stat().st_ino == inode, "it was computed again"
    assert "was finished before" in next((tmp_path / "logs" / "train_segment").glob("*/1.log")).read_text()


@pytest.fixture
def trained_image(tmp_path):
    """A checkout in which the demo's image run is done, as by scripts that only pretend, and its snapshot in the middle."""
    workflow = Workflow(tmp_path, pretend=True)
    listed = re.split(r"[\s,]+", workflow.snakemake("--dry-run", "demo").stdout)
    networks = next(word for word in listed if "-image-" in word and word.endswith("/2/networks.safetensors"))
    done = workflow.snakemake(networks, networks.replace("/2/", "/4/"))
    assert done.returncode == 0, done.stdout
    return workflow, networks.removesuffix("/networks.safetensors")


def test_states_that_nothing_needs_any_more_are_not_missed(trained_image):
    """Two snapshots as targets: their states are temporary."""
    workflow, snapshot = trained_image
    assert not (workflow.folder / snapshot / "state.safetensors").exists()


def test_states_that_a_killed_call_left_are_deleted_by_the_next_but_what_it_was_asked_for(trained_image):
    """As of a segment that ended by itself while Snakemake was dead."""
    workflow, snapshot = trained_image
    run, left = snapshot.removesuffix("/2"), f"{snapshot}/state.safetensors"
    for kimg in (2, 4):
        (workflow.folder / run / str(kimg) / "state.safetensors").touch()
    for call, kept in ((["--notemp"], True), ([left], True), ([], False)):
        (workflow.folder / run / "recipe.yaml").unlink()
        done = workflow.snakemake(f"{run}/recipe.yaml", f"{snapshot}/networks.safetensors", *call)
        assert done.returncode == 0, done.stdout
        assert (workflow.folder / left).exists() == kept
    assert (workflow.folder / run / "4" / "state.safetensors").exists()

"""Where runs stand, by their files: at rest, at work, killed, damaged, not begun."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from report_values import log_line, score

from stylesv.files import write_text
from stylesv.records.experiment import Experiment, ReportedRun, ReportedSnapshot, experiment_yaml
from stylesv.records.log_line import log_text
from stylesv.records.recipe import recipe_yaml
from stylesv.records.score import write_score
from stylesv.slurm import SlurmJob
from stylesv.workflow.plan import load_plan
from stylesv.workflow.status import called_kimgs, explain_jobs, run_statuses, slurm_jobs


@pytest.fixture(scope="module")
def demo_run(root):
    """The demo's video run, as it is planned."""
    return load_plan(root / "config").experiments["demo"].runs[-1]


@pytest.fixture
def run(tmp_path, demo_run) -> Path:
    """A run whose first segment is done and whose second is at work."""
    folder = tmp_path / "results" / "runs" / demo_run.name
    write_text(folder / "recipe.yaml", recipe_yaml(demo_run.recipe))
    for kimg in (0, 4):
        write_text(folder / str(kimg) / "networks.safetensors", "")
    write_text(folder / "4" / "log.jsonl", log_text([log_line(4.0, loss_generator=1.0, loss_discriminator=2.0)]))
    live = log_text([log_line(4.5, loss_generator=3.0, loss_discriminator=0.5)])
    write_text(folder / "partial" / "8" / "log.jsonl", live)
    return folder


def holds(run: Path, pid: int, **changes: object) -> None:
    owner = {"host": socket.gethostname(), "pid": pid, "slurm_job": None} | changes
    write_text(run / "partial" / "8" / "owner.json", json.dumps(owner))


def slurm_job(number: str, state: str, what: str, folder: Path = Path("/x")) -> SlurmJob:
    return SlurmJob(number, state, "stylesv_x", str(folder), what)


def status(run: Path, demo_run, jobs: tuple[SlurmJob, ...] | None = ()):
    (found,) = run_statuses(run.parents[2], {demo_run.name: 12}, jobs)
    return found


def test_a_run_at_work(run, demo_run):
    holds(run, os.getpid())
    found = status(run, demo_run)
    assert (found.kimg, found.planned_kimg, found.loss_generator, found.loss_discriminator) == (4.5, 12, 3.0, 0.5)
    assert found.clips_per_second == 8.0
    frames = demo_run.recipe.training.num_frames
    assert found.seconds_left == pytest.approx(7.5 * 1000 / frames / 8.0)
    assert found.now == f"trains: process {os.getpid()}"


def test_a_killed_one_trains_no_more(run, demo_run):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    holds(run, dead.pid)
    found = status(run, demo_run)
    assert (found.now, found.clips_per_second) == ("stopped in a segment: the next call goes on", None)


@pytest.mark.parametrize(
    ("jobs", "now"),
    [
        ((slurm_job("17", "RUNNING", "rule_train_segment_wildcards_x"),), "trains: Slurm job 17 on node3, running"),
        ((), "stopped in a segment: the next call goes on"),
        (None, "trains: Slurm job 17 on node3, as far as can be told without squeue"),
    ],
)
def test_slurm_says_whether_its_job_goes_on(run, demo_run, jobs, now):
    holds(run, 1, host="node3", slurm_job="17")
    assert status(run, demo_run, jobs).now == now


def test_a_half_written_line_is_passed_over(run, demo_run):
    live = run / "partial" / "8" / "log.jsonl"
    live.write_text(live.read_text()[:30])
    holds(run, os.getpid())
    assert status(run, demo_run).kimg == 4.0


def test_the_best_score_so_far(run, demo_run):
    for kimg, value in ((0, 50.0), (4, 40.0)):
        write_score(run / str(kimg) / "scores" / "rfvd_16f-0123abcd.json", score(kimg, value, run=demo_run.name))
    assert status(run, demo_run).best == "rFVD16 40.00 at 4"


def test_a_damaged_file_hides_no_other_run(run, demo_run):
    other = run.parent / "other-D-s0-01234567"
    write_text(other / "recipe.yaml", recipe_yaml(demo_run.recipe))
    write_text(run / "4" / "scores" / "rfvd_16f-0123abcd.json", "{")
    first, second = run_statuses(run.parents[2], {demo_run.name: 12})
    assert "rfvd_16f-0123abcd.json" in first.now
    assert (second.name, second.now, second.planned_kimg) == (other.name, "waits", None)


def test_runs_that_have_not_begun_are_listed_when_asked_for(tmp_path, demo_run):
    assert run_statuses(tmp_path, {demo_run.name: 12}) == []
    (found,) = run_statuses(tmp_path, {demo_run.name: 12}, also={demo_run.name})
    assert (found.now, found.kimg) == ("not begun", 0)


def test_jobs_are_counted_by_what_they_are():
    jobs = [slurm_job(str(n), "RUNNING", "rule_train_segment_wildcards_a_4") for n in range(2)]
    told = explain_jobs([*jobs, slurm_job("3", "PENDING", "rule_pack_videos_wildcards_demo")])
    assert told == "Slurm: 2 running (train_segment 2), 1 pending (pack_videos 1)"


def experiment(root, run, kimg: int) -> Experiment:
    """The record of an experiment of one run."""
    style = load_plan(root / "config").experiments["demo"].figures.style
    nothing = {"networks": "", "recipe": "", "choice": "", "scores": "", "clips": None, "decomposition": None}
    snapshots = tuple(ReportedSnapshot(kimg=each, samples="", log=None) for each in (0, kimg))
    found = ReportedRun(name=run.name, dataset="own", model="D", seed=0, snapshots=snapshots, nearest=None, **nothing)
    return Experiment(title="", shown="best", runs=(found,), data=(), tables=(), figures=(), style=style)


def test_a_call_with_videos_or_lengths_of_its_own_says_where_its_runs_end(root, tmp_path, run, demo_run):
    """The plan of the settings files does not know them; the record of the experiment does, and the last call's counts."""
    assert called_kimgs(tmp_path) == {}
    for second, kimg in enumerate((8, 4)):
        path = tmp_path / "results" / "experiments" / f"own-0123456{second}.yaml"
        write_text(path, experiment_yaml(experiment(root, demo_run, kimg)))
        os.utime(path, (second, second))
    assert called_kimgs(tmp_path) == {demo_run.name: 4}
    (found,) = run_statuses(tmp_path, called_kimgs(tmp_path))
    assert (found.planned_kimg, found.now) == (4, "trained")
    write_text(tmp_path / "results" / "experiments" / "demo-01234569.yaml", "{")
    assert called_kimgs(tmp_path) == {demo_run.name: 4}, "a damaged record hides nothing"


def test_jobs_of_another_checkout_are_not_counted(tmp_path, monkeypatch):
    here = tmp_path / "here"
    squeue = tmp_path / "bin" / "squeue"
    write_text(
        squeue,
        f"#!/bin/sh\necho '3|RUNNING|stylesv_x|{here}|rule_a'\necho '4|RUNNING|stylesv_x|{tmp_path}/there|rule_a|b'\n",
    )
    squeue.chmod(0o755)
    monkeypatch.setenv("PATH", f"{squeue.parent}:{os.environ['PATH']}")
    assert slurm_jobs(here) == [slurm_job("3", "RUNNING", "rule_a", here)]
    assert slurm_jobs(tmp_path / "there") == [slurm_job("4", "RUNNING", "rule_a|b", tmp_path / "there")]

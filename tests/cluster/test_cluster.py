"""profiles/slurm on a real Slurm: the demo's DAG at its smallest, and everything that may end a job before it is done.

What is done to the jobs is done at once, in folders of their own: most of the time is waiting.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cluster_checkout import Base, ClusterCheckout
from local_slurm import PARTITIONS, Job, LocalSlurm, wait_until

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

PATIENCE = 240  # seconds that an awaited event may take on a busy machine
AT_ONCE = 4  # scenes, on two cores


@dataclass
class Scene:
    """A checkout before the image run's only segment, and what was seen there."""

    slurm: LocalSlurm
    base: Base
    folder: Path
    statuses: list[int] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    listed: str = ""

    def __post_init__(self):
        self.checkout = ClusterCheckout(self.folder, self.slurm.environment)
        shutil.copytree(self.base.results, self.folder / "results")

    def call(self, *arguments: str) -> None:
        """Run Snakemake to its end and keep what it said."""
        status, output = self.checkout.run(*arguments)
        self.statuses.append(status)
        self.outputs.append(output)

    def ended(self, started) -> None:
        """Keep what a started Snakemake said."""
        output, _ = started.communicate()
        self.statuses.append(started.returncode)
        self.outputs.append(output)

    def segment_jobs(self) -> list[Job]:
        """Slurm's jobs of the segment."""
        return self.slurm.jobs(of=self.folder, what="train_segment")

    def list_runs(self) -> None:
        """Keep what `status.py` says."""
        command = [sys.executable, "workflow_scripts/status.py"]
        environment = self.checkout.environment | {"PYTHONPATH": str(self.folder)}
        self.listed = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True).stdout

    def wait_for_partial_state(self) -> None:
        """Return once the segment has saved something."""
        folder = self.folder / "results" / "runs" / self.base.run / "partial"
        wait_until(lambda: list(folder.glob("1/*.safetensors")), PATIENCE, f"a partial state in {folder}")

    def messages(self) -> str:
        """What the segment's last process said."""
        return (self.folder / "logs" / "train_segment" / self.base.run / "1.log").read_text()

    def trained(self) -> dict[str, bytes]:
        """The segment's results."""
        return self.base.trained(self.folder)


def whole_dag(scene: Scene) -> None:
    shutil.rmtree(scene.folder / "results")
    scene.call("demo")
    scene.jobs = scene.slurm.jobs(of=scene.folder)
    scene.call("--dry-run", "demo")


def time_limit(scene: Scene) -> None:
    scene.checkout.edit("profiles/slurm/config.yaml", "TERM@180", "TERM@20")
    scene.checkout.slow_training_down(0.6)  # it shall last longer than the limit
    begun = time.monotonic()
    started = scene.checkout.start(scene.base.target)
    scene.wait_for_partial_state()
    # a limit that is up in a minute, once training is on its way, but not before it could be told; the next time there is room
    number, minutes = scene.segment_jobs()[0].job_id, 1 if time.monotonic() - begun < 35 else 2
    scene.slurm.command("scontrol", "update", f"JobId={number}", f"TimeLimit={minutes}", check=True)
    wait_until(lambda: scene.segment_jobs()[0].restarts, PATIENCE, "the job to be requeued")
    scene.slurm.command("scontrol", "update", f"JobId={number}", "TimeLimit=60", check=True)
    scene.ended(started)
    scene.jobs = scene.segment_jobs()


def cancelled(scene: Scene) -> None:
    scene.checkout.slow_training_down(0.1)
    started = scene.checkout.start("--retries", "0", scene.base.target)
    scene.wait_for_partial_state()
    scene.slurm.command("scancel", scene.segment_jobs()[0].job_id)
    scene.ended(started)
    scene.call("--retries", "0", scene.base.target)
    scene.jobs = scene.segment_jobs()


def node_down(scene: Scene) -> None:
    scene.checkout.edit("profiles/slurm/config.yaml", "slurm_partition: gpu", "slurm_partition: spare")
    scene.checkout.slow_training_down(0.1)
    started = scene.checkout.start(scene.base.target)
    scene.wait_for_partial_state()
    scene.jobs = scene.segment_jobs()
    scene.slurm.down(scene.jobs[0].nodes)
    scene.ended(started)
    scene.jobs += scene.segment_jobs()


def interrupted(scene: Scene) -> None:
    scene.checkout.slow_training_down(0.1)
    started = scene.checkout.start(scene.base.target)
    scene.wait_for_partial_state()
    scene.list_runs()
    started.send_signal(signal.SIGINT)
    scene.ended(started)
    scene.call(scene.base.target)
    scene.jobs = scene.segment_jobs()


def killed(scene: Scene) -> None:
    scene.checkout.slow_training_down(0.1)
    started = scene.checkout.start(scene.base.target)
    scene.wait_for_partial_state()
    number = scene.segment_jobs()[0].job_id
    scene.slurm.command("scontrol", "suspend", number, check=True)  # it shall last until it was waited for
    started.kill()
    scene.ended(started)
    scene.call(scene.base.target)
    scene.call("--unlock")
    started = scene.checkout.start(scene.base.target)
    said = next((line for line in started.stdout if "Waiting for them" in line), "")
    scene.slurm.command("scontrol", "resume", number, check=True)
    scene.ended(started)
    scene.outputs[-1] = said + scene.outputs[-1]
    scene.jobs = scene.segment_jobs()


def failing(scene: Scene) -> None:
    clips = next((scene.folder / "results" / "data").glob("*/clips.zip"))
    os.truncate(clips, 1000)
    scene.call("--retries", "0", scene.base.target)
    scene.jobs = scene.segment_jobs()


def two_ranks(scene: Scene) -> None:
    profile = "profiles/slurm/config.yaml"
    scene.checkout.edit(profile, "    gpu: 1                        # GPUs of a job", "    gpu: 2  # GPUs of a job")
    scene.checkout.edit(profile, "nodes: 1 ", "nodes: 2 ")
    for line in ("mpi: srun", "tasks: 2", "tasks_per_gpu: 0"):
        scene.checkout.edit(profile, f"#   {line}", f"    {line}")
    scene.checkout.edit(profile, "#   scratch: \"'$TMPDIR'\"", "    scratch: \"'$NODE_SCRATCH'\"")
    scene.checkout.environment["NODE_SCRATCH"] = str(scene.folder / "scratch")
    scene.call(scene.base.target)
    scene.jobs = scene.segment_jobs()


SCENES = (time_limit, whole_dag, node_down, killed, cancelled, interrupted, two_ranks, failing)
Played = Callable[[Callable[[Scene], None]], Scene]


@pytest.fixture(scope="module")
def played(slurm: LocalSlurm, base: Base, tmp_path_factory, request) -> Iterator[Played]:
    """Starts all scenes that the chosen tests name; asked for one, waits until it is over."""
    named = {name for item in request.session.items for name in item.function.__code__.co_names}

    def play(scene: Callable[[Scene], None]) -> Scene:
        seen = Scene(slurm, base, folders / scene.__name__)
        scene(seen)
        return seen

    folders = tmp_path_factory.mktemp("scenes")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures: dict[str, Future[Scene]] = {
            scene.__name__: pool.submit(play, scene) for scene in SCENES if scene.__name__ in named
        }
        yield lambda scene: futures[scene.__name__].result()


@pytest.fixture(scope="module")
def trained(base: Base, tmp_path_factory) -> dict[str, bytes]:
    """The segment's results on this machine alone."""
    checkout = ClusterCheckout(tmp_path_factory.mktemp("trained") / "checkout")
    shutil.copytree(base.results, checkout.folder / "results")
    status, output = checkout.run(base.target, profile="default")
    assert status == 0, output
    return base.trained(checkout.folder)


@pytest.mark.long
def test_the_whole_dag_runs_and_is_done(played):
    scene = played(whole_dag)
    assert scene.statuses == [0, 0], scene.outputs
    assert "Nothing to be done" in scene.outputs[1]
    assert {job.state for job in scene.jobs} == {"COMPLETED"}


@pytest.mark.long
def test_gpu_rules_land_on_the_gpu_partition_with_the_gpus_they_asked_for_and_others_do_not(played):
    jobs = played(whole_dag).jobs
    asked = {job.comment.split("_wildcards")[0].split("_demo-")[0]: (job.partition, job.gpus) for job in jobs}
    gpu, none = ("gpu", "gres:gpu:pretended:1"), ("cpu", "N/A")
    assert asked == {
        "rule_render_videos": none,
        "rule_pack_videos": none,
        "rule_initialize_networks": none,
        "rule_references": gpu,
        "rule_train_segment": gpu,
        "rule_scores": gpu,
        "rule_generate_clips": gpu,
        "rule_show_real_clips": none,
        "rule_draw_nearest": gpu,
        "rule_measure_floor": none,
    }
    assert all(job.nodes in PARTITIONS[job.partition] for job in jobs)


@pytest.mark.long
def test_short_jobs_share_one_slurm_job(played):
    jobs = played(whole_dag).jobs
    # 2 protocols score each of the image run's 2 snapshots, and have a reference each; 1 scores the video run's 2
    assert sum("score_snapshot" in job.comment for job in jobs) == 2 + 2
    assert sum("measure_reference" in job.comment for job in jobs) == 1


@pytest.mark.long
def test_results_on_slurm_equal_the_local_run(played, local_results):
    results = played(whole_dag).checkout.results()
    assert results.keys() == local_results.keys()
    assert [name for name in results if results[name] != local_results[name]] == []


def test_a_training_that_hits_its_time_limit_is_requeued_and_continues(played, trained):
    scene = played(time_limit)
    assert scene.statuses == [0], scene.outputs
    assert len(scene.jobs) == 1 and scene.jobs[0].restarts >= 1 and scene.jobs[0].state == "COMPLETED"
    assert "going on from" in scene.messages()
    assert scene.trained() == trained


@pytest.mark.long
def test_a_cancelled_training_continues_at_the_next_run(played, trained):
    scene = played(cancelled)
    assert scene.statuses == [1, 0], scene.outputs
    assert [job.state for job in scene.jobs] == ["CANCELLED", "COMPLETED"]
    assert "going on from" in scene.messages()
    assert scene.trained() == trained


@pytest.mark.long
def test_when_a_node_goes_down_its_job_runs_elsewhere(played, trained):
    scene = played(node_down)
    assert scene.statuses == [0], scene.outputs
    before, after = scene.jobs
    assert (before.job_id, after.state) == (after.job_id, "COMPLETED")
    assert {before.nodes, after.nodes} == set(PARTITIONS["spare"])
    assert "going on from" in scene.messages()
    assert scene.trained() == trained


@pytest.mark.long
def test_after_ctrl_c_the_next_call_goes_on(played, trained):
    scene = played(interrupted)
    assert scene.base.run in scene.listed and "Slurm: 1 running (train_segment 1)" in scene.listed
    assert scene.statuses[0] != 0 and scene.statuses[1] == 0, scene.outputs
    assert [job.state for job in scene.jobs] == ["CANCELLED", "COMPLETED"]
    assert "going on from" in scene.messages()
    assert scene.trained() == trained


def test_after_kill_9_of_snakemake_a_running_training_is_neither_duplicated_nor_lost(played, trained):
    scene = played(killed)
    died, locked, unlocked, last = scene.statuses
    assert (died, unlocked, last) == (-signal.SIGKILL, 0, 0) and locked != 0, scene.outputs
    assert "--unlock" in scene.outputs[1]
    assert "Waiting for them" in scene.outputs[3]
    assert [job.state for job in scene.jobs] == ["COMPLETED"]
    assert scene.trained() == trained


def test_a_failing_jobs_log_is_shown(played):
    scene = played(failing)
    assert scene.statuses == [1]
    assert "clips.zip: has 1,000 bytes where index.json says" in scene.outputs[0]
    assert [job.state for job in scene.jobs] == ["FAILED"]


@pytest.mark.long
def test_two_ranks_on_two_nodes_train_one_segment(played, trained):
    scene = played(two_ranks)
    assert scene.statuses == [0], scene.outputs
    (job,) = scene.jobs
    assert (job.nodes, job.gpus) == ("g[1-2]", "gres:gpu:pretended:2")
    assert "2 processes" in scene.messages()
    assert scene.trained().keys() == trained.keys()


@pytest.mark.long
def test_packed_clips_are_copied_to_the_nodes_scratch_disk_that_the_profile_names(played):
    scene = played(two_ranks)
    scratch = scene.folder / "scratch"
    assert f"packed clips: copied to {scratch}" in scene.messages() or f"read from {scratch}" in scene.messages()
    assert len(list(scratch.glob("stylesv/*/*/clips.zip"))) == 1

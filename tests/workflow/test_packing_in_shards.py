"""A data set packed by several jobs: killed and called again, and with another number of them, it is what one job packs."""

import os
import shutil
import signal
from pathlib import Path

import pytest
from film_making import write_lossy
from own_process import comes_true
from workflow_checkout import Workflow

from stylesv.data.packed import PackedClips
from stylesv.data.packing import pack_videos
from stylesv.data.sharding import join_shards
from stylesv.records.recipe import read_data_recipe
from stylesv.workflow.plan import load_plan

pytestmark = [pytest.mark.workflow, pytest.mark.slow]


@pytest.fixture
def films(tmp_path) -> Path:
    first = write_lossy(tmp_path / "films" / "0.mp4", 90, size=(96, 64), noise=60)
    for number in range(1, 6):
        shutil.copyfile(first, first.with_name(f"{number}.mp4"))
    return first.parent


@pytest.fixture
def workflow(tmp_path) -> Workflow:
    return Workflow(tmp_path / "checkout")


def packed_at(workflow: Workflow, films: Path) -> Path:
    """Where the films will lie, relative to the checkout."""
    plan = load_plan(workflow.folder / "config", {"videos": str(films)})
    (data,) = [data for data in plan.data.values() if data.dataset == "own"]
    return Path("results/data") / data.name


def called(films: Path, packed: Path, **dataset: int) -> list[str]:
    settings = ", ".join(f"{name}: {value}" for name, value in dataset.items())
    return [str(packed / "index.json"), "--config", f"videos={films}", f"dataset={{{settings}}}"]


def identities(folder: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of every file of the shards that are whole."""
    whole = [index.parent for index in folder.glob("shards/*/index.json")]
    facts = {str(file): file.stat() for shard in whole for file in shard.iterdir()}
    return {file: (fact.st_ino, fact.st_mtime_ns) for file, fact in facts.items()}


def jobs_at_work(workflow: Workflow) -> list[int]:
    """Processes that pack a shard of this checkout."""
    script = str(workflow.folder / "workflow_scripts" / "pack_shard.py").encode()
    found = []
    for folder in Path("/proc").iterdir():
        try:
            parts = (folder / "cmdline").read_bytes().split(b"\0") if folder.name.isdigit() else []
        except OSError:
            continue  # it has ended
        if len(parts) > 1 and parts[1] == script:
            found.append(int(folder.name))
    return found


@pytest.mark.long
def test_killed_shards_and_a_killed_snakemake_cost_no_finished_shard_and_no_byte(workflow, films, tmp_path):
    packed = packed_at(workflow, films)
    target, out = called(films, packed, num_shards=3), workflow.folder / packed
    # the second job is killed; they have two processes each, and so come one after the other
    running = workflow.start(*target)
    assert comes_true(lambda: jobs_at_work(workflow))
    job = min(jobs_at_work(workflow))  # a process that it is just starting looks like it
    assert comes_true(lambda: (others := jobs_at_work(workflow)) and job not in others)
    for other in jobs_at_work(workflow):
        os.kill(other, signal.SIGKILL)
    assert running.wait() != 0
    first = identities(out)
    assert len(first) == 3 and not (out / "index.json").exists()
    # Snakemake and all below it are killed once one more is done
    running = workflow.start(*target)
    assert comes_true(lambda: len(identities(out)) > len(first) or running.poll() is not None)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert comes_true(lambda: not jobs_at_work(workflow))
    second = identities(out)
    workflow.snakemake("--unlock", *target)
    done = workflow.snakemake(*target)
    assert done.returncode == 0, done.stdout
    last = identities(out)
    assert len(last) == 9 and first.items() <= second.items() <= last.items()
    # the bytes are those of one job
    recipe = read_data_recipe(out / "recipe.yaml")
    pack_videos(films, tmp_path / "one", settings=recipe.packing)
    join_shards(out, tmp_path / "joined")
    for name in ("clips.zip", "offsets.npy", "index.json"):
        assert (tmp_path / "joined" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()
    assert PackedClips(out).digest == PackedClips(tmp_path / "one").digest
    # another number of jobs is no reason to pack again, and a film more is
    assert workflow.scheduled(*called(films, packed, num_shards=2)) == {}
    assert workflow.scheduled(*called(films, packed)) == {}
    shutil.copyfile(films / "0.mp4", films / "6.mp4")
    assert packed_at(workflow, films) != packed

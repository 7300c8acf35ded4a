"""No process outlives its job: those that train one run, when one is killed (of packing: tests/data/test_killed_packing.py)."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from killing import processes_in
from own_process import comes_true

pytestmark = pytest.mark.slow


TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "--"]
SLOW = """\
import runpy, sys, time
from stylesv.training import step
before = step.TrainingStep.__call__
step.TrainingStep.__call__ = lambda *a, **k: (time.sleep(0.2), before(*a, **k))[1]
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@contextmanager
def training_slowly(folder, root, before=(), after=()):
    """A run that two processes train: its files, and the process that was started."""
    from segment_run import TINY, Run, make_clips, recipes_of

    batches = {"model": {**TINY["model"], "training": {"batch_size": 8, "max_num_frames": 16}}}
    run = Run(folder / "run", recipes_of({**TINY, **batches})["image"], make_clips(folder / "data")).start()
    (folder / "slow.py").write_text(SLOW)
    with subprocess.Popen(
        [sys.executable, *before, str(folder / "slow.py"), *run.command(0, 1), *after],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(root)},
        stderr=subprocess.PIPE,
        text=True,
    ) as job:
        try:
            started = comes_true(lambda: (run.partial(1) / "log.jsonl").exists() or job.poll() is not None, 300)
            assert started and job.poll() is None
            time.sleep(0.5)
            yield run, job
        finally:
            for number in processes_in(folder):
                os.kill(number, signal.SIGKILL)


@pytest.mark.parametrize(
    ("before", "after", "others"), [(TORCHRUN, [], 2), ([], ["--cpu-processes", "2"], 1)], ids=["torchrun", "cpu"]
)
def test_no_process_of_a_killed_training_goes_on(tmp_path, root, before, after, others):
    with training_slowly(tmp_path, root, before, after) as (run, job):
        assert len(set(processes_in(tmp_path)) - {job.pid}) >= others
        job.kill()
        job.wait()
        assert comes_true(lambda: not processes_in(tmp_path), 60), processes_in(tmp_path)
    assert not run.file(1, "networks.safetensors").exists(), "it trained to the end"


@pytest.mark.long
def test_a_training_that_loses_a_process_ends_in_one_line_and_goes_on_when_called_again(tmp_path, root):
    with training_slowly(tmp_path, root, after=["--cpu-processes", "2"]) as (run, job):
        (other,) = set(processes_in(tmp_path)) - {job.pid}
        os.kill(other, signal.SIGKILL)
        said = job.communicate(timeout=120)[1]
        assert (job.returncode, said.count("error:")) == (2, 1)
        assert "SIGKILL" in said and "Traceback" not in said
    assert not run.file(1, "networks.safetensors").exists()


def test_processes_of_a_cpu_that_are_asked_to_end_save_what_they_have(tmp_path, root):
    with training_slowly(tmp_path, root, after=["--cpu-processes", "2"]) as (run, job):
        job.terminate()
        said = job.communicate(timeout=120)[1]
        assert job.returncode == 75, said
        assert not processes_in(tmp_path)
    assert list(run.partial(1).glob("*.safetensors"))

"""No process outlives its job: those of torchrun, when it is killed (of packing: tests/data/test_killed_packing.py)."""

import os
import signal
import subprocess
import sys
import time

import pytest
from killing import comes_true, processes_in

pytestmark = pytest.mark.slow


def test_no_process_of_a_killed_torchrun_trains_on(tmp_path, root):
    from segment_run import TINY, Run, make_clips, recipes_of

    batches = {"model": {**TINY["model"], "training": {"batch_size": 8, "max_num_frames": 16}}}
    run = Run(tmp_path / "run", recipes_of({**TINY, **batches})["image"], make_clips(tmp_path / "data")).start()
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "--"]
    slow = "import runpy, sys, time; from stylesv.training import step; before = step.TrainingStep.__call__\n"
    slow += "step.TrainingStep.__call__ = lambda *a, **k: (time.sleep(0.2), before(*a, **k))[1]\n"
    slow += "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')\n"
    (tmp_path / "slow.py").write_text(slow)
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(
        [*torchrun, str(tmp_path / "slow.py"), *run.command(0, 1)], cwd=tmp_path, env=environment
    ) as job:
        try:
            started = comes_true(lambda: (run.partial(1) / "log.jsonl").exists() or job.poll() is not None, 300)
            assert started and job.poll() is None
            ranks = set(processes_in(tmp_path)) - {job.pid}
            assert len(ranks) >= 2
            time.sleep(0.5)
            job.kill()
            job.wait()
            assert comes_true(lambda: not processes_in(tmp_path), 60), processes_in(tmp_path)
        finally:
            for number in processes_in(tmp_path):
                os.kill(number, signal.SIGKILL)
    assert not run.file(1, "networks.safetensors").exists(), "it trained to the end"

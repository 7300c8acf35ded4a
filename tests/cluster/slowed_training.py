"""Runs workflow_scripts/train_segment.py so that a step lasts at least STEP_SECONDS: time for something to happen to it."""

import os
import runpy
import sys
import time

from stylesv import threads

plain_threads = threads.use_cpu_threads


def use_cpu_threads_and_time(number: int) -> None:
    """What the program calls first; only then may torch be imported."""
    plain_threads(number)
    from stylesv.training.step import TrainingStep

    plain_step = TrainingStep.__call__

    def slow_step(self, batch):
        time.sleep(float(os.environ["STEP_SECONDS"]))
        return plain_step(self, batch)

    TrainingStep.__call__ = slow_step


threads.use_cpu_threads = use_cpu_threads_and_time
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")

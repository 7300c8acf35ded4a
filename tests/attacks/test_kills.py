"""Kills at random moments, again and again: what comes out is what comes out undisturbed (the long form: `make attack`)."""

import random
import re

import pytest
from killing import KilledRuns, undisturbed_run
from smallest_demo import smallest_demo
from workflow_checkout import Workflow

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

STRIKES, SEED = 6, 1


def test_a_run_that_is_killed_again_and_again_is_what_it_is_undisturbed(tmp_path):
    """From videos to the choice of a snapshot."""
    settings = ["--config", *smallest_demo()]
    listed = Workflow(tmp_path / "listed").snakemake("--dry-run", "demo", *settings).stdout
    choice = re.search(r"results/runs/demo-image-s0-[0-9a-f]{8}/best/[^ ,\n]+\.json", listed)[0]
    whole, lengths = undisturbed_run(tmp_path / "undisturbed", [choice, *settings])
    assert {"pack_videos", "train_segment", "score_snapshot"} <= lengths.keys()
    workflow = Workflow(tmp_path / "killed")
    run = KilledRuns(workflow, [choice, *settings], whole, lengths, random.Random(SEED))
    run.go(STRIKES)
    assert len(run.strikes) == STRIKES and any(strike.jobs for strike in run.strikes)
    assert any(strike.status != 0 for strike in run.strikes)

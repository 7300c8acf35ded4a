"""Thousands of jobs: what the plan and the rules add to Snakemake's own work, counted, and the memory of it all."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cluster_checkout import ROOT, ClusterCheckout

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

NUM_SEEDS = 43
NUM_RUNS = 2 * NUM_SEEDS


@pytest.fixture(scope="module")
def counted(tmp_path_factory) -> dict[str, Any]:
    """A dry run of pretraining and finetuning at the paper's length for many seeds."""
    checkout = ClusterCheckout(tmp_path_factory.mktemp("many") / "checkout")
    demo = "config/experiments/demo.yaml"
    checkout.edit(demo, "seeds: [0]", f"seeds: [{', '.join(map(str, range(NUM_SEEDS)))}]")
    text = (checkout.folder / demo).read_text()
    longer = re.sub(r"length: \{.*?\}", "length: {total_kimg: 25000, segment_kimg: 1000}", text)
    (checkout.folder / demo).write_text(longer)
    out = checkout.folder / "counted.json"
    program = Path(__file__).with_name("counted_dry_run.py")
    command = [sys.executable, program, ROOT, checkout.folder, out, "--dry-run", "--cores", "2", "demo"]
    done = subprocess.run(command, cwd=checkout.folder, env=checkout.environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    counted = json.loads(out.read_text())
    return {**counted, "jobs": int(re.search(r"^total +(\d+)$", done.stdout, re.M)[1])}


def test_five_thousand_jobs_fit_in_little_memory(counted):
    assert counted["status"] == 0
    assert counted["jobs"] > 4_800
    assert counted["peak_bytes"] < 1.5e9


def test_the_plan_and_the_rules_make_few_calls_a_job(counted):
    assert sum(counted["calls"].values()) / counted["jobs"] < 100, counted["calls"]


def test_every_file_of_settings_is_read_once_and_every_run_listed_once(counted):
    num_files = sum(len(list((ROOT / "config").glob(pattern))) for pattern in ("*.yaml", "*/*.yaml"))
    assert counted["calls"]["read_layer"] <= num_files
    assert counted["calls"]["files_under"] <= NUM_RUNS
    assert counted["calls"]["segments_to_run"] <= 2 * NUM_RUNS

"""Thousands of jobs: what the plan and the rules add to Snakemake's own work, counted, and the memory of it all."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from cluster_checkout import ROOT, ClusterCheckout

from stylesv.workflow.plan import load_plan
from stylesv.workflow.stages import planned_stages

pytestmark = [pytest.mark.workflow, pytest.mark.long]

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
    return dry_run(checkout, "demo")


def dry_run(checkout: ClusterCheckout, *arguments: str) -> dict[str, Any]:
    """What such a call counts: `calls` of our code, `peak_bytes`, `jobs`, jobs `by_rule`, and all that it `said`."""
    out = checkout.folder / "counted.json"
    program = Path(__file__).with_name("counted_dry_run.py")
    command = [sys.executable, program, ROOT, checkout.folder, out, "--dry-run", "--cores", "2", *arguments]
    done = subprocess.run(command, cwd=checkout.folder, env=checkout.environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    by_rule = {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", done.stdout, re.M)}
    return {**json.loads(out.read_text()), "jobs": by_rule.pop("total"), "by_rule": by_rule, "said": done.stdout}


@pytest.fixture(scope="module")
def paper(tmp_path_factory) -> dict[str, Any]:
    """A dry run of the paper: 3 data sets, 6 models and their pretraining, 3 seeds, 25,000 kimg, all protocols."""
    checkout = ClusterCheckout(tmp_path_factory.mktemp("paper") / "checkout")
    return dry_run(checkout, "paper", "--printshellcmds")


def test_the_paper_fits_in_little_memory_and_few_calls_a_job(paper):
    assert paper["status"] == 0 and paper["jobs"] > 6_000
    assert paper["peak_bytes"] < 1.5e9
    assert sum(paper["calls"].values()) / paper["jobs"] < 100, paper["calls"]


def test_the_plan_of_the_papers_cost_has_as_many_jobs_as_snakemake(paper):
    planned: Counter[str] = Counter()
    for stage in planned_stages(load_plan(ROOT / "config").experiments["paper"]):
        planned[stage.stage] += stage.jobs
    assert planned["train_segment"] == 25 * 3 * 7 * 3
    assert planned == {stage: paper["by_rule"][stage] for stage in planned}


def test_no_argument_of_the_paper_is_long(paper):
    commands = [line for line in paper["said"].splitlines() if "workflow_scripts" in line]
    assert len(commands) > 6_000
    assert max(len(argument) for line in paper["said"].splitlines() for argument in line.split()) < 4096


def test_five_thousand_jobs_fit_in_little_memory(counted):
    assert counted["status"] == 0
    assert counted["jobs"] > 4_800
    assert counted["peak_bytes"] < 1.5e9


def test_the_plan_and_the_rules_make_few_calls_a_job(counted):
    assert sum(counted["calls"].values()) / counted["jobs"] < 100, counted["calls"]


def test_every_file_of_settings_is_read_once_and_every_run_and_data_set_listed_once(counted):
    num_files = sum(len(list((ROOT / "config").glob(pattern))) for pattern in ("*.yaml", "*/*.yaml"))
    assert counted["calls"]["read_layer"] <= num_files
    num_data = len(load_plan(ROOT / "config").data)  # shards begun; and whether driving, planned in several, is one
    assert counted["calls"]["files_under"] <= NUM_RUNS + num_data + 1
    assert counted["calls"]["segments_to_run"] <= 2 * NUM_RUNS

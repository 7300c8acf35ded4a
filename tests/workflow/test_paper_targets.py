"""Targets of tables and cost: which experiment they are for, what they plan, and what they refuse."""

import pytest
from workflow_checkout import Workflow

pytestmark = [pytest.mark.workflow, pytest.mark.slow]


@pytest.fixture(scope="module")
def workflow(tmp_path_factory) -> Workflow:
    return Workflow(tmp_path_factory.mktemp("paper"))


@pytest.mark.long
def test_a_table_of_what_is_there_computes_nothing_and_shows_dashes(workflow):
    call = ("table_main", "--config", "unfinished=dash")
    assert workflow.scheduled(*call) == {"write_table_plan": 1, "write_table": 1, "table_main": 1}
    done = workflow.snakemake(*call)
    assert done.returncode == 0, done.stdout
    table = workflow.folder / "results" / "tables" / "paper" / "main.md"
    assert f"table: {table}" in done.stdout
    text = table.read_text()
    assert "| driving | FVD128 | D | 221.5 | – | – | – | 0 of 3 |" in text
    assert "driving D, seed 0, 1, 2: not there yet; `snakemake --cores all results/runs/driving-D-s0-" in text
    assert workflow.scheduled(*call) == {}
    whole = workflow.scheduled("table_main")
    assert whole["write_table"] == 1 and whole["train_segment"] == 25 * 3 * 7 * 3, (
        "the table with dashes is not taken for it"
    )


def test_the_cost_of_the_paper_is_said_without_training_a_step(workflow):
    done = workflow.snakemake("paper_cost")
    assert done.returncode == 0, done.stdout
    assert "measure_speed" not in done.stdout
    assert "train_segment A: 113 s/kimg: published, 8x A100 (StyleGAN-V at tick 0" in done.stdout


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (("demo", "--config", "experiment=paper"), "error: --config experiment=paper: demo does not use it"),
        (
            ("table_cost", "--config", "experiment=demo"),
            "error: table_cost: experiment demo has no such table; it has main",
        ),
        (("table_main", "--config", "experiment=dmo"), "error: dmo: no such experiment"),
        (
            ("table_main", "--config", "unfinished=no"),
            "error: --config: unfinished: False: input should be 'make' or 'dash'",
        ),
        (("results/tables/demo/minor.csv",), "error: minor: no such table of demo"),
    ],
)
def test_what_a_call_cannot_mean_is_one_line(workflow, call, words):
    done = workflow.snakemake("--dry-run", *call)
    assert done.returncode == 2 and words in done.stdout and "Traceback" not in done.stdout


def test_the_toy_paper_has_every_job_of_the_paper(workflow):
    jobs = workflow.scheduled("paper_toy")
    assert jobs["train_segment"] == 2 * 2 * 7 and jobs["write_table"] == 5 + 3
    assert sum(jobs.values()) < 400

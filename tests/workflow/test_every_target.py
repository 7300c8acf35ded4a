"""Every shipped experiment, table and figure can be planned: no rule names a file that none makes."""

import pytest
from workflow_checkout import ROOT, Workflow

from stylesv.config.figures import DRAWN_FROM
from stylesv.config.settings import TABLES
from stylesv.workflow.plan import load_plan
from stylesv.workflow.questions import Questions

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

SHORT = "model={length: {total_kimg: 24, segment_kimg: 24}}"
"""A length of runs that keeps the graph small; how long they are is no matter of files."""
BY_NAME = ("paper_toy", "long_video")
"""Experiments that have every table and figure between them."""


@pytest.fixture(scope="module")
def workflow(tmp_path_factory) -> Workflow:
    return Workflow(tmp_path_factory.mktemp("every"))


@pytest.fixture(scope="module")
def ask() -> Questions:
    return Questions(load_plan(ROOT / "config"))


def tables_and_figures(ask: Questions, name: str) -> list[str]:
    figures = [f"figure_{figure.name}" for figure in ask._reported(name).figures]
    return [*(f"table_{table}" for table in ask.named.experiment(name).tables), *figures]


def test_every_experiment_can_be_planned_those_of_data_in_shards_as_well(workflow, ask):
    own = {path.stem for path in (ROOT / "config" / "experiments").glob("*.yaml")} - set(ask.plan.experiments)
    assert own == set(ask.plan.waiting) == {"own"}
    jobs = workflow.scheduled("--config", SHORT, "--", *ask.plan.experiments)
    assert jobs["pack_shard"] > 1 and jobs["index_shards"] == 1, "driving is packed in shards"
    assert jobs["show_real_clips"] >= 6 and jobs["write_report"] == len(ask.plan.experiments)
    films = workflow.folder / "films"
    films.mkdir()
    (films / "film.mp4").touch()
    assert workflow.scheduled("own", "--config", "videos=films")["show_real_clips"] == 1


@pytest.mark.long
def test_every_table_and_figure_can_be_planned_by_its_name(workflow, ask):
    targets = {name: tables_and_figures(ask, name) for name in BY_NAME}
    known = {f"table_{name}" for name in TABLES} | {f"figure_{name}" for name in DRAWN_FROM}
    assert {target for asked in targets.values() for target in asked} == known
    for name, asked in targets.items():
        jobs = workflow.scheduled("--config", f"experiment={name}", SHORT, "--", *asked)
        assert {target: jobs.get(target) for target in asked} == dict.fromkeys(asked, 1)


def test_what_is_explored_is_planned_for_the_demo_and_for_the_experiment_that_a_call_names(workflow):
    jobs = workflow.scheduled("explore")
    assert jobs["explore"] == 1 and jobs["train_segment"] == 4 and "write_report" not in jobs
    assert workflow.scheduled("explore", "--config", "experiment=paper_toy", SHORT)["explore"] == 1


def test_films_of_an_experiment_can_be_planned(workflow, ask):
    for handed_on, chosen in (("best", 2), ("last", 1)):
        short = f"model={{parent_snapshot: {handed_on}, {SHORT.removeprefix('model={')}"
        jobs = workflow.scheduled("--config", "experiment=demo", short, "--", "films")
        assert jobs["generate"] == jobs["films"] == 1 and jobs["choose_snapshot"] == chosen, handed_on
        assert "write_report" not in jobs

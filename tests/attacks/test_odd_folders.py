"""A checkout in a folder of any name runs, and runs nothing that the name spells."""

import os
import random
import re

import pytest
from workflow_checkout import Workflow

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

NAMES = (
    "it's",
    'a "quoted" one',
    "a; touch run",
    "a & touch run &",
    "$(touch run)",
    "`touch run`",
    "two\nlines",
    "a | touch run",
    "# a comment",
    "* ? [a-z]",
    "back\\slash\\",
    "-rf --help",
    "$HOME ~ %s é 道",
)
COUNT = int(os.environ.get("STYLESV_ODD_FOLDERS", 2))  # `make attack` takes all; all characters at once: tests/workflow


@pytest.mark.parametrize("name", random.Random(1).sample(NAMES, COUNT))
def test_it_packs_videos_and_nothing_else(tmp_path, name):
    workflow = Workflow(tmp_path / name, pretend=True)
    before = {path.name for path in workflow.folder.iterdir()}
    listed = workflow.snakemake("--dry-run", "demo").stdout
    sheet = re.search(r"results/data/demo-[0-9a-f]{8}/sheet\.json", listed)[0]
    done = workflow.snakemake(sheet)
    assert done.returncode == 0 and (workflow.folder / sheet).exists(), done.stdout
    made = {path.name for path in workflow.folder.iterdir()} - before
    assert made == {".snakemake", "benchmarks", "logs", "results"}
    assert [path.name for path in tmp_path.iterdir()] == [name]
    print("tried: checkouts in odd folders: 1")

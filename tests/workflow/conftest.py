"""A workflow that has run."""

import pytest
from workflow_checkout import Workflow


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Workflow:
    """The demo, as if it had run."""
    workflow = Workflow(tmp_path_factory.mktemp("finished"), pretend=True)
    done = workflow.snakemake("demo")
    assert done.returncode == 0, done.stdout
    return workflow

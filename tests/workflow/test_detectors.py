"""The papers' detectors in the workflow: fetched by a rule, or put there by hand, and never used without a known hash."""

import hashlib

import pytest
from workflow_checkout import Workflow

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

FILE = "results/detectors/i3d_torchscript.pt"
URL = '"https://www.dropbox.com/s/ge9e5ujwgetktms/i3d_torchscript.pt?dl=1"'


def with_fvd(folder, *, pretend=False) -> Workflow:
    """The demo with FVD16 as the papers measure it beside its own score."""
    workflow = Workflow(folder, pretend=pretend)
    workflow.change("experiments/demo.yaml", "video: [evd_16f]", "video: [evd_16f, fvd2048_16f]")
    return workflow


def test_a_protocol_of_the_papers_fetches_its_detector_once(tmp_path):
    workflow = with_fvd(tmp_path, pretend=True)
    jobs = workflow.scheduled("demo")
    assert jobs["fetch_detector"] == 1 and jobs["measure_reference"] == 3
    (tmp_path / FILE).parent.mkdir(parents=True)
    (tmp_path / FILE).write_bytes(b"put there by hand")
    assert "fetch_detector" not in workflow.scheduled("demo")


def test_the_rule_keeps_a_file_of_the_expected_hash_only(tmp_path):
    workflow = with_fvd(tmp_path / "checkout")
    net = tmp_path / "a net.pt"
    net.write_bytes(b"a network")
    sha256 = hashlib.sha256(b"a network").hexdigest()
    workflow.change("protocols/fvd2048_16f.yaml", URL, f'"{net.as_uri()}"')
    log = workflow.folder / "logs" / "fetch_detector" / "i3d_torchscript.pt.log"
    assert workflow.snakemake(FILE).returncode != 0
    assert f"has SHA-256 {sha256}, but none is expected" in log.read_text()
    assert log.read_text().count("\n") == 1 and not (workflow.folder / FILE).exists()
    workflow.change("protocols/fvd2048_16f.yaml", "sha256: null", f"sha256: {sha256}")
    done = workflow.snakemake(FILE)
    assert done.returncode == 0, done.stdout
    assert (workflow.folder / FILE).read_bytes() == b"a network"

"""A published checkpoint as an experiment's model: fetched, imported, scored; nothing is trained."""

import functools
import hashlib
import lzma
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from local_server import serving
from workflow_checkout import Workflow

from stylesv.files import read_header

pytestmark = [pytest.mark.workflow, pytest.mark.slow]


@pytest.fixture
def pickle(root, tmp_path):
    """A small checkpoint that the published code wrote."""
    packed = root / "tests" / "golden" / "vectors" / "ckpt_finetune.pkl.xz"
    file = tmp_path / "served" / "published.pkl"
    file.parent.mkdir()
    file.write_bytes(lzma.decompress(packed.read_bytes()))
    return file


@pytest.fixture
def address(pickle):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(pickle.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{pickle.name}"
        server.shutdown()


def add_experiment(workflow: Workflow, source: str, sha256: str | None) -> None:
    config = workflow.folder / "config"
    known = f"'{sha256}'" if sha256 else "null"
    (config / "models" / "published.yaml").write_text(f"model:\n  source: {{pickle: '{source}', sha256: {known}}}\n")
    (config / "experiments" / "published.yaml").write_text("extends: demo\ntitle: Published\nmodels: [published]\n")


def test_its_jobs_are_to_fetch_import_and_score(tmp_path, address, pickle):
    workflow = Workflow(tmp_path / "checkout", pretend=True)
    sha256 = hashlib.sha256(pickle.read_bytes()).hexdigest()
    add_experiment(workflow, address, sha256)
    jobs = workflow.scheduled("published")
    assert {
        "fetch_checkpoint": 1,
        "import_networks": 1,
        "score_snapshot": 1,
        "choose_snapshot": 1,
    }.items() <= jobs.items()
    assert not {"train_segment", "initialize_networks"} & set(jobs)
    assert workflow.snakemake("published").returncode == 0
    assert workflow.scheduled("published") == {}
    add_experiment(workflow, str(pickle), sha256)
    assert workflow.scheduled("published") == {}, "the same file by another way is the same model"


def snapshot_of(workflow: Workflow) -> str:
    """The file that import_networks would write."""
    listed = workflow.snakemake("--dry-run", "published").stdout
    return next(word for word in listed.split() if word.endswith("/0/networks.safetensors"))


def test_the_snapshot_is_fetched_and_imported_for_real(tmp_path, address, pickle):
    workflow = Workflow(tmp_path / "checkout")
    sha256 = hashlib.sha256(pickle.read_bytes()).hexdigest()
    add_experiment(workflow, address, sha256)
    snapshot = snapshot_of(workflow)
    done = workflow.snakemake(snapshot)
    assert done.returncode == 0, done.stdout
    header = read_header(workflow.folder / snapshot)
    assert (header["origin"]["sha256"], header["resolution"], header["recipe"]["source"]) == (sha256, 32, sha256)
    assert (workflow.folder / "results" / "checkpoints" / f"{sha256}.pkl").read_bytes() == pickle.read_bytes()


@pytest.mark.long
def test_without_a_hash_the_first_fetch_names_it_and_the_next_call_takes_the_file(tmp_path, pickle):
    """As detectors are fetched; its name changes with the hash, and nothing is fetched twice."""
    workflow = Workflow(tmp_path / "checkout")
    sha256 = hashlib.sha256(pickle.read_bytes()).hexdigest()
    with serving(pickle.parent) as server:
        address = f"{server.url}/plain/{pickle.name}"
        add_experiment(workflow, address, None)
        assert workflow.scheduled("published")["fetch_checkpoint"] == 1 and server.asked == []
        told = workflow.snakemake(snapshot_of(workflow)).stdout
        assert (
            f"has SHA-256 {sha256}, but none is expected" in told and "set sha256 (model.source.sha256) to it" in told
        )
        add_experiment(workflow, address, sha256)
        done = workflow.snakemake(snapshot_of(workflow))
        assert done.returncode == 0, done.stdout
        assert [path for path, _ in server.asked] == [f"/plain/{pickle.name}"]
    (kept,) = (workflow.folder / "results" / "checkpoints").iterdir()
    assert (kept.name, kept.read_bytes()) == (f"{sha256}.pkl", pickle.read_bytes())


def test_another_file_or_another_size_of_images_is_refused(tmp_path, pickle):
    workflow = Workflow(tmp_path / "checkout")
    sha256 = hashlib.sha256(pickle.read_bytes()).hexdigest()
    add_experiment(workflow, str(pickle), sha256)
    workflow.change("datasets/demo.yaml", "resolution: 32", "resolution: 64")
    done = workflow.snakemake(snapshot_of(workflow))
    assert "makes images of 32 px, but the data set has 64; set dataset.resolution to 32" in done.stdout
    add_experiment(workflow, str(pickle), "0" * 64)
    assert f"has SHA-256 {sha256}, expected {'0' * 64}" in workflow.snakemake(snapshot_of(workflow)).stdout

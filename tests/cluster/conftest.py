"""A started Slurm, a folder to begin from, and the local run that everything must equal."""

import re
from collections.abc import Iterator

import pytest
from cluster_checkout import Base, ClusterCheckout
from comparable_results import comparable
from local_slurm import LocalSlurm, why_not
from local_storage import LocalStorage


@pytest.fixture(scope="session")
def slurm(tmp_path_factory) -> Iterator[LocalSlurm]:
    """Daemons on the loopback, ended with the tests."""
    if reason := why_not():
        pytest.skip(reason)
    with LocalSlurm(tmp_path_factory.mktemp("slurm") / "state") as started:
        yield started


@pytest.fixture(scope="session")
def base(tmp_path_factory) -> Base:
    """Packed clips and the initialised image run, made on this machine."""
    checkout = ClusterCheckout(tmp_path_factory.mktemp("base") / "checkout")
    status, output = checkout.run("--dry-run", "demo", profile="default")
    assert status == 0, output
    run = re.search(r"results/runs/(demo-image-s0-[0-9a-f]{8})/", output)[1]
    data = re.search(r"results/data/demo-[0-9a-f]{8}/index.json", output)[0]
    status, output = checkout.run(data, f"results/runs/{run}/0/state.safetensors", profile="default")
    assert status == 0, output
    return Base(checkout.folder / "results", run)


@pytest.fixture(scope="session")
def storage() -> Iterator[LocalStorage]:
    """An S3 server on the loopback."""
    with LocalStorage() as started:
        yield started


@pytest.fixture(scope="session")
def local_results(storage, tmp_path_factory) -> dict[str, bytes]:
    """The demo at its smallest on this machine, with everything in object storage."""
    checkout = ClusterCheckout(tmp_path_factory.mktemp("stored") / "checkout", storage.environment)
    status, output = checkout.run(*storage.arguments("real"), "demo", profile="default")
    assert status == 0, output
    assert [path for path in (checkout.folder / "results").rglob("*") if path.is_file()] == []
    return comparable(storage.results("real"))

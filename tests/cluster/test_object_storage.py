"""Data and results under a prefix of object storage, on a server of our own."""

import re
from pathlib import Path

import pytest
from cluster_checkout import ClusterCheckout

pytestmark = [pytest.mark.workflow, pytest.mark.long]

PRETENDED_PYTHON = Path(__file__).resolve().parents[1] / "workflow" / "pretended_python.sh"


@pytest.fixture(scope="module")
def pretended(storage, tmp_path_factory) -> ClusterCheckout:
    """The demo as if it had run: its scripts write empty files."""
    checkout = ClusterCheckout(tmp_path_factory.mktemp("pretended") / "checkout", storage.environment)
    (checkout.folder / "bin").mkdir()
    (checkout.folder / "bin" / "python").symlink_to(PRETENDED_PYTHON)
    checkout.put_first_on_path(checkout.folder / "bin")
    status, output = checkout.run(*storage.arguments("pretended"), "demo", profile="default")
    assert status == 0, output
    return checkout


def scheduled(output: str) -> dict[str, int]:
    """Jobs of a dry run, by rule."""
    if "Nothing to be done" in output:
        return {}
    return {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", output, re.M) if name != "total"}


def test_everything_is_made_under_the_prefix_and_found_again(local_results):
    kinds = (
        "clips.zip",
        "reference/reference-",
        "1/networks.safetensors",
        "scores/evd",
        "best/efid",
        "demo/index.html",
    )
    assert [kind for kind in kinds if not any(kind in name for name in local_results)] == []
    # of the states only the last of each run is kept, as on a disk
    states = [name for name in local_results if name.endswith("state.safetensors")]
    assert sorted(name.split("/")[2] for name in states) == ["1", "1"]


def test_a_finished_experiment_has_nothing_to_do(pretended, storage):
    status, output = pretended.run(*storage.arguments("pretended"), "--dry-run", "demo", profile="default")
    assert (status, scheduled(output)) == (0, {}), output


def test_a_longer_run_goes_on_from_the_stored_state(pretended, storage):
    longer = "per_model={D: {length: {total_kimg: 2, segment_kimg: 1}}}"
    status, output = pretended.run(
        *storage.arguments("pretended"), "--dry-run", "demo", profile="default", settings=(longer,)
    )
    jobs = scheduled(output)
    assert status == 0, output
    assert (jobs["train_segment"], jobs["score_snapshot"], jobs.get("initialize_networks")) == (1, 1, None)


def test_a_bucket_that_does_not_exist_yet_is_one_without_results(pretended, storage):
    arguments = ("--default-storage-provider", "s3", "--default-storage-prefix", "s3://another/prefix")
    status, output = pretended.run(*arguments, "--dry-run", "demo", profile="default")
    assert status == 0, output
    assert scheduled(output)["train_segment"] == 2


def test_a_call_that_planned_too_little_says_so(pretended, storage):
    """Snakemake 9.27.1 leaves out the report behind a job that is forced (docs/workflow.md 2.6)."""
    page = "results/report/demo/index.html"
    storage.remove("pretended", page)
    arguments = ("demo", *storage.arguments("pretended"), "--forcerun", "pack_videos")
    status, output = pretended.run(*arguments, profile="default")
    assert status == 2 and "Snakemake planned too few; call again" in output
    status, output = pretended.run(*storage.arguments("pretended"), "demo", profile="default")
    assert status == 0 and page.removeprefix("results/") in storage.results("pretended"), output


def test_shards_in_a_bucket_are_as_many_as_there_were(storage, tmp_path):
    """And jobs that read them are brought all of them."""
    checkout = ClusterCheckout(tmp_path / "checkout", storage.environment)
    (checkout.folder / "bin").mkdir()
    (checkout.folder / "bin" / "python").symlink_to(PRETENDED_PYTHON)
    checkout.put_first_on_path(checkout.folder / "bin")
    (checkout.folder / "films").mkdir()
    (checkout.folder / "films" / "a.mp4").write_bytes(b"film")
    given, sheets = ("videos=films", "dataset={num_shards: 2}"), storage.arguments("shards")
    status, output = checkout.run(*sheets, "--dry-run", "own", profile="default", settings=given)
    data = re.search(r"data=(own-[0-9a-f]{8})", output)[1]
    sheet = f"results/data/{data}/sheet.json"
    status, output = checkout.run(*sheets, "--logger-stylesv-full", sheet, profile="default", settings=given)
    assert status == 0 and scheduled(output)["pack_shard"] == 2, output
    for name in ("shards/0000of0002/clips.zip", "shards/0001of0002/offsets.npy", "shards.json"):
        assert f"{data}/{name}" in output
    other = ("videos=films", "dataset={num_shards: 5}")
    status, output = checkout.run(*sheets, "--dry-run", sheet, profile="default", settings=other)
    assert (status, scheduled(output)) == (0, {}), output

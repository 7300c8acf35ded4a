"""Which snapshot is meant: a file, a folder, a run by its best or last one, an experiment by its name; a pickle is not one."""

from pathlib import Path

import pytest

from stylesv.errors import CheckpointError
from stylesv.records.choice import Choice, write_choice
from stylesv.workflow.given_networks import find_networks, find_scored
from stylesv.workflow.plan import load_plan


@pytest.fixture
def run(tmp_path, root, monkeypatch) -> Path:
    """The demo's last run, with three snapshots, where a program runs."""
    monkeypatch.chdir(tmp_path)
    run = Path("results", "runs", load_plan(root / "config").experiments["demo"].runs[-1].name)
    for kimg in (0, 4, 12):
        (run / str(kimg)).mkdir(parents=True)
        (run / str(kimg) / "networks.safetensors").touch()
    (run / "recipe.yaml").touch()
    return run


def choose(run: Path, kimg: int, *, of: tuple[int, ...], name: str) -> None:
    chosen = {
        "metric": "eVD16",
        "value": 3.25,
        "protocol": "evd_16f-0a1b2c3d",
        "moving_kimgs": None,
        "reason": "lowest",
    }
    networks = f"{kimg}/networks.safetensors"
    (run / "best").mkdir(exist_ok=True)
    write_choice(
        run / "best" / f"{name}.json", Choice(run=run.name, kimg=kimg, networks=networks, of_kimgs=of, **chosen)
    )


def test_a_file_and_its_folder(run):
    file = run / "4" / "networks.safetensors"
    assert find_networks(file).file == find_networks(run / "4").file == file
    assert find_networks(file).note is None


def test_a_run_is_its_best_snapshot_by_the_choice_of_the_longest_training(run):
    choose(run, 0, of=(0, 4), name="b")
    choose(run, 4, of=(0, 4, 12), name="a")
    found = find_networks(run)
    assert found.file == run / "4" / "networks.safetensors"
    assert found.note == f"{found.file}: the best of its run: eVD16 3.25, evd_16f"


def test_a_run_that_was_not_scored_is_its_last_one_by_number_and_that_is_said(run):
    found = find_networks(run)
    assert found.file == run / "12" / "networks.safetensors"
    assert "the last of its run, for none was chosen by a score" in found.note


def test_an_experiment_is_its_last_run(run, root):
    choose(run, 4, of=(0, 4), name="a")
    assert find_networks("demo", root / "config").file == run / "4" / "networks.safetensors"
    assert find_scored(Path("demo"), root / "config").file == run / "4" / "networks.safetensors"


def test_what_is_scored_may_be_anything_else(run, root, tmp_path):
    (tmp_path / "videos").mkdir()
    assert find_scored(tmp_path / "videos", root / "config") is None
    assert find_scored(tmp_path / "nowhere", root / "config") is None
    assert find_scored(run).file == run / "12" / "networks.safetensors"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("best.pkl", r"import_checkpoint\.py --pickle best\.pkl --networks-out best\.safetensors"),
        ("nowhere", "nowhere: no such snapshot; give a networks.safetensors, the folder of a run"),
        ("sky", "its run results/runs/sky-.* is not there; train it: snakemake --cores all sky"),
        ("results", "results: no such snapshot"),
    ],
)
def test_what_is_no_snapshot_is_said_in_a_sentence(run, root, given, words):
    with pytest.raises(CheckpointError, match=words):
        find_networks(given, root / "config")

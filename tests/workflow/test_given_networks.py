"""Which snapshot is meant: a file, a folder, a run by its best or last one, an experiment by its name; a pickle is not one."""

import shutil
from pathlib import Path

import pytest
from film_making import write_lossy
from small_snapshot import write_snapshot

from stylesv.data.packing import pack_videos
from stylesv.errors import CheckpointError, ConfigError
from stylesv.explore.snapshots import snapshots_beside
from stylesv.records.choice import Choice, write_choice
from stylesv.records.recipe import recipe_yaml
from stylesv.workflow.given_networks import find_frame_rate, find_networks, find_scored, snapshots_of
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
        (
            "own",
            "own: the experiment's file alone does not say what it runs .*; give .* one of those in results/runs",
        ),
        ("results", "results: no such snapshot"),
        (__file__, r"test_given_networks\.py: is no snapshot; give a networks\.safetensors"),
    ],
)
def test_what_is_no_snapshot_is_said_in_a_sentence(run, root, given, words):
    with pytest.raises(CheckpointError, match=words):
        find_networks(given, root / "config")


def test_which_one_of_a_run_can_be_said(run, root):
    choose(run, 4, of=(0, 4, 12), name="a")
    for asked, kimg in (("best", 4), ("last", 12), ("0", 0), ("012", 12)):
        assert find_networks(run, snapshot=asked).file == run / str(kimg) / "networks.safetensors"
    assert find_networks("demo", root / "config", snapshot="last").file == run / "12" / "networks.safetensors"
    assert find_networks("demo", root / "config").note.endswith("; the report shows the last one (--snapshot last)")
    choose(run, 12, of=(0, 4, 12, 16), name="b")
    assert "the report" not in find_networks("demo", root / "config").note, "it is the same one"


@pytest.mark.parametrize(
    ("given", "asked", "error", "words"),
    [
        ("run", "5", CheckpointError, "has no snapshot 5; it has 0, 4, 12"),
        ("run", "best", CheckpointError, "none of its snapshots was chosen by a score yet; give --snapshot last"),
        ("run", "first", ConfigError, "--snapshot first: best, last or a snapshot's kimg is expected"),
        ("run/4", "4", ConfigError, "is a snapshot itself; give its run's folder, or leave --snapshot"),
    ],
)
def test_one_that_is_not_there_is_said_in_a_sentence(run, given, asked, error, words):
    with pytest.raises(error, match=words):
        find_networks(Path(given.replace("run", str(run))), snapshot=asked)


def packed(root, tmp_path, *, fps):
    """A run's snapshot whose recipe says how its clips were packed, and the clips' own index."""
    run = load_plan(root / "config").experiments["demo"].runs[-1]
    folder = tmp_path / "results" / "runs" / run.name
    folder.mkdir(parents=True)
    data = run.recipe.data.model_copy(update={"packing": run.recipe.data.packing.model_copy(update={"fps": fps})})
    recipe = run.recipe.model_copy(update={"data": data})
    (folder / "recipe.yaml").write_text(recipe_yaml(recipe))
    return folder / "4" / "networks.safetensors", data


def test_films_play_as_fast_as_the_clips_of_the_snapshots_data(root, tmp_path):
    networks, _ = packed(root, tmp_path / "a", fps=12.5)
    assert find_frame_rate(networks).fps == 12.5
    networks, data = packed(root, tmp_path / "b", fps=None)
    networks.parent.mkdir()
    write_snapshot(networks, root)
    assert find_frame_rate(networks) is None, "nobody knows"
    for number, rate in enumerate((24.0, 30.0, 30.0)):
        write_lossy(tmp_path / "videos" / f"{number}.mp4", 4, fps=int(rate))
    pack_videos(
        tmp_path / "videos",
        tmp_path / "b" / "results" / "data" / f"sky-{data.key}",
        settings=data.packing.model_copy(update={"min_frames": 1}),
    )
    found = find_frame_rate(networks)
    assert found.fps == 30 and found.why == f"as most of its clips have (sky-{data.key})"


def test_folders_that_are_named_by_no_kimg_are_no_snapshots(run):
    there = snapshots_of(run)
    for name in ("4²", "٣", "best", "-4"):
        shutil.copytree(run / "4", run / name)
    assert snapshots_of(run) == there and list(there) == sorted(there)
    assert snapshots_beside(run / "4" / "networks.safetensors") == {
        kimg: path.absolute() for kimg, path in there.items()
    }
    alone = run / "4²" / "networks.safetensors"
    assert snapshots_beside(alone) == {-1: alone.absolute()}

"""Bad input ends in one clear line and exit status 2 before anything runs."""

import re
import subprocess
import sys

import pytest
from other_user import without_privileges
from workflow_checkout import Workflow

pytestmark = [pytest.mark.workflow, pytest.mark.slow]


@pytest.fixture
def workflow(tmp_path) -> Workflow:
    return Workflow(tmp_path, pretend=True)


def refused(workflow, *arguments: str) -> str:
    """The error line of a call that must be refused."""
    done = workflow.snakemake("--dry-run", *arguments)
    assert done.returncode == 2, done.stdout
    assert "Traceback" not in done.stdout
    assert not (workflow.folder / "results").exists()
    lines = [line for line in done.stdout.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, done.stdout
    return lines[0]


def test_a_typo_in_a_key_is_named_with_its_line_and_the_nearest_key(workflow):
    workflow.change("models/image.yaml", "r1_gamma: 0.5", "r1_gama: 0.5")
    line = refused(workflow, "demo")
    assert "config/models/image.yaml:" in line
    assert "model.training.loss.r1_gama: unknown setting; did you mean r1_gamma?" in line


def test_a_value_of_the_wrong_type_is_named_with_what_is_allowed(workflow):
    workflow.change("experiments/demo.yaml", "total_kimg: 8, segment_kimg: 4}", 'total_kimg: 8, segment_kimg: "four"}')
    assert "model.length.segment_kimg: 'four': input should be a valid integer" in refused(workflow, "demo")


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (
            "model={length: {total_kimg: 100000000, segment_kimg: 1}}",
            "100,000,000 segments, each a job, and at most 10,000",
        ),
        ("films={num_frames: 100000000000000000000}", "less than or equal to 1000000000"),
        ("films={num_videos: 100000000}", "less than or equal to 1000000"),
        ("films={num_videos: 1000000, columns: 1000, rows: 1000}", "at most 10,000 are shown"),
        ("dataset={source: {rendered: {num_videos: 100000000000, seed: 0}}}", "less than or equal to 100000"),
        ("dataset={fps: 1.0e+300}", "less than or equal to 1000"),
    ],
)
def test_what_nobody_lives_to_see_is_refused_before_anything_runs(workflow, setting, words):
    assert words in refused(workflow, "demo", "--config", setting)


def test_settings_that_contradict_each_other_are_refused(workflow):
    workflow.change("datasets/demo.yaml", "max_frames: null", "max_frames: 20")
    assert "max_frames 20 is below min_frames 33, so every clip would be dropped" in refused(workflow, "demo")


def test_a_missing_setting_is_named(workflow):
    workflow.change("config.yaml", "  jpeg_quality: 95", "  # jpeg_quality: 95")
    assert "dataset.jpeg_quality: missing; JPEG quality of the packed frames" in refused(workflow, "demo")


def test_an_unknown_name_of_a_model_lists_the_known_ones(workflow):
    workflow.change("experiments/demo.yaml", "models: [D]", "models: [F]")
    assert "F: no such file" in refused(workflow, "demo") and "known: A, B, C, D-far" in refused(workflow, "demo")


def test_own_without_videos_says_how_to_give_them(workflow):
    assert refused(workflow, "own").endswith("snakemake --cores all own --config videos=PATH")


def test_an_empty_folder_of_videos_is_refused(workflow, tmp_path):
    (tmp_path / "empty").mkdir()
    assert "empty: is empty; give a folder or .zip of films" in refused(
        workflow, "own", "--config", f"videos={tmp_path / 'empty'}"
    )


def test_a_missing_folder_of_videos_is_refused(workflow):
    assert "nowhere: no such file or folder; give a folder or .zip of films" in refused(
        workflow, "own", "--config", "videos=nowhere"
    )


def test_an_unknown_name_in_config_is_refused(workflow):
    assert "--config: video: unknown; did you mean videos? known here: videos, experiment" in refused(
        workflow, "own", "--config", "video=x"
    )


def test_numbers_given_on_the_command_line_are_numbers(workflow):
    length = "{total_kimg: 4, segment_kimg: 4}"
    jobs = workflow.scheduled(
        "demo", "--config", f"model={{length: {length}}}", f"per_model={{D: {{length: {length}}}}}"
    )
    assert jobs["train_segment"] == 2


def test_the_command_line_is_above_all_settings_of_files(workflow):
    """The demo's file gives `image` and D lengths of their own."""
    short = "model={length: {total_kimg: 1, segment_kimg: 1}}"
    assert workflow.scheduled("demo", "--config", short)["train_segment"] == 2
    longer = workflow.scheduled("demo", "--config", short, "per_model={D: {length: {total_kimg: 3}}}")
    assert longer["train_segment"] == 4


@pytest.mark.parametrize("name", ["status", "train_segment", "table_main"])
def test_an_experiment_named_as_a_rule_is_refused(workflow, name):
    (workflow.folder / "config" / "experiments" / f"{name}.yaml").write_text("extends: demo\n")
    assert f"{name}.yaml: a rule of the workflow has this name; rename the file" in refused(workflow, "demo")


def test_a_call_may_name_other_seeds_and_models(workflow):
    assert workflow.scheduled("demo", "--config", "seeds=[0, 1]", "models=D")["train_segment"] == 8
    assert workflow.scheduled("demo", "--config", "seeds=1", "models=[image]")["train_segment"] == 2
    assert "--config: models: Z: no such file" in refused(workflow, "demo", "--config", "models=[D,Z]")
    assert "--config: seeds.0: -1: input should be greater" in refused(workflow, "demo", "--config", "seeds=-1")


def test_a_text_file_named_mp4_is_named_by_the_packing(tmp_path):
    """Run for real: the videos are only opened when they are packed."""
    workflow = Workflow(tmp_path / "checkout")
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "film.mp4").write_text("not a film\n")
    done = workflow.snakemake("own", "--config", f"videos={tmp_path / 'videos'}")
    assert done.returncode != 0
    assert "error: " in done.stdout and "film.mp4" in done.stdout and "Traceback" not in done.stdout
    assert not list((workflow.folder / "results").rglob("index.json"))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (
            lambda results: (results / "tables").write_text(""),
            "results/tables: is a file, where a folder belongs; move or",
        ),
        (
            lambda results: (results / "runs").symlink_to("/nowhere"),
            "results/runs: is a link that leads nowhere; make the",
        ),
    ],
)
def test_a_file_in_the_place_of_a_folder_of_results_is_one_line(tmp_path, spoil, words):
    workflow = Workflow(tmp_path, pretend=True)
    (tmp_path / "results").mkdir()
    spoil(tmp_path / "results")
    done = workflow.snakemake("demo")
    assert done.returncode == 2 and words in done.stdout and "Traceback" not in done.stdout


def test_results_that_may_not_be_written_are_one_line_and_may_be_looked_at(tmp_path):
    workflow = Workflow(tmp_path, pretend=True)
    (tmp_path / "results").mkdir(mode=0o555)
    command = [*without_privileges(), sys.executable, "-m", "snakemake", "--cores", "1", "demo"]
    called = {"cwd": tmp_path, "env": workflow.environment, "capture_output": True, "text": True}
    done = subprocess.run(command, **called)
    assert done.returncode == 2
    assert re.search(r"^error: .*/results: may not be written to by you; allow it", done.stderr, re.M), done.stderr
    assert "Traceback" not in done.stderr
    assert subprocess.run([*command, "--dry-run"], **called).returncode == 0

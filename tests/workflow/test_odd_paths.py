"""Names of folders are names: whatever stands in them, the workflow runs, and runs nothing that they spell."""

import numpy as np
import pytest
from workflow_checkout import Workflow

from stylesv.media.video_file import write_video

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

SHORT = ["--config", "model={length: {total_kimg: 4, segment_kimg: 4}}"]
SHORT += ["per_model={D: {length: {total_kimg: 4, segment_kimg: 4}}}"]
ODD = "my code [v2] é 'q' \"d\" $(touch run) `touch run` ; & # * \\ \n$HOME"


def test_the_project_may_lie_in_a_folder_of_any_name(tmp_path):
    workflow = Workflow(tmp_path / ODD, pretend=True)
    before = {path.name for path in workflow.folder.iterdir()}
    done = workflow.snakemake("demo", *SHORT)
    assert done.returncode == 0, done.stdout
    assert (workflow.folder / "results" / "report" / "demo" / "index.html").exists()
    made = {path.name for path in workflow.folder.iterdir()} - before
    assert made == {".snakemake", "benchmarks", "logs", "results"}


@pytest.mark.parametrize("name", ["{code}", "a:b"])
def test_a_name_that_cannot_be_is_one_line(tmp_path, name):
    workflow = Workflow(tmp_path / name, pretend=True)
    done = workflow.snakemake("demo", "--dry-run")
    assert done.returncode == 2
    assert "move or rename it" in done.stdout and "Traceback" not in done.stdout


def test_videos_may_lie_in_a_folder_of_any_name(tmp_path):
    """Packed for real."""
    videos = tmp_path / ODD.replace("\n", "").replace(" # ", " ")  # a comment in Snakemake's --config
    videos.mkdir()
    write_video(videos / "one.mp4", np.zeros((20, 3, 32, 32), np.uint8), fps=25)
    workflow = Workflow(tmp_path / "checkout")
    given = ["--config", f"videos={videos}"]
    listed = workflow.snakemake("--dry-run", "own", *given).stdout
    index = next(word for word in listed.split() if word.endswith("/index.json"))
    done = workflow.snakemake(index, *given)
    assert done.returncode == 0, done.stdout
    assert (workflow.folder / index).exists() and not (workflow.folder / "run").exists()


def test_videos_in_a_folder_with_braces_are_one_line(tmp_path):
    (tmp_path / "{a}").mkdir()
    (tmp_path / "{a}" / "one.mp4").write_bytes(b"film")
    done = Workflow(tmp_path / "checkout", pretend=True).snakemake(
        "own", "-n", "--config", f"videos={tmp_path / '{a}'}"
    )
    assert done.returncode == 2
    assert "takes braces in a path for wildcards" in done.stdout and "Traceback" not in done.stdout

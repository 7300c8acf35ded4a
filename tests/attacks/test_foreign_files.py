"""What a program is told to write to holds something else: that stays, and a line says so before any work."""

import fcntl
import os

import pytest
from film_making import write_lossy
from report_values import log_line, score
from script_here import run_here

from stylesv.data.shots import remove_scores
from stylesv.data.world.rendering import render_driving_videos
from stylesv.errors import ConfigError, DataError
from stylesv.files import PARTIAL, remove_files
from stylesv.metrics.shards import remove_shards
from stylesv.records.log_line import log_text
from stylesv.records.score import write_score
from stylesv.report.tensorboard import export_tensorboard, follow_runs


@pytest.fixture
def script(root, tmp_path):
    """Run a program in an empty folder; what it said, in one line, is an error's."""

    def refused(name, *arguments):
        done = run_here(root / "workflow_scripts" / name, *arguments, folder=tmp_path)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        return done.stderr

    return refused


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def a_run(folder):
    segment = folder / "sky-D-s0-00000000" / "4"
    segment.mkdir(parents=True)
    (segment / "log.jsonl").write_text(log_text([log_line(1)]))
    (segment / "networks.safetensors").write_bytes(b"trained for weeks")
    return segment


def test_events_are_not_written_over_anything_else(tmp_path):
    segment = a_run(tmp_path / "runs")
    before = everything(tmp_path)
    with pytest.raises(ConfigError, match="holds 4, which is no file of TensorBoard's; give a folder of its own"):
        follow_runs(tmp_path / "runs", tmp_path / "runs", seconds=0.1, goes_on=lambda: False)
    with pytest.raises(ConfigError, match="which is no file of TensorBoard's"):
        export_tensorboard([segment / "log.jsonl"], segment)
    with pytest.raises(ConfigError, match="is a file; give a folder"):
        export_tensorboard([segment / "log.jsonl"], segment / "log.jsonl")
    assert everything(tmp_path) == before
    for _ in range(2):  # its own are replaced, and those of a rule, which Snakemake marks
        assert export_tensorboard([segment / "log.jsonl"], tmp_path / "events") > 0
        assert len(list((tmp_path / "events").iterdir())) == 1
        (tmp_path / "events" / ".snakemake_timestamp").touch()


@pytest.mark.parametrize(
    ("remove", "own"),
    [
        (remove_shards, "0123abcd/features-00000000-00000064.safetensors"),
        (remove_shards, "0123abcd/.motion-real-00000064-00000100.safetensors.0123abcd.77.partial"),
        (remove_scores, f"{'0a' * 12}.safetensors"),
        (lambda folder: remove_files(folder, rf"\.?a({PARTIAL})?"), ".a.0123abcd.77.partial"),
    ],
)
def test_of_a_folder_of_kept_work_only_that_is_removed(tmp_path, remove, own):
    for name, alone in (("alone", True), ("shared", False)):
        path = tmp_path / name / own
        path.parent.mkdir(parents=True)
        path.write_bytes(b"kept")
        if not alone:
            (tmp_path / name / "networks.safetensors").write_bytes(b"mine")
            (tmp_path / name / "mine").mkdir()
            (path.parent / "film.mp4").write_bytes(b"mine")
    (tmp_path / "shared" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    for name in ("alone", "shared", "none"):
        remove(tmp_path / name)
    assert not (tmp_path / "alone").exists()
    left = sorted(path.name for path in (tmp_path / "shared").rglob("*") if path.is_file() or path.is_symlink())
    assert left == ["film.mp4", "link", "networks.safetensors"] and (tmp_path / "shared" / "mine").is_dir()


def test_work_that_is_done_does_not_fail_by_what_cannot_be_removed(tmp_path, monkeypatch):
    path = tmp_path / "0123abcd" / "features-00000000-00000064.safetensors"
    path.parent.mkdir()
    path.write_bytes(b"kept")

    def refuse(*_, **__):
        raise PermissionError(13, "no")

    monkeypatch.setattr("pathlib.Path.unlink", refuse)
    remove_shards(tmp_path)
    assert path.exists()


def test_a_score_replaces_a_score_and_nothing_else(script, root, tmp_path):
    write_lossy(tmp_path / "real" / "a.mp4", 20)
    before = everything(tmp_path)
    sides = ("--reference", tmp_path / "real", "--generated", tmp_path / "none", "--protocol", "rfid")
    film = tmp_path / "real" / "a.mp4"
    assert "is there, and nothing that this program writes" in script("score.py", *sides, "--out", film)
    assert "is a folder" in script("score.py", *sides, "--out", tmp_path / "real")
    assert everything(tmp_path) == before
    write_score(tmp_path / "earlier.json", score())
    assert "none" in script("score.py", *sides, "--out", tmp_path / "earlier.json"), "it goes on to what is missing"


def test_files_of_other_kinds_are_replaced_by_no_directions_and_by_no_import(script, tmp_path):
    networks = a_run(tmp_path) / "networks.safetensors"
    options = ("--components", "4", "--out", networks, "--overwrite")
    assert "nothing that this program writes" in script("find_directions.py", "--networks", networks, *options)
    options = ("--pickle", tmp_path / "a.pkl", "--networks-out", networks)
    assert "--networks-out" in (said := script("import_checkpoint.py", *options)) and "is there already" in said
    assert "nothing that this program writes" in script("import_checkpoint.py", *options, "--overwrite")
    assert networks.read_bytes() == b"trained for weeks"


def test_packed_clips_are_replaced_only_when_asked(script, root, tmp_path):
    for name, frames in (("first", 9), ("second", 5)):
        write_lossy(tmp_path / name / "a.mp4", frames)
    program = root / "workflow_scripts" / "pack_videos.py"
    options = ("--out", tmp_path / "packed", "--resolution", "16")
    assert run_here(program, "--videos", tmp_path / "first", *options, folder=tmp_path).returncode == 0
    before = everything(tmp_path / "packed")
    second = ("--videos", tmp_path / "second", *options)
    assert "holds clips.zip already; give another folder, or --overwrite" in script("pack_videos.py", *second)
    joined = ("--data", tmp_path / "packed", "--out", tmp_path / "packed")
    assert "index.json is to be packed itself" in script("join_shards.py", *joined, "--overwrite")
    itself = ("--videos", tmp_path / "packed" / "clips.zip", *options, "--overwrite")
    assert "clips.zip is to be packed itself" in script("pack_videos.py", *itself)
    assert everything(tmp_path / "packed") == before
    done = run_here(program, "--videos", tmp_path / "second", *options, "--overwrite", folder=tmp_path)
    assert done.returncode == 0 and everything(tmp_path / "packed") != before, done.stderr


def test_films_are_rendered_into_one_folder_by_one_process(tmp_path):
    partial = tmp_path / ".films.partial"
    partial.mkdir()
    (partial / "drive_0000.mp4").write_bytes(b"of the other")
    handle = os.open(partial, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(DataError, match="another rendering is writing here"):
        render_driving_videos(tmp_path / "films", num_videos=1, seconds=(0.2, 0.2))
    assert (partial / "drive_0000.mp4").read_bytes() == b"of the other"
    os.close(handle)  # it was killed
    films = render_driving_videos(tmp_path / "films", num_videos=1, seconds=(0.2, 0.2))
    assert [film.name for film in films] == ["drive_0000.mp4"] and films[0].read_bytes() != b"of the other"
    assert not partial.exists()


NOWHERE = ("--reference", "x", "--generated", "x", "--protocol", "rfid")


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("pack_videos.py", ["--videos", "", "--out", "x", "--resolution", "16"], "a path is expected"),
        ("pack_videos.py", ["--videos", "x", "--out", "", "--resolution", "16"], "a path is expected"),
        ("pack_videos.py", ["--videos", "x", "--out", "x", "--resolution", "16", "--max-missing", "nan"], "from 0 to 1"),
        ("pack_videos.py", ["--videos", "x", "--out", "x", "--resolution", "16", "--fps", "1e300"], "1000"),
        ("pack_videos.py", ["--videos", "x", "--out", "x", "--resolution", "16", "--num-workers", "-3"], "num-workers"),
        ("render_videos.py", ["--out", "x", "--num-workers", "-1"], "num-workers"),
        ("score.py", ["--reference", "", "--generated", "x", "--protocol", "rfid", "--out", "x"], "a path is expected"),
        ("score.py", ["--reference", "x", "--generated", "x", "--protocol", "rfid", "--out", ""], "a path is expected"),
        ("score.py", ["--share", "²/3"], "NUMBER/JOBS"),
        ("score.py", ["--resolution", "1000000000"], "4<=x<=4096"),
        ("generate.py", ["--networks", "x", "--out", "x", "--grid", "²x2"], "COLUMNSxROWS"),
        ("generate.py", ["--networks", "x", "--out", "x", "--share", "0/99999999999999"], "100,000 at most"),
        ("split_shots.py", ["--videos", "x", "--recipe", "x", "--out", "x", "--cpu-threads", "-1"], "cpu-threads"),
        ("export_tensorboard.py", ["/dev/zero", "--out", "x"], "may have no end"),
        ("score.py", [*NOWHERE, "--out", "/dev/zero"], "may have no end"),
        ("edit.py", ["--networks", "x", "--content", "1", "--steps", "", "--out", "x.mp4"], "at least one number"),
    ],
)  # fmt: skip
def test_what_is_no_path_and_no_number_is_said(script, tmp_path, name, arguments, words):
    assert words in script(name, *arguments)
    assert everything(tmp_path) == {}

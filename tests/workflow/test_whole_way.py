"""The whole way at the smallest size, for real: from a folder of films to the report.

The folder is as folders are: a film is too short, one ends early, and one is none. (tests/cluster goes the way of the demo,
which renders its films, twice from scratch, here and on a cluster, and compares all bytes.)
"""

import html
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from browser import CHROMIUM, Browser
from comparable_results import comparable
from smallest_demo import smallest_demo
from workflow_checkout import Workflow

from stylesv.data.world.rendering import render_driving_videos
from stylesv.files import read_header

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

UNUSABLE = ("cut.mp4", "short.mp4", "text.mp4")


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    render_driving_videos(folder / "videos", num_videos=4, seed=0, seconds=(4.0, 8.0))
    render_driving_videos(folder / "short", num_videos=1, seed=1, seconds=(0.3, 0.3))
    shutil.move(folder / "short" / "drive_0000.mp4", folder / "videos" / "short.mp4")
    whole = (folder / "videos" / "drive_0003.mp4").read_bytes()
    (folder / "videos" / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    (folder / "videos" / "text.mp4").write_text("not a film\n")
    return folder / "videos"


@pytest.fixture(scope="module")
def call(videos) -> list[str]:
    return ["own", "--config", *smallest_demo(video_kimg=2, dataset="resolution: 32"), f"videos={videos}"]


def run(folder, call) -> Workflow:
    workflow = Workflow(folder)
    done = workflow.snakemake(*call)
    assert done.returncode == 0, done.stdout[-6000:]
    return workflow


@pytest.fixture(scope="module")
def first(tmp_path_factory, call) -> Workflow:
    return run(tmp_path_factory.mktemp("first"), call)


def result_files(workflow) -> dict[str, bytes]:
    """Everything that is a result."""
    results = workflow.folder / "results"
    files = (path for path in sorted(results.rglob("*")) if path.is_file())
    return comparable({path.relative_to(results).as_posix(): path.read_bytes() for path in files})


def test_the_report_stands_alone_and_shows_both_scores(first):
    """Before the tests that make its run longer."""
    folder = first.folder / "results" / "report" / "own"
    page = (folder / "index.html").read_text()
    assert "eFID" in page and "eVD16" in page and 'src="films/own-' in page
    assert "as much from frame to frame as real ones" in page and "Motion over training" in page
    assert 'src="http' not in page and 'href="http' not in page
    shown = re.findall(r'(?:src|href)="((?:films|figures|tables)/[^"]+)"', page)
    assert len(shown) > 30 and [name for name in shown if not (folder / name).is_file()] == []
    provenance = json.loads((folder / "provenance.json").read_text())
    rules = {cost["rule"]: cost["taken"]["jobs"] for cost in provenance["costs"]}
    assert (rules["train_segment"], rules["score_snapshot"]) == (3, 5)
    networks = next((first.folder / "results" / "runs").glob("*-D-*/2/networks.safetensors"))
    assert read_header(networks)["sha256"] in {sha256 for _, _, sha256 in provenance["hashes"]}
    graph = yaml.safe_load(next((first.folder / "results" / "experiments" / "graphs").glob("own-*.yaml")).read_text())
    assert ["initialize_networks", "train_segment"] in graph["edges"]
    assert {rule["name"]: rule["jobs"] for rule in graph["rules"]}["draw_figure"] == 12


def test_everything_that_the_plan_names_is_there(first):
    made = result_files(first)
    assert sum(name.endswith("networks.safetensors") for name in made) == 5
    assert sum(bool(re.search(r"/[0-9]+/scores/", name)) for name in made) == 2 + 3


def test_a_second_call_has_nothing_to_do(first, call):
    assert first.scheduled(*call) == {}


def test_finetuning_starts_from_the_best_snapshot_of_the_pretraining(first):
    runs = first.folder / "results" / "runs"
    image, video = (next(path for path in runs.iterdir() if f"-{model}-" in path.name) for model in ("image", "D"))
    chosen = json.loads(next((image / "best").iterdir()).read_text())
    scores = [json.loads(path.read_text()) for path in image.glob("*/scores/*.json")]
    assert chosen["value"] == min(score["value"] for score in scores if score["metric"] == "efid")
    assert {score["metric"] for score in scores} == {"efid"}
    assert (video / "0" / "networks.safetensors").exists()


def test_only_the_last_state_is_kept(first):
    states = sorted(path.parent.name for path in (first.folder / "results" / "runs").glob("*-D-*/*/state.safetensors"))
    assert states == ["2"]


@pytest.mark.long
def test_a_longer_run_trains_the_new_segment_alone_and_leaves_the_others_as_they_were(first, call):
    before = result_files(first)
    longer = [argument.replace("D: {length: {total_kimg: 2", "D: {length: {total_kimg: 3") for argument in call]
    assert first.scheduled(*longer)["train_segment"] == 1
    done = first.snakemake(*longer)
    assert done.returncode == 0, done.stdout[-6000:]
    after = result_files(first)
    kept = [name for name in before if name.startswith("runs/") and "state" not in name]
    assert [name for name in kept if before[name] != after.get(name)] == []
    assert first.scheduled(*call).get("train_segment") is None


@pytest.mark.long
def test_a_lost_snapshot_in_the_middle_is_remade_with_equal_bytes(first, call):
    lost = next((first.folder / "results" / "runs").glob("*-D-*/1/networks.safetensors"))
    content, later = lost.read_bytes(), lost.parents[1] / "2" / "networks.safetensors"
    lost.unlink()
    jobs, written = first.scheduled(*call), later.stat().st_mtime_ns
    assert (jobs["initialize_networks"], jobs["train_segment"]) == (1, 1)
    done = first.snakemake(*call)
    assert done.returncode == 0, done.stdout[-6000:]
    assert lost.read_bytes() == content
    assert later.stat().st_mtime_ns == written


def test_videos_are_made_from_a_snapshot(first, tmp_path):
    networks = next((first.folder / "results" / "runs").glob("*-D-*/2/networks.safetensors"))
    out = tmp_path / "films"
    command = ["python", "workflow_scripts/generate.py", "--networks", str(networks), "--out", str(out)]
    options = ["--num-videos", "4", "--frames", "5", "--grid", "2x2", "--decomposition"]
    done = subprocess.run(
        [*command, *options], cwd=first.folder, env=first.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in out.glob("[!.]*")) == [f"{n:06d}.mp4" for n in range(4)]
    assert (tmp_path / "films_grid.mp4").stat().st_size > 0


@pytest.mark.long
@pytest.mark.skipif(shutil.which("unshare") is None or os.getuid() != 0, reason="no way to run without a network here")
def test_snakemakes_own_report_is_built_without_a_network_and_has_the_captions(first, call, tmp_path):
    command = ["unshare", "--net", sys.executable, "-m", "snakemake", "--profile", "profiles/default", "--cores", "2"]
    done = subprocess.run(
        [*command, "--report", str(tmp_path / "report.html"), *call],
        cwd=first.folder,
        env=first.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "report.html").read_text()
    assert "One vertical line of pixels" in page and '"Figures"' in page and '"Tables"' in page
    if CHROMIUM is not None:
        with Browser(tmp_path / "profile") as browser:
            browser.open(tmp_path / "report.html", width=1280)
            browser.until("document.body.innerText.toLowerCase().includes('results')")
            # Snakemake's page tells its own makers how to build its styles
            assert [words for words in browser.complaints if "tailwind" not in words] == []
            assert [address for address in browser.requests if address.startswith("http")] == []


def test_a_crate_of_the_experiment_is_read_back(first, call):
    done = first.snakemake("crate", *call[1:], "experiment=own")
    assert done.returncode == 0, done.stdout[-3000:]
    path = first.folder / "results" / "crates" / "own.zip"
    assert f"crate: {path}" in done.stdout
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        entities = json.loads(archive.read("ro-crate-metadata.json"))["@graph"]
    described = {entity["@id"] for entity in entities if "File" in entity["@type"]}
    assert {"report/index.html", "report/provenance.json", "workflow/Snakefile"} <= described <= names


def test_the_report_lists_the_films_that_were_left_out_with_the_reasons(first):
    page = (first.folder / "results" / "report" / "own" / "index.html").read_text()
    (index,) = (first.folder / "results" / "data").glob("own-*/index.json")
    reasons = {entry["name"]: entry["reason"] for entry in json.loads(index.read_text())["dropped"]}
    assert reasons.keys() >= set(UNUSABLE)
    assert all(f"<dt>{name}</dt><dd>{html.escape(reason)}</dd>" in page for name, reason in reasons.items())

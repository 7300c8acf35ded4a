"""The best snapshot: the lowest score of one run under one protocol."""

import json
import math

import pytest
from protocol_values import used

from stylesv.errors import CheckpointError, ConfigError, DataError
from stylesv.metrics.choice import choose_best
from stylesv.records.choice import read_choice, write_choice
from stylesv.records.score import GeneratedClipSet, RealClipSet, Score, ScoredRun, read_score, write_score

REAL = RealClipSet(
    dataset="sky-0000",
    count=9,
    num_videos=9,
    short_videos=0,
    max_clips_per_video=1,
    frame_stride=1,
    first_frames="spread",
    selection_sha256="c" * 64,
    resolution_px=32,
)
GENERATED = GeneratedClipSet(
    source="run",
    count=9,
    clips_per_video=1,
    short_videos=0,
    seed=0,
    start_time=0,
    frame_stride=1,
    truncation=1.0,
    resolution_px=32,
)


def write(folder, kimg, value, *, run="sky-D-s0-7be01d44", protocol=None):
    score = Score(
        metric="rfvd",
        label="rFVD16",
        value=value,
        interval=None,
        real_value=None,
        split_std=None,
        few_clips=True,
        floor=None,
        infinity=None,
        fidelity=(),
        memorisation=None,
        artefacts=(),
        drift=(),
        motion=None,
        notes=(),
        warnings=(),
        scored=ScoredRun(run=run, dataset="sky", model="D", seed=0, kimg=kimg),
        protocol=protocol or used(),
        real=REAL,
        generated=GENERATED,
        versions={},
    )
    path = folder / run / str(kimg) / "scores" / "rfvd_16f.json"
    write_score(path, score)
    return path


def read(paths):
    return [read_score(path) for path in paths]


def test_the_lowest_score_is_chosen_and_of_equal_ones_the_earliest(tmp_path):
    paths = [write(tmp_path, kimg, value) for kimg, value in ((60, 2.0), (20, 3.0), (40, 2.0), (100, 9.0))]
    choice = choose_best(read(paths))
    assert (choice.kimg, choice.value, choice.metric) == (40, 2.0, "rFVD16")
    assert choice.networks == "40/networks.safetensors"
    assert choice.of_kimgs == (20, 40, 60, 100)
    write_choice(tmp_path / "best.json", choice)
    assert json.loads((tmp_path / "best.json").read_text())["of_kimgs"] == [20, 40, 60, 100]
    assert read_choice(tmp_path / "best.json") == choice


def test_of_inception_scores_the_highest_is_chosen(tmp_path):
    protocol = used(metric="inception_video", inception={"splits": 2, "shuffle_seed": 0})
    paths = [write(tmp_path, kimg, value, protocol=protocol) for kimg, value in ((60, 2.0), (20, 3.0), (40, 3.0))]
    assert choose_best(read(paths)).kimg == 20


def test_protocols_and_runs_are_not_mixed(tmp_path):
    first = write(tmp_path, 20, 2.0)
    with pytest.raises(ConfigError, match="covariance: population and sample"):
        choose_best(read([first, write(tmp_path, 40, 1.0, protocol=used(key="89efcdab", covariance="sample"))]))
    with pytest.raises(DataError, match="chosen within one run"):
        choose_best(read([first, write(tmp_path, 40, 1.0, run="sky-E-s0-aaaa0000")]))


def with_value(path, text):
    """The score file with another value, as text: what a program wrote that lets NaN pass."""
    values = json.loads(path.read_text())
    path.write_text(json.dumps(values | {"value": "VALUE"}).replace('"VALUE"', text))
    return path


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize("first", [True, False])
def test_a_score_that_is_not_finite_is_never_the_best(tmp_path, text, first):
    paths = [with_value(write(tmp_path, 0, 1.0), text), write(tmp_path, 20, 2.0)]
    with pytest.raises(DataError, match=r"/0/scores/rfvd_16f.json: is not a score of this project .*finite") as refusal:
        choose_best(read(paths if first else paths[::-1]))
    assert "\n" not in str(refusal.value)


def test_a_score_that_is_not_finite_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="finite number"):
        write(tmp_path, 0, math.nan)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("2.0", "NaN", "value: Input should be a finite number"),
        ('"kimg": 20', '"kimg": "20"', "kimg: Input should be a valid integer"),
        ('"value"', '"worth"', "value: Field required"),
        ("{", "", "Invalid JSON"),
    ],
)
def test_a_choice_that_cannot_be_is_refused_in_one_line(tmp_path, old, new, words):
    path = tmp_path / "best.json"
    write_choice(path, choose_best(read([write(tmp_path, 20, 2.0)])))
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(
        CheckpointError, match=f"best.json: is not a choice of a snapshot .*{words}.*delete it"
    ) as refusal:
        read_choice(path)
    assert "\n" not in str(refusal.value)
    with pytest.raises(CheckpointError, match=r"none\.json: no such choice"):
        read_choice(tmp_path / "none.json")

"""The best snapshot: the lowest score of one run under one protocol."""

import json

import pytest
from protocol_values import used

from stylesv.errors import ConfigError, DataError
from stylesv.metrics.choice import choose_best, write_choice
from stylesv.metrics.features import GeneratedClips, RealClips
from stylesv.metrics.score import Score, ScoredRun, write_score

REAL = RealClips(
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
GENERATED = GeneratedClips(
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
        artefacts=(),
        drift=(),
        notes=(),
        scored=ScoredRun(run=run, dataset="sky", model="D", seed=0, kimg=kimg),
        protocol=protocol or used(),
        real=REAL,
        generated=GENERATED,
        versions={},
    )
    path = folder / run / str(kimg) / "scores" / "rfvd_16f.json"
    write_score(path, score)
    return path


def test_the_lowest_score_is_chosen_and_of_equal_ones_the_earliest(tmp_path):
    paths = [write(tmp_path, kimg, value) for kimg, value in ((60, 2.0), (20, 3.0), (40, 2.0), (100, 9.0))]
    choice = choose_best(paths)
    assert (choice["kimg"], choice["value"], choice["metric"]) == (40, 2.0, "rFVD16")
    assert choice["networks"] == "40/networks.safetensors"
    assert choice["of_kimgs"] == [20, 40, 60, 100]
    write_choice(tmp_path / "best.json", choice)
    assert json.loads((tmp_path / "best.json").read_text()) == choice


def test_of_inception_scores_the_highest_is_chosen(tmp_path):
    protocol = used(metric="inception_video", inception={"splits": 2, "shuffle_seed": 0})
    paths = [write(tmp_path, kimg, value, protocol=protocol) for kimg, value in ((60, 2.0), (20, 3.0), (40, 3.0))]
    assert choose_best(paths)["kimg"] == 20


def test_protocols_and_runs_are_not_mixed(tmp_path):
    first = write(tmp_path, 20, 2.0)
    with pytest.raises(ConfigError, match="covariance: population and sample"):
        choose_best([first, write(tmp_path, 40, 1.0, protocol=used(key="89efcdab", covariance="sample"))])
    with pytest.raises(DataError, match="chosen within one run"):
        choose_best([first, write(tmp_path, 40, 1.0, run="sky-E-s0-aaaa0000")])

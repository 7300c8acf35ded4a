"""An experiment's report from its files: dropped films, imported models, no intervals, one seed and many."""

import html
import json
import re

import numpy as np
import pytest
from experiment_files import IMPORTED, LOG, SCRATCH, TRAINED, ExperimentFiles
from index_editing import edit_index
from report_values import used

from stylesv.config.dataset import PackSettings
from stylesv.data.packing import pack_videos
from stylesv.errors import DataError
from stylesv.media.video_file import write_video

PACKING = {"crop": "center", "fps": None, "jpeg_quality": 95, "damaged": "drop", "labels": None}


def text_of(page):
    text = re.sub(r"<(script|style).*?</\1>", "", page.read_text(), flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """Two films, one of them cut into three clips and a rest, and three that cannot be used."""
    folder = tmp_path_factory.mktemp("films")
    noise = np.random.default_rng(0).integers(0, 255, (60, 3, 32, 32), np.uint8)
    write_video(folder / "videos" / "good.mp4", noise[:16], fps=25)
    write_video(folder / "videos" / "long.mp4", noise[:52], fps=25)
    write_video(folder / "videos" / "short.mp4", noise[:7], fps=25)
    whole = write_video(folder / "videos" / "cut.mp4", noise, fps=25) or (folder / "videos" / "cut.mp4").read_bytes()
    (folder / "videos" / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    (folder / "videos" / "text.mp4").write_text("not a film\n")
    settings = PackSettings(resolution=32, min_frames=16, max_frames=16, **PACKING)
    pack_videos(folder / "videos", folder / "packed", settings=settings)
    return folder / "packed" / "index.json"


@pytest.fixture
def experiment(tmp_path, packed):
    return ExperimentFiles(tmp_path, packed)


def test_every_dropped_film_stands_on_the_page_with_its_reason(experiment, packed):
    experiment.add_run("sky-D-s0-00", {0: 90.0, 4: 42.0}, TRAINED, logs=[LOG])
    shown = text_of(experiment.page())
    dropped = json.loads(packed.read_text())["dropped"]
    assert sorted(entry["name"] for entry in dropped) == ["cut.mp4", "long.mp4", "short.mp4", "text.mp4"]
    assert "4 dropped" in shown
    assert all(f"{entry['name']} {' '.join(entry['reason'].split())}" in shown for entry in dropped)
    assert "clips 4 from 2 of 5 videos" in shown


def test_films_of_one_name_are_all_listed(experiment, packed, tmp_path):
    more = [{"name": "text.mp4", "num_frames": n, "reason": f"reason {n}"} for n in (1, 2)]
    experiment.index = experiment.file("index.json", packed.read_text())
    edit_index(tmp_path, lambda index: index["dropped"].extend(more))
    experiment.add_run("sky-D-s0-00", {0: 90.0, 4: 42.0}, TRAINED, logs=[LOG])
    shown = text_of(experiment.page())
    assert "6 dropped" in shown and "text.mp4 reason 1 text.mp4 reason 2" in shown


def test_a_damaged_index_is_named(experiment):
    experiment.index = experiment.file("index.json", '{"clips": []}')
    experiment.add_run("sky-D-s0-00", {0: 90.0}, TRAINED)
    with pytest.raises(
        DataError,
        match=r"index\.json: is not a whole index of packed clips \(resolution: .*; .*, or pack the videos again",
    ):
        text_of(experiment.page())


def test_an_imported_model_alone_has_no_training_and_no_interval(experiment):
    protocol = used(bootstrap={"resamples": 0})
    experiment.add_run("sky-published-s0-00", {0: 42.0}, IMPORTED, protocol=protocol, interval=None)
    shown = text_of(experiment.page())
    assert "networks imported from the checkpoint of SHA-256 abababababab…" in shown
    assert "42.00 rFVD16 at 0 kimg" in shown and "Interval none" in shown
    assert "was trained" not in shown and "A published checkpoint was imported" in shown


def test_seeds_are_joined_to_a_mean_with_each_beside_it_and_one_seed_stands_alone(experiment):
    experiment.add_run("sky-D-s0-00", {0: 90.0, 4: 42.0}, TRAINED, logs=[LOG])
    assert "sky-00 · D 42.00" in text_of(experiment.page())
    experiment.add_run("sky-D-s1-00", {0: 80.0, 4: 43.0}, TRAINED, seed=1, logs=[LOG])
    shown = text_of(experiment.page())
    assert "sky-00 · D 42.50 ± 0.707 rFVD16, mean ± standard deviation over 2 seeds" in shown
    assert "seed 0: 42.00 at 4 kimg, down from 90.00" in shown and "seed 1: 43.00 at 4 kimg, down from 80.00" in shown
    assert shown.count("sky-00 · D") == 1


def test_the_introduction_says_what_was_trained(experiment):
    experiment.add_run("sky-image-s0-00", {0: 90.0, 4: 42.0}, SCRATCH, model="image", logs=[LOG])
    shown = text_of(experiment.page())
    assert "1 model was trained, from scratch" in shown and "best snapshot of" not in shown
    experiment.add_run("sky-D-s0-00", {0: 80.0, 4: 43.0}, TRAINED, logs=[LOG])
    text = text_of(experiment.page())
    assert "2 models were trained, 1 of them from another's snapshot" in text


def test_scores_that_are_better_high_are_not_called_better_low(experiment):
    protocol = used(metric="inception_video", inception={"splits": 2, "shuffle_seed": 0})
    experiment.add_run("sky-D-s0-00", {0: 1.5, 4: 1.25}, TRAINED, logs=[LOG], protocol=protocol)
    shown = text_of(experiment.page())
    assert "rISV16: higher is better" in shown and "Lower is better" not in shown


def test_a_kernel_distance_below_zero_has_no_bar(experiment):
    kernel = {"metric": "kernel_image", "kernel": {"subsets": 1, "max_subset_size": 9, "seed": 0}}
    protocol = used("rfid", **kernel)
    experiment.add_run("sky-D-s0-00", {0: 5.0, 4: -0.5}, TRAINED, logs=[LOG], protocol=protocol)
    assert "-0.5 rKID, 95 % interval 40.00 to 43.00 at 4 kimg, down from 5.00 at 0 kimg" in text_of(experiment.page())
    assert "width: -" not in experiment.page().read_text()


def test_the_page_warns_of_the_snapshots_that_it_shows_and_of_no_others(experiment):
    warnings = {
        0: [{"code": "fast", "sentence": "Its clips race."}],
        4: [{"code": "still", "sentence": "9 of 9 clips stand <still>."}],
    }
    experiment.add_run("sky-D-s0-00", {0: 90.0, 4: 42.0}, TRAINED, logs=[LOG], warnings=warnings)
    shown = text_of(experiment.page())
    assert "sky-D-s0-00, kimg 4 9 of 9 clips stand <still>." in shown and "race" not in shown
    assert shown.index("stand <still>") < shown.index("Best scores")


def test_many_runs_with_warnings_are_listed_by_what_is_wrong(experiment):
    still = {"code": "still", "sentence": "They stand still."}
    for seed in range(5):
        warnings = {4: [still, {"code": "collapsed", "sentence": "All alike."}] if seed == 3 else [still]}
        experiment.add_run(f"sky-D-s{seed}-00", {0: 90.0, 4: 42.0}, TRAINED, seed=seed, logs=[LOG], warnings=warnings)
    shown = text_of(experiment.page())
    everyone = ", ".join(f"sky-D-s{seed}-00" for seed in range(5))
    assert f"Clips of 5 runs stand still: {everyone} Clips of 1 run have nearly the same contents: sky-D-s3-00" in shown
    assert "Each run with its numbers" in shown and "sky-D-s3-00, kimg 4 They stand still. All alike." in shown


def test_a_page_without_warnings_has_no_block_of_them(experiment):
    experiment.add_run("sky-D-s0-00", {0: 90.0, 4: 42.0}, TRAINED, logs=[LOG])
    assert 'id="warnings"' not in experiment.page().read_text()


def test_a_damaged_log_is_named(experiment):
    experiment.add_run("sky-D-s0-00", {0: 90.0, 4: 42.0}, TRAINED, logs=[LOG[:20]])
    with pytest.raises(DataError, match=r"log\.jsonl: is not a training log"):
        text_of(experiment.page())


def test_the_page_says_what_a_newcomer_needs_to_judge_a_score(experiment):
    floor = {"value": 21.0, "low": 18.0, "high": 25.0, "error": 0.1, "level": 0.95, "draws": 100, "method": "halves"}
    memorised = {
        "generated_distance": 3.5,
        "real_distance": 4.0,
        "copy_distance": 2.0,
        "real_share": 0.0,
        "copies": 0,
        "clips": 256,
    }
    beside = {
        "floor": floor | {"halves_distance": 40.0, "correction": 1.1, "real_clips": 200, "generated_clips": 256},
        "infinity": {"value": 20.5, "points": []},
        "fidelity": [{"name": "precision", "generated": 0.25, "real": 0.75}],
        "memorisation": memorised | {"pairs": []},
    }
    experiment.add_run("sky-D-s0-00", {0: 90.0, 4: 42.0}, TRAINED, logs=[LOG], beside=beside)
    shown = text_of(experiment.page())
    for words in (
        "A perfect generator would not score 0 but about 21.00 (18.00 to 25.00), because only 200 real and 256 generated",
        "this one scores 2 times as much.",
        "With endlessly many clips, where a perfect generator scores 0, this one would score at most about 20.50.",
        "precision 0.25 0.75 share of generated clips that look like some real one; low: clips look wrong",
        "usually 3.5 from its nearest real clip, where real clips of different videos are 4 apart.",
        "Close enough to be copies: none of 256 generated clips.",
        "is anything copied?",
    ):
        assert words in shown

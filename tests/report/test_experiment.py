"""An experiment's report from its files: dropped films, imported models, no intervals, one seed and many."""

import html
import json
import re
from pathlib import Path

import numpy as np
import pytest
from recipe_values import imported_recipe, trained_recipe
from report_values import clips, log_line, score, used

from stylesv.config.dataset import PackSettings
from stylesv.data.packing import pack_videos
from stylesv.errors import DataError
from stylesv.media.video_file import write_video
from stylesv.records.choice import Choice, write_choice
from stylesv.records.experiment import (
    Experiment,
    ReportedClips,
    ReportedData,
    ReportedRun,
    ReportedSnapshot,
    experiment_yaml,
)
from stylesv.records.log_line import log_text
from stylesv.records.recipe import recipe_yaml
from stylesv.records.score import write_run_scores
from stylesv.report.clip_grids import draw_clip_strips, draw_samples, draw_time_slices, write_clip_film
from stylesv.report.experiment import write_experiment

INTERVAL = {"low": 40.0, "high": 43.0, "level": 0.95, "resamples": 100}
PACKING = {"crop": "center", "fps": None, "jpeg_quality": 95, "damaged": "drop", "labels": None}


def visible_text(page):
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


class Files:
    """Files of an experiment's runs, of the kinds that the workflow hands to the report."""

    def __init__(self, folder, index):
        self.folder, self.runs, self.index = folder, [], str(index)

    def file(self, name, text=""):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    def add_run(
        self,
        run,
        values,
        recipe,
        *,
        seed=0,
        model="D",
        protocol=None,
        interval=INTERVAL,
        logs=(),
        warnings=None,
        beside=None,
    ):
        folder = self.folder / run
        scores = []
        for kimg, value in values.items():
            scored = {"run": run, "dataset": "sky-00", "model": model, "seed": seed, "kimg": kimg}
            kind = {"protocol": protocol or used(), "interval": interval, "few_clips": True}
            kind |= beside or {}
            kind["warnings"] = (warnings or {}).get(kimg, [])
            scores.append(score(kimg, value, run=run, scored=scored, **kind))
            draw_samples(folder / str(kimg) / "samples.png", clips(2, 2))
        write_run_scores(folder / "scores.json", scores)
        best = min(values, key=values.get)
        choice = Choice(
            **{"run": run, "kimg": best, "networks": f"{best}/networks.safetensors", "metric": "rFVD16"},
            **{"value": values[best], "protocol": "rfvd_16f-0123abcd", "of_kimgs": tuple(values)},
            **{"moving_kimgs": None, "reason": "the lowest rFVD16 of all snapshots"},
        )
        write_choice(folder / "best.json", choice)
        panels = {"real": clips(2), "generated": clips(2, seed=1)}
        write_clip_film(folder / "clips.mp4", panels, columns=2, fps=25, min_frame_px=16)
        draw_clip_strips(folder / "strip.png", panels, num_frames=2, num_clips=2)
        draw_time_slices(folder / "slices.png", panels, num_clips=2)
        draw_clip_strips(folder / "nearest.png", panels, num_frames=2, num_clips=2)
        log_of = dict(zip(list(values)[1:], logs, strict=True))
        snapshots = [
            ReportedSnapshot(
                kimg=kimg,
                samples=f"{run}/{kimg}/samples.png",
                log=self.file(f"{run}/{kimg}/log.jsonl", log_of[kimg]) if kimg in log_of else None,
            )
            for kimg in values
        ]
        shown = {part: f"{run}/{name}" for part, name in SHOWN.items()}
        self.runs.append(
            ReportedRun(
                name=run,
                recipe=self.file(f"{run}/recipe.yaml", recipe_yaml(recipe)),
                choice=f"{run}/best.json",
                scores=f"{run}/scores.json",
                snapshots=tuple(snapshots),
                clips=ReportedClips(**shown),
            )
        )

    def page(self):
        page = self.folder / "page" / "index.html"
        data = (ReportedData(name="sky-00", index=self.index),)
        experiment = Experiment(title="T", shown="best", runs=tuple(self.runs), data=data)
        file = self.file("results/experiments/tried-00000000.yaml", experiment_yaml(experiment))
        write_experiment(Path(file), page=page, figures=self.folder / "figures")
        return visible_text(page)


SHOWN = {"film": "clips.mp4", "strip": "strip.png", "slices": "slices.png", "nearest": "nearest.png"}
TRAINED = trained_recipe(parent="sky-image-s0-00", training={"num_frames": 3, "batch_size": 8})
SCRATCH = trained_recipe(training={"num_frames": 1, "batch_size": 8})
LOG = log_text([log_line(4.0, loss_generator=1.25, loss_discriminator=0.5, r1_penalty=None)])


@pytest.fixture
def experiment(tmp_path, packed):
    return Files(tmp_path, packed)


def test_every_dropped_film_stands_on_the_page_with_its_reason(experiment, packed):
    experiment.add_run("sky-D-s0-00", {0: 90.0, 4: 42.0}, TRAINED, logs=[LOG])
    shown = experiment.page()
    dropped = json.loads(packed.read_text())["dropped"]
    assert sorted(entry["name"] for entry in dropped) == ["cut.mp4", "long.mp4", "short.mp4", "text.mp4"]
    assert "4 dropped" in shown
    assert all(f"{entry['name']} {' '.join(entry['reason'].split())}" in shown for entry in dropped)
    assert "clips 4 from 2 of 5 videos" in shown


def test_films_of_one_name_are_all_listed(experiment, packed, tmp_path):
    index = json.loads(packed.read_text())
    index["dropped"] += [{"name": "text.mp4", "num_frames": n, "reason": f"reason {n}"} for n in (1, 2)]
    experiment.index = experiment.file("index.json", json.dumps(index))
    experiment.add_run("sky-D-s0-00", {0: 90.0, 4: 42.0}, TRAINED, logs=[LOG])
    shown = experiment.page()
    assert "6 dropped" in shown and "text.mp4 reason 1 text.mp4 reason 2" in shown


def test_a_damaged_index_is_named(experiment):
    experiment.index = experiment.file("index.json", '{"clips": []}')
    experiment.add_run("sky-D-s0-00", {0: 90.0}, TRAINED)
    with pytest.raises(
        DataError,
        match=r"index\.json: is not a whole index of packed clips \(resolution: .*; .*, or pack the videos again",
    ):
        experiment.page()


def test_an_imported_model_alone_has_no_training_and_no_interval(experiment):
    protocol = used(bootstrap={"resamples": 0})
    experiment.add_run("sky-published-s0-00", {0: 42.0}, imported_recipe(), protocol=protocol, interval=None)
    shown = experiment.page()
    assert "networks imported from the checkpoint of SHA-256 abababababab…" in shown
    assert "42.00 rFVD16 at 0 kimg" in shown and "Interval none" in shown
    assert "was trained" not in shown and "A published checkpoint was imported" in shown
    assert not (experiment.folder / "figures" / "training.png").exists()


def test_many_seeds_are_told_apart_and_one_is_not(experiment):
    experiment.add_run("sky-D-s0-00", {0: 90.0, 4: 42.0}, TRAINED, logs=[LOG])
    assert "sky-00 · D 42.00" in experiment.page()
    experiment.add_run("sky-D-s1-00", {0: 80.0, 4: 43.0}, TRAINED, seed=1, logs=[LOG])
    shown = experiment.page()
    assert "sky-00 · D · seed 0 42.00" in shown and "sky-00 · D · seed 1 43.00" in shown


def test_the_introduction_says_what_was_trained(experiment):
    experiment.add_run("sky-image-s0-00", {0: 90.0, 4: 42.0}, SCRATCH, model="image", logs=[LOG])
    shown = experiment.page()
    assert "1 model was trained, from scratch" in shown and "best snapshot of" not in shown
    experiment.add_run("sky-D-s0-00", {0: 80.0, 4: 43.0}, TRAINED, logs=[LOG])
    assert "2 models were trained, 1 of them from another's best snapshot" in experiment.page()


def test_scores_that_are_better_high_are_not_called_better_low(experiment):
    protocol = used(metric="inception_video", inception={"splits": 2, "shuffle_seed": 0})
    experiment.add_run("sky-D-s0-00", {0: 1.5, 4: 1.25}, TRAINED, logs=[LOG], protocol=protocol)
    shown = experiment.page()
    assert "rISV16: higher is better" in shown and "Lower is better" not in shown


def test_a_kernel_distance_below_zero_has_no_bar(experiment):
    kernel = {"metric": "kernel_image", "kernel": {"subsets": 1, "max_subset_size": 9, "seed": 0}}
    protocol = used("rfid", **kernel)
    experiment.add_run("sky-D-s0-00", {0: 5.0, 4: -0.5}, TRAINED, logs=[LOG], protocol=protocol)
    assert "-0.5 rKID, 95 % interval 40.00 to 43.00 at 4 kimg, down from 5.00 at 0 kimg" in experiment.page()
    assert "width: -" not in (experiment.folder / "page" / "index.html").read_text()


def test_the_page_warns_of_the_snapshots_that_it_shows_and_of_no_others(experiment):
    warnings = {
        0: [{"code": "fast", "sentence": "Its clips race."}],
        4: [{"code": "still", "sentence": "9 of 9 clips stand <still>."}],
    }
    experiment.add_run("sky-D-s0-00", {0: 90.0, 4: 42.0}, TRAINED, logs=[LOG], warnings=warnings)
    shown = experiment.page()
    assert "sky-D-s0-00, kimg 4 9 of 9 clips stand <still>." in shown and "race" not in shown
    assert shown.index("stand <still>") < shown.index("Best scores")


def test_a_page_without_warnings_has_no_block_of_them(experiment):
    experiment.add_run("sky-D-s0-00", {0: 90.0, 4: 42.0}, TRAINED, logs=[LOG])
    experiment.page()
    assert 'id="warnings"' not in (experiment.folder / "page" / "index.html").read_text()


def test_a_damaged_log_is_named(experiment):
    experiment.add_run("sky-D-s0-00", {0: 90.0, 4: 42.0}, TRAINED, logs=[LOG[:20]])
    with pytest.raises(DataError, match=r"log\.jsonl: is not a training log"):
        experiment.page()


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
    shown = experiment.page()
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

"""Motion in score files: snapshots made still or repeating on purpose are called so, by score.py and by the report."""

import csv
import html
import io
import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_snapshot import SIZE, merged, write_snapshot

from stylesv.checkpoint import read_networks, write_networks
from stylesv.generation import clips as clips_module
from stylesv.media.video_file import write_video
from stylesv.metrics.choice import choose_best
from stylesv.records.named_protocol import named_protocol
from stylesv.records.protocol import Protocol
from stylesv.records.score import ScoredRun
from stylesv.report.page.content import ReportContent
from stylesv.report.page.html import write_page
from stylesv.report.score_row import score_row
from stylesv.report.score_table import tabulate_scores
from stylesv.report.tables import format_csv
from stylesv.report.warnings import warnings_of_snapshots
from stylesv.scoring.motion_clips import select_motion_clips
from stylesv.scoring.request import ScoreRequest, describe_score, score_request

FEW = {
    "num_frames": 8,
    "real": {"max_clips": 6},
    "generated": {"num_clips": 6},
    "bootstrap": {"resamples": 0},
    "detector": {"resize_px": 32},
    "motion": {"num_clips": 6, "num_frames": 32},
}


def few(root, **changes) -> Protocol:
    plan = named_protocol(root / "config", "rfvd_16f")
    values = merged(merged(plan.settings.model_dump(mode="json"), FEW), changes)
    return Protocol.of("rfvd_8f", type(plan.settings).model_validate_json(json.dumps(values)))


@pytest.fixture(scope="module")
def protocol(root) -> Protocol:
    return few(root)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("snapshots")


@pytest.fixture(scope="module")
def networks(folder, root):
    return write_snapshot(folder / "networks.safetensors", root)


@pytest.fixture(scope="module")
def usual(networks, protocol, folder):
    """A snapshot against other clips of its own."""
    return scored(networks, networks, protocol, folder)


@pytest.fixture(scope="module")
def still(networks, protocol, folder):
    """The same snapshot without its motion against its clips."""
    return scored(networks, without_motion(networks, folder / "still.safetensors"), protocol, folder, kimg=4)


def scored(networks, generated, protocol, folder, kimg=0):
    """A snapshot's score against other clips of a snapshot, as of a run."""
    found = score_request(ScoreRequest(networks, generated, None, None, folder / generated.stem, (0, 1)), protocol)
    return found.model_copy(update={"scored": ScoredRun(run="r", dataset="d", model="D", seed=0, kimg=kimg)})


def codes(score):
    return {warning.code for warning in score.warnings}


def without_motion(networks, path):
    """The same snapshot with its motion mask at zero."""
    found, snapshot = read_networks(networks)
    mask = found["generator_ema"]["synthesis.fusion.motion_mask"]
    assert float(mask.abs().max()) > 0
    mask.zero_()
    write_networks(path, found, snapshot)
    return path


def test_a_snapshot_with_its_motion_mask_at_zero_is_called_still(usual, still):
    assert usual.motion is not None and not codes(usual) & {"still", "slow", "fast", "repeats"}
    assert codes(still) >= {"still"} and still.motion.number("difference_1").generated.mean == 0
    told = "\n".join(describe_score(still))
    assert "warning: 100 % of its clips stand still" in told and "flow_relative" in told
    (warned,) = warnings_of_snapshots([usual, still], {"r": 4})
    assert warned.kimg == 4 and warned.sentences[0].startswith("100 % of its clips stand still")


def test_a_snapshot_whose_motion_noise_is_periodic_is_called_repeating(networks, protocol, tmp_path, monkeypatch):
    draw = clips_module.draw_latents

    def periodic(generator, seed, **facts):
        latents = draw(generator, seed, **facts)
        if seed != protocol.settings.generated.seed:  # clips in place of real ones
            return latents
        anchors = torch.arange(latents.motion.shape[1]) % 2  # 16 frames, of clips of 32
        return replace(latents, motion=latents.motion[:, anchors])

    monkeypatch.setattr(clips_module, "draw_latents", periodic)
    repeating = scored(networks, networks, protocol, tmp_path)
    assert "repeats" in codes(repeating) and "still" not in codes(repeating)
    assert "warning: 100 % of its clips repeat their motion" in "\n".join(describe_score(repeating))


def test_the_best_snapshot_is_one_that_moves_though_a_still_one_scores_better(usual, still):
    moving = usual.model_copy(update={"value": still.value + 9})
    choice = choose_best([moving, still])
    assert (choice.kimg, choice.moving_kimgs) == (0, (0,))
    assert "that of kimg 4 is better" in choice.reason and "its clips stand still" in choice.reason
    (best,) = tabulate_scores([score_row(score) for score in (still, moving)]).best
    assert best.kimg == 0


def test_short_videos_give_shorter_clips_and_a_single_one_none(root):
    settings = few(root).settings
    assert len(select_motion_clips([20, 20, 24, 40, 9], range(5), settings, is_real=True).times) == 20
    assert len(select_motion_clips([50, 40, 33], range(3), settings, is_real=True).times) == 32
    assert select_motion_clips([50], [0], few(root, real={"max_clips_per_video": 1}).settings, is_real=True) is None
    late = few(root, generated={"start_time": 30}).settings
    assert select_motion_clips([40, 40, 40], range(3), late, is_real=False).clips == ((0, 30), (1, 30), (2, 30))
    assert select_motion_clips([31, 31], range(2), late, is_real=False) is None


def test_motion_of_both_sides_is_of_clips_of_one_length(networks, protocol, root, tmp_path):
    """Repetition looks up to half of a clip ahead: longer clips would repeat less, or more, without anything being wrong."""
    frames = np.random.default_rng(0).integers(0, 255, (40, 3, SIZE, SIZE), np.uint8)
    for name, length in (("short", 20), ("long", 40)):
        for video in range(3):
            write_video(tmp_path / name / f"{video}.mp4", frames[:length], fps=25)
    for reference, generated, expected in (
        (tmp_path / "short", networks, 20),
        (networks, tmp_path / "short", 20),
        (tmp_path / "long", tmp_path / "short", 20),
        (tmp_path / "long", networks, 32),
    ):
        request = ScoreRequest(reference, generated, None, None, tmp_path / "shards", (0, 1))
        motion = score_request(request, protocol).motion
        assert (motion.real_frames, motion.generated_frames) == (expected, expected)


def test_real_clips_of_motion_are_drawn_from_all_films(root):
    """Ten films of five videos each: six clips are of six films, not of the first two; those too short are passed over."""
    settings = few(root).settings
    lengths, films = [40] * 50, [video // 5 for video in range(50)]
    found = select_motion_clips(lengths, films, settings, is_real=True)
    videos = [video for video, _ in found.clips]
    assert len({films[video] for video in videos}) == 6 and max(videos) > 24
    assert found == select_motion_clips(lengths, films, settings, is_real=True), "the same each time"
    scarce = select_motion_clips([40, 40, 9], [0, 0, 1], settings, is_real=True)
    assert len(scarce.clips) == 6, "two videos give several clips each"
    two = select_motion_clips([40] * 11, [0] * 10 + [1], settings, is_real=True)
    assert 10 in {video for video, _ in two.clips}, "the film with one video is not left out"


def test_a_score_without_clips_to_measure_says_that_motion_was_not(root, tmp_path):
    frames = np.random.default_rng(0).integers(0, 255, (64, 3, SIZE, SIZE), np.uint8)
    for name in ("real", "made"):
        write_video(tmp_path / name / "a.mp4", frames, fps=25)
    one = few(root, generated={"clips_per_video": 6, "num_clips": 6})
    request = ScoreRequest(tmp_path / "real", tmp_path / "made", None, None, tmp_path / "shards", (0, 1))
    score = score_request(request, one)
    assert score.motion is None and codes(score) <= {"copies"}  # both folders hold one film
    assert any("motion was not measured" in note for note in score.notes)


def test_scores_of_frames_measure_no_motion_whatever_the_setting_says(root):
    frames = named_protocol(root / "config", "rfid").settings
    assert frames.motion is not None and frames.measured_motion is None
    other = frames.model_copy(update={"motion": None})
    assert Protocol.of("a", frames).key == Protocol.of("a", other).key


def test_motion_is_in_the_key_of_a_choice_only_where_it_decides(root):
    decides, other = few(root), few(root, motion={"num_clips": 7})
    assert decides.choice.key != other.choice.key
    idle = [few(root, motion={"decides": False, "num_clips": count}) for count in (6, 7)]
    assert idle[0].choice.key == idle[1].choice.key != decides.choice.key
    assert idle[0].reference.key == decides.reference.key  # real clips are measured alike


def test_shares_of_several_jobs_hold_motion(networks, protocol, usual, tmp_path):
    for job in range(2):
        request = ScoreRequest(networks, networks, None, None, tmp_path / "shards", (job, 2))
        assert score_request(request, protocol) is None
    names = {path.name.split("-")[0] for path in (tmp_path / "shards").rglob("*.safetensors")}
    assert names == {"features", "motion"}
    request = ScoreRequest(networks, networks, None, None, tmp_path / "shards", (0, 1))
    assert score_request(request, protocol).motion == usual.motion


def test_the_page_calls_a_still_snapshot_still_and_says_how_the_other_moves(usual, still, tmp_path):
    table = tabulate_scores([score_row(score) for score in (usual, still)])
    warned = warnings_of_snapshots([usual, still], {"r": still.scored.kimg})
    write_page(tmp_path / "a.html", ReportContent("T", "", [], [table], warnings=warned))
    text = re.sub(r"<(script|style).*?</\1>", "", (tmp_path / "a.html").read_text(), flags=re.S)
    shown = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())
    assert shown.index("r, kimg 4 100 % of its clips stand still (real: 0 %)") < shown.index("Best scores")
    assert re.search(
        r"Its clips change \d\.\d times as much from frame to frame as real ones, and what is in them", shown
    )
    assert re.search(r"r at 4 0\.00 \d+\.\d\d 0\.\d\d .* 100 % .* still", shown)
    lines = list(csv.DictReader(io.StringIO(format_csv(table))))
    assert "still" in lines[1]["warnings"].split() and float(lines[1]["difference_1_generated"]) == 0
    assert float(lines[0]["flow_px_real"]) > 0 and lines[1]["still_generated"] == "1.0"

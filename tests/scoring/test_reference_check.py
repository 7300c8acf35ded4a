"""Whether prepared clips are the community's: told from their distance, and what explains a difference is named."""

import json
import pickle
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from local_server import serving
from others_data import others_statistics
from script_here import run_here
from small_snapshot import merged

from stylesv.config.protocol import ProtocolSettings
from stylesv.errors import DataError, StyleSVError
from stylesv.files import file_sha256
from stylesv.media.video_file import write_video
from stylesv.metrics.clip_selection import select_real_clips
from stylesv.metrics.detector import Detector
from stylesv.metrics.frechet import frechet_distance
from stylesv.metrics.moments import Moments
from stylesv.metrics.published_statistics import read_statistics
from stylesv.records.named_protocol import named_protocol
from stylesv.scoring.clip_sources import StoredClips
from stylesv.scoring.reference_check import check_reference, describe_check

CONFIG = Path(__file__).parents[2] / "config"


class Skies:
    """Videos of noise of several sizes that brightens; each of its own speed and level, and brightest in the middle."""

    resolution, fingerprint = 16, "skies"

    def __init__(self, seed, count=60):
        random = np.random.default_rng(seed)
        self.lengths = tuple(int(n) for n in random.integers(64, 90, count))
        self.films = tuple(range(count))
        self.rates = (None,) * count
        self._facts = [
            (random.uniform(60, 120), random.uniform(0.4, 1.6), random.integers(1 << 30)) for _ in self.lengths
        ]

    def read(self, video, frames):
        level, speed, seed = self._facts[video]
        random = np.random.default_rng(seed)
        detail = random.standard_normal((16, 16)) * 12
        coarse = np.kron(random.standard_normal((4, 4)) * 12, np.ones((4, 4)))
        place = np.asarray(frames) / self.lengths[video]
        light = level + speed * np.asarray(frames)[:, None, None] + 25 * np.sin(np.pi * place)[:, None, None] ** 8
        grey = np.clip(light + detail + coarse, 0, 255).astype(np.uint8)
        return np.repeat(grey[:, None], 3, axis=1)

    def likeness(self, video):
        return (video,)

    def sha256(self, video):
        return str(video)


def describe(clips):
    """Level, change over the clip, fine and coarse detail, and where the change is: what a detector might see."""
    grey = clips.float().mean(dim=2)
    change = grey[:, -1] - grey[:, 0]
    size = 16 // grey.shape[-1]
    fine = torch.nn.functional.interpolate(grey, scale_factor=size, mode="nearest") if size > 1 else grey
    return torch.stack(
        [
            grey.mean(dim=(1, 2, 3)),
            8 * change.mean(dim=(1, 2)),
            20 * (fine[..., 1:] - fine[..., :-1]).abs().mean(dim=(1, 2, 3)),
            change.std(dim=(1, 2)),
        ],
        dim=1,
    )


DETECTOR = Detector("tiny", "0" * 64, 4, torch.device("cpu"), describe)
ONE_EACH = {"max_clips": None, "max_clips_per_video": 1, "first_frames": "random", "seed": 0}


def settings(stride=1, **real):
    values = named_protocol(CONFIG, "rfvd_16f").settings.model_dump(mode="json")
    changes = {"frame_stride": stride, "num_frames": 8, "real": ONE_EACH | real}
    return ProtocolSettings.model_validate_json(json.dumps(merged(values, changes)))


def statistics(videos, protocol, change=lambda batch: batch):
    """What somebody else published of their copy of the data."""
    clips = StoredClips(videos, select_real_clips(videos.lengths, protocol))
    return Moments.from_features(np.concatenate([describe(change(b)).numpy() for b in clips.batches(0, clips.count)]))


def halved(clips):
    """Frames of half the size by another filter than the one that is tried."""
    return torch.nn.functional.avg_pool2d(clips.flatten(0, 1).float(), 2).round().byte().unflatten(0, clips.shape[:2])


def thinned(clips):
    """The same with two of four pixels, so that fine detail is aliased."""
    return clips[..., ::2, ::2] // 2 + clips[..., 1::2, 1::2] // 2


@pytest.fixture(scope="module")
def skies():
    return Skies(0)


def check(skies, published):
    return check_reference(skies, settings(), DETECTOR, published)


def test_other_videos_of_the_same_kind_are_the_communitys(skies):
    found = check(skies, statistics(Skies(1), settings(seed=5)))
    assert found.prepared.is_same and found.others == ()
    assert describe_check(found)[-1] == "These are the community's clips, as far as so many can tell."


@pytest.mark.parametrize(
    ("protocol", "change", "words"),
    [
        (settings(stride=4), lambda b: b, "all of the difference: stride: every 4. frame"),
        (settings(), halved, "all of the difference: resize: frames made 2 times smaller"),
        (settings(), thinned, "% of the difference: resize: frames made 2 times smaller"),
        (settings(first_frames="spread"), lambda b: b, "all of the difference: clip choice: the middle"),
    ],
    ids=["stride", "resize", "aliased resize", "choice"],
)
def test_what_explains_a_difference_is_named(skies, protocol, change, words):
    found = check(skies, statistics(Skies(1), protocol, change))
    assert not found.prepared.is_same
    verdict = next(line for line in describe_check(found) if line.startswith("These are not"))
    assert words in verdict


def test_other_data_are_explained_by_nothing(skies):
    found = check(skies, statistics(skies, settings(), lambda batch: 255 - batch))
    assert found.explanations == () and "no single way of taking them explains it" in describe_check(found)[-1]


def test_another_number_of_videos_is_said_and_is_no_difference(skies):
    found = check(skies, statistics(Skies(2, count=35), settings()))
    assert found.prepared.is_same
    assert "Number of videos: 60 here, 35 published clips" in describe_check(found)[-1]


def test_no_way_takes_more_clips_than_asked_for(skies):
    other = statistics(skies, settings(), lambda batch: 255 - batch)
    found = check_reference(skies, settings(), DETECTOR, other, max_clips=40)
    assert max(way.clips for way in (found.prepared, *found.others)) == 40
    videos = {way.what: way.videos for way in found.others if way.what.startswith("clip choice")}
    assert videos["clip choice: 4 clips of each video"] == 10, "four of each, not one of each of 40"
    assert videos["clip choice: the middle of each video"] == 40
    assert "97.5 % below" in describe_check(found)[2], "the upper end of a 95 % interval open to both sides"


def test_statistics_of_another_detector_are_refused(skies):
    with pytest.raises(DataError, match="the statistics have 3 features and tiny 4: they are of another detector"):
        check(skies, Moments.from_features(np.eye(3)))


def test_both_kinds_of_files_give_the_moments(tmp_path):
    x = np.random.default_rng(0).standard_normal((30, 4)) + 5
    expected = Moments.from_features(x)
    np.savez(tmp_path / "a.npz", n=30, mean=x.mean(0), cov=np.cov(x.T, ddof=0))
    published = {"capture_all": False, "capture_mean_cov": True, "max_items": None, "num_items": 30, "num_features": 4}
    (tmp_path / "b.pkl").write_bytes(pickle.dumps(published | {"raw_mean": x.sum(0), "raw_cov": x.T @ x}))
    for name in ("a.npz", "b.pkl"):
        found = read_statistics(tmp_path / name)
        assert found.count == 30 and found.mean == pytest.approx(expected.mean)
        assert found.scatter == pytest.approx(expected.scatter, rel=1e-9)


class Harmful:
    def __reduce__(self):
        return eval, ("1/0",)


def test_what_is_no_statistics_is_refused_and_nothing_is_run(tmp_path):
    path = tmp_path / "a.pkl"
    contents = {
        r"asks for builtins\.eval, which statistics do not need; nothing was run": pickle.dumps(Harmful()),
        "is no file of statistics": pickle.dumps({"num_items": 3}),
        "is no file of": b"not a pickle",
        "are not finite": pickle.dumps({"num_items": 3, "raw_mean": np.array([np.nan, 1]), "raw_cov": np.eye(2)}),
    }
    for words, content in contents.items():
        path.write_bytes(content)
        with pytest.raises(DataError, match=words):
            read_statistics(path)
    np.savez(tmp_path / "b.npz", n=1, mean=np.ones(2), cov=np.eye(2))
    with pytest.raises(DataError, match=r"1 clips, mean .* do not fit each other"):
        read_statistics(tmp_path / "b.npz")
    with pytest.raises(DataError, match="no such file"):
        read_statistics(tmp_path / "none.npz")


def test_damage_at_any_place_of_a_file_is_one_line(tmp_path):
    """What a zip, a compressed array, its header or a pickle fails with, is never a traceback."""
    x = np.random.default_rng(0).standard_normal((30, 12))
    np.savez_compressed(tmp_path / "a.npz", n=30, mean=x.mean(0), cov=np.cov(x.T, ddof=0))
    found = {"num_items": 30, "raw_mean": x.sum(0), "raw_cov": x.T @ x}
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(found))
    refused = 0
    for path in (tmp_path / "a.npz", tmp_path / "a.pkl"):
        whole = path.read_bytes()
        damaged = [whole[:at] + bytes(8 * [255]) + whole[at + 8 :] for at in range(0, len(whole), 7)]
        for content in [*damaged, whole[: len(whole) // 2]]:
            path.write_bytes(content)
            try:
                read_statistics(path)
            except StyleSVError:
                refused += 1
    assert refused > 50


def test_published_statistics_are_as_far_apart_as_the_notes_say():
    """Resolution moves FVD more than another draw of clips does: 22.2 against 0.27."""
    names = ("sky_2048_res256_len16_skip1", "sky_full_res256_len16_skip1", "sky_full_res256_len128_skip1")
    some, whole, long = (read_statistics(others_statistics(f"i3d_{name}.npz")) for name in names)
    assert frechet_distance(some, whole, covariance="population") == pytest.approx(0.27, abs=0.01)
    assert frechet_distance(whole, long, covariance="population") == pytest.approx(866, abs=1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--statistics", "moon"], r"--statistics: moon: no such file .*known: sky_128f, sky_16f, ucf101_16f"),
        (["--statistics", "none.npz"], "does not say how its clips were taken: give --protocol"),
    ],
)
def test_bad_input_is_one_line(root, tmp_path, options, words):
    common = ("--data", tmp_path, "--detector", "random-i3d")
    done = run_here(root / "workflow_scripts" / "check_reference.py", *common, *options, folder=tmp_path)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert re.search(words, done.stderr), done.stderr


@pytest.fixture
def checkout(root, tmp_path):
    """The program beside settings of its own, and 10 videos of noise."""
    shutil.copytree(root / "config", tmp_path / "config")
    (tmp_path / "workflow_scripts").mkdir()
    shutil.copy(root / "workflow_scripts" / "check_reference.py", tmp_path / "workflow_scripts")
    random = np.random.default_rng(0)
    for video in range(10):
        write_video(tmp_path / "videos" / f"{video}.mp4", random.integers(0, 255, (9, 3, 16, 16), np.uint8), fps=25)
    write_protocol(tmp_path / "config" / "protocols" / "tiny.yaml")
    return tmp_path


def write_protocol(path):
    """Clips of 8 frames, one of each video, as small as random I3D takes them."""
    changes = {
        "extends": "rfvd_16f",
        "protocol": {
            "num_frames": 8,
            "real": {"max_clips_per_video": 1},
            "detector": {"resize_px": 32},
            "motion": None,
        },
    }
    path.write_text(json.dumps(changes))


def test_named_statistics_are_fetched_and_compared_with(checkout):
    np.savez(checkout / "moments.npz", n=30, mean=np.zeros(400), cov=np.eye(400))
    with serving(checkout) as server:
        values = {"url": f"{server.url}/plain/moments.npz", "sha256": file_sha256(checkout / "moments.npz")}
        statistics = {"statistics": values | {"protocol": "tiny", "resolution": 16}}
        (checkout / "config" / "statistics" / "ours.yaml").write_text(json.dumps(statistics))
        program = checkout / "workflow_scripts" / "check_reference.py"
        absent = ("--data", "videos", "--statistics", "ours", "--detector", "none.pt")
        done = run_here(program, *absent, folder=checkout)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1) and "none.pt" in done.stderr, done.stderr
        assert not server.asked, "what lies here is looked at before anything is fetched"
        options = ("--data", "videos", "--statistics", "ours", "--detector", "random-i3d")
        done = run_here(checkout / "workflow_scripts" / "check_reference.py", *options, folder=checkout)
        assert server.asked
    assert done.returncode == 1 and "published clips: 30" in done.stdout, done.stderr
    assert (checkout / "results" / "statistics" / "moments.npz").read_bytes() == (checkout / "moments.npz").read_bytes()

"""Scoring: any pair of sources, the same numbers for any batches, shards and jobs, and nothing done twice after a kill."""

import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from script_here import run_here
from small_snapshot import SIZE, merged, write_snapshot

from stylesv.checkpoint import read_networks, write_networks
from stylesv.config.dataset import PackSettings
from stylesv.data.packing import pack_videos
from stylesv.errors import CheckpointError, ConfigError, DataError
from stylesv.files import file_sha256
from stylesv.generation.clips import generate_clips, load_generator
from stylesv.media.video_file import write_video
from stylesv.metrics import shards as shards_module
from stylesv.metrics.clip_selection import select_real_clips
from stylesv.metrics.frechet import frechet_distance_of_few
from stylesv.records.named_protocol import named_protocol
from stylesv.records.protocol import Protocol
from stylesv.records.score import ScoredRun, read_score
from stylesv.scoring import clip_sources
from stylesv.scoring.clip_sources import LooseVideos, SnapshotClips, open_videos
from stylesv.scoring.measure import measure_reference, score_snapshot
from stylesv.scoring.request import ScoreRequest, describe_score, score_request

FEW = {
    "num_frames": 8,
    "real": {"max_clips": 40, "max_clips_per_video": 3},
    "generated": {"num_clips": 9},
    "bootstrap": {"resamples": 10},
    "detector": {"resize_px": 32},
    "artefacts": {"num_clips": 4, "num_frames": 16, "motion_distance": 8},
    "drift": {"start_times": [0, 8], "num_clips": 5},
}


@pytest.fixture
def protocol(root) -> Protocol:
    plan = named_protocol(root / "config", "rfvd_16f")
    settings = type(plan.settings).model_validate_json(json.dumps(merged(plan.settings.model_dump(mode="json"), FEW)))
    return Protocol.of("rfvd_8f", settings)


@pytest.fixture
def image_protocol(root) -> Protocol:
    plan = named_protocol(root / "config", "rfid")
    few = {"bootstrap": {"resamples": 3}, "detector": {"resize_px": 32}}
    settings = type(plan.settings).model_validate_json(json.dumps(merged(plan.settings.model_dump(mode="json"), few)))
    return Protocol.of("rfid", settings)


def write_frames(folder, count=6, length=24, seed=0, size=SIZE):
    """Folders of PNG frames: coloured noise that moves."""
    random = np.random.default_rng(seed)
    for video in range(count):
        whole = random.integers(0, 256, (size, size + length, 3), np.uint8)
        (folder / f"video{video}").mkdir(parents=True)
        for frame in range(length - video):  # lengths differ
            Image.fromarray(whole[:, frame : frame + size]).save(folder / f"video{video}" / f"{frame:04d}.png")
    return folder


@pytest.fixture
def videos(tmp_path):
    return write_frames(tmp_path / "videos")


@pytest.fixture
def networks(tmp_path, root):
    return write_snapshot(tmp_path / "networks.safetensors", root)


def request(reference, generated, folder, **changes):
    base = ScoreRequest(reference, generated, None, None, folder / "shards", (0, 1))
    return replace(base, **changes)


def packed_from(videos, out):
    values = {"crop": "center", "fps": None, "min_frames": 1, "max_frames": None, "damaged": "drop", "labels": None}
    pack_videos(videos, out, settings=PackSettings(resolution=SIZE, jpeg_quality=100, **values))
    return out


def numbers(score):
    """Every number of a score that clips decide."""
    shown = [score.value, score.interval.low, score.interval.high]
    shown += [value for row in score.artefacts for value in (row.generated, row.real) if value is not None]
    return shown + [value for row in score.drift for value in (row.generated, row.real) if value is not None]


def test_any_pair_of_sources_is_scored(videos, networks, protocol, tmp_path):
    packed = packed_from(videos, tmp_path / "packed")
    other = write_frames(tmp_path / "other", seed=1)
    scores = {}
    for reference in (videos, packed, networks):
        for generated in (other, packed, networks):
            found = score_request(request(reference, generated, tmp_path), protocol)
            scores[reference.name, generated.name] = found.value
            assert (found.real.dataset, found.generated.source) == (str(reference), str(generated))
            assert found.generated.seed == (0 if generated == networks else None)
    assert all(np.isfinite(value) and value > 0 for value in scores.values())
    # JPEG of quality 100 is nearly the same; a snapshot is scored against other latents than its own
    assert scores["videos", "other"] == pytest.approx(scores["packed", "other"], rel=0.1)
    assert scores["networks.safetensors", "networks.safetensors"] < scores["videos", "networks.safetensors"]


def test_a_folder_of_pictures_alone_is_compared_picture_by_picture(videos, image_protocol, tmp_path):
    """As tools that compare images take it; FID of two plain folders is what most people ask for first."""
    for name in ("real", "made"):
        (tmp_path / name).mkdir()
        for number, path in enumerate(sorted(videos.rglob("*.png"))):
            shutil.copy(path, tmp_path / name / f"{number:05d}.png")
    found = score_request(request(tmp_path / "real", tmp_path / "made", tmp_path), image_protocol)
    count = len(list((tmp_path / "real").iterdir()))
    assert (found.real.count, found.real.num_videos, found.generated.count) == (count, count, count)
    assert found.value == pytest.approx(0, abs=1e-3)


# a network's rounding depends on its batch, which may turn a generated byte to its neighbour
@pytest.mark.parametrize(("generated", "tolerance"), [("other", 1e-5), ("networks.safetensors", 1e-3)])
def test_the_same_numbers_for_any_batch_and_shard(
    videos, networks, protocol, tmp_path, monkeypatch, generated, tolerance
):
    write_frames(tmp_path / "other", seed=1)
    pair = (videos, tmp_path / generated)
    expected = score_request(request(*pair, tmp_path / "a"), protocol)
    monkeypatch.setattr(shards_module, "SHARD_FRAMES", 8)
    monkeypatch.setattr(clip_sources, "_FRAMES_AT_ONCE", 8)
    found = score_request(request(*pair, tmp_path / "b"), protocol)
    np.testing.assert_allclose(numbers(found), numbers(expected), rtol=tolerance, atol=1e-5)


@pytest.mark.long
def test_jobs_that_share_the_work_give_the_score_of_one(videos, networks, protocol, tmp_path, monkeypatch):
    monkeypatch.setattr(shards_module, "SHARD_FRAMES", 16)
    expected = score_request(request(videos, networks, tmp_path / "one"), protocol)
    for job in range(3):
        shared = request(videos, networks, tmp_path / "many", share=(job, 3))
        assert score_request(shared, protocol) is None
    monkeypatch.setattr(shards_module, "_measure", None)  # the last call finds everything there
    found = score_request(request(videos, networks, tmp_path / "many"), protocol)
    assert numbers(found) == numbers(expected)


def test_killed_while_scoring_the_retry_uses_what_was_finished(videos, networks, protocol, tmp_path, monkeypatch):
    packed = packed_from(videos, tmp_path / "packed")
    monkeypatch.setattr(shards_module, "SHARD_FRAMES", 16)  # two clips
    measured, kill_after = [], 3

    def measure(clips, measure, start, end, told):
        if len(measured) == kill_after:
            raise KeyboardInterrupt
        measured.append((start, end))
        return np.concatenate([measure(batch) for batch in clips.batches(start, end)])

    monkeypatch.setattr(shards_module, "_measure", measure)
    reference = tmp_path / "reference.safetensors"
    shards = tmp_path / "shards"
    with pytest.raises(KeyboardInterrupt):
        measure_reference(packed, protocol, reference, detector=None, shards=shards)
    assert not reference.exists() and len(list(shards.rglob("*.safetensors"))) == 3
    first, measured[:], kill_after = list(measured), [], 10**9
    measure_reference(packed, protocol, reference, detector=None, shards=shards)
    assert len(first) + len(measured) == len(list(shards.rglob("*.safetensors"))), "no shard was measured twice"
    scored = ScoredRun(run="r", dataset="packed", model=None, seed=None, kimg=0)
    whole = score_snapshot(networks, reference, protocol, scored, detector=None, shards=tmp_path / "other")
    measured[:], kill_after = [], 4
    with pytest.raises(KeyboardInterrupt):
        score_snapshot(networks, reference, protocol, scored, detector=None, shards=shards)
    kill_after = 10**9
    again = score_snapshot(networks, reference, protocol, scored, detector=None, shards=shards)
    assert numbers(again) == numbers(whole)
    assert len(measured) == len(list((tmp_path / "other").rglob("*.safetensors"))), "no shard was measured twice"


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_networks_that_are_not_finite_are_not_scored(videos, networks, protocol, tmp_path, number):
    parts, header = read_networks(networks)
    parts["generator_ema"]["mapping.fc1.weight"][3, 2] = number
    write_networks(networks, parts, header)
    words = r"networks.safetensors: generator_ema.mapping.fc1.weight is not finite \(1 of \d+ numbers\)"
    for pair in ((videos, networks), (networks, videos)):
        with pytest.raises(CheckpointError, match=words):
            score_request(request(*pair, tmp_path), protocol)
    assert not (tmp_path / "shards").exists()


def test_frames_that_are_not_finite_are_not_made(networks):
    """Finite weights, too large for float32: NaN would be black pixels."""
    generator, _ = load_generator(networks)
    for weight in generator.parameters():
        weight.mul_(1e30)
    with pytest.raises(CheckpointError, match="makes frames that are not finite"):
        list(generate_clips(generator, seed=0, clip_numbers=[0], times=torch.zeros(1)))


def test_clips_of_one_latent_lie_one_behind_the_other(networks):
    generator, _ = load_generator(networks)
    common = {"num_frames": 4, "frame_stride": 2, "start_time": 3, "seed": 0, "truncation": 1.0}
    clips = SnapshotClips(generator, count=10, clips_per_video=3, **common)
    whole = torch.cat(list(clips.batches(0, 10)))
    assert whole.shape == (10, 4, 3, SIZE, SIZE)
    parts = torch.cat([batch for start in range(10) for batch in clips.batches(start, start + 1)])
    assert (whole.int() - parts.int()).abs().max() <= 1
    later = SnapshotClips(generator, count=4, clips_per_video=1, **(common | {"start_time": 3 + 7}))
    second_clips = torch.cat(list(later.batches(0, 3)))
    assert (second_clips.int() - whole[1::3].int()).abs().max() <= 1


def test_folders_are_read_as_they_are(videos, tmp_path):
    loose = open_videos(videos, None)
    assert (loose.lengths, loose.resolution) == ((24, 23, 22, 21, 20, 19), SIZE)
    picture = np.asarray(Image.open(videos / "video2" / "0005.png"))
    np.testing.assert_array_equal(loose.read(2, [5])[0], picture.transpose(2, 0, 1))
    fitted = open_videos(videos, 16)
    assert fitted.read(0, [0, 3]).shape == (2, 3, 16, 16)
    before = loose.fingerprint
    Image.fromarray(picture).save(videos / "video5" / "0019.png")
    assert LooseVideos(videos, None).fingerprint != before


def test_frames_that_differ_in_size_need_a_resolution(videos):
    Image.new("RGB", (40, 30)).save(videos / "video3" / "0007.png")
    with pytest.raises(
        DataError, match=r"video3: frames of 40 x 30 px are not squares of one size; .* or give --resolution"
    ):
        open_videos(videos, None).read(3, [0])
    assert open_videos(videos, 16).read(3, [7]).shape == (1, 3, 16, 16)


def test_a_damaged_video_is_not_left_out_silently(videos):
    (videos / "video1" / "0003.png").write_bytes(b"no picture")
    with pytest.raises(
        DataError, match=r"video1: is damaged: frame 0003.png cannot be read.*; mend it or leave it out"
    ):
        open_videos(videos, None).read(1, [0])


def test_two_resolutions_are_refused_before_anything_is_measured(videos, networks, protocol, tmp_path, monkeypatch):
    monkeypatch.setattr("stylesv.scoring.request.measure_side", None)
    with pytest.raises(DataError, match="real frames have 16 px and generated ones 32"):
        score_request(request(videos, networks, tmp_path, resolution=16), protocol)
    packed = packed_from(videos, tmp_path / "packed")
    with pytest.raises(DataError, match="packed at 32 px, not 16"):
        open_videos(packed, 16)


def test_a_protocol_of_the_papers_asks_for_its_file(videos, root, tmp_path):
    plan = named_protocol(root / "config", "fvd2048_16f")
    with pytest.raises(ConfigError, match=r"fvd2048_16f uses i3d_torchscript.pt: give its file with --detector"):
        score_request(request(videos, videos, tmp_path), plan)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_a_file_called_as_the_papers_is_scored_with_its_hash(videos, root, tmp_path):
    class ColourMeans(torch.nn.Module):
        """Called as the papers' I3D; 400 features that tell frames, colours and rows apart."""

        def forward(self, x: torch.Tensor, rescale: bool, resize: bool, return_features: bool) -> torch.Tensor:
            assert rescale and resize and return_features and x.dtype == torch.uint8
            return torch.nn.functional.adaptive_avg_pool3d(x.float(), [5, 8, 10]).flatten(1)[:, :400]

    path = tmp_path / "i3d_torchscript.pt"
    torch.jit.save(torch.jit.script(ColourMeans()), str(path))
    plan = named_protocol(root / "config", "fvd2048_16f")
    asked = request(videos, write_frames(tmp_path / "other", seed=1), tmp_path, detector_file=path)
    found = score_request(asked, plan)
    assert (found.label, found.protocol.detector_sha256) == ("FVD16", file_sha256(path))
    assert "detector i3d_torchscript.pt was not checked against a known SHA-256" in found.notes
    real = clip_sources.StoredClips(
        open_videos(videos, None), select_real_clips((24, 23, 22, 21, 20, 19), plan.settings)
    )
    features = [ColourMeans()(batch.transpose(1, 2), True, True, True) for batch in real.batches(0, 6)]
    other = torch.stack(
        [torch.from_numpy(open_videos(tmp_path / "other", None).read(video, range(16))) for video in range(6)]
    )
    made = ColourMeans()(other.transpose(1, 2), True, True, True)
    expected = frechet_distance_of_few(torch.cat(features).numpy(), made.numpy(), covariance="population")
    assert found.value == pytest.approx(expected, rel=1e-5)


def notes_on_likeness(request_, protocol):
    score = score_request(request_, protocol)
    return [note for note in score.notes if "byte for byte" in note]


def test_videos_that_are_the_same_are_noted(videos, networks, protocol, tmp_path):
    other = write_frames(tmp_path / "other", seed=1)
    packed = packed_from(videos, tmp_path / "packed")
    for pair in ((videos, other), (videos, networks), (networks, other), (packed, other)):
        assert notes_on_likeness(request(*pair, tmp_path), protocol) == []
    itself = "6 of 6 generated videos are reference videos, byte for byte: the score says little about a generator"
    assert notes_on_likeness(request(videos, videos, tmp_path), protocol) == [itself]
    assert notes_on_likeness(request(packed, packed, tmp_path), protocol) == [itself]
    shutil.copytree(other / "video2", other / "again")
    shutil.copytree(other / "video2", other / "and_again")
    shutil.copytree(videos / "video1", other / "taken")
    found = notes_on_likeness(request(videos, other, tmp_path), protocol)
    assert found[0].startswith("2 of 9 generated videos are the same as another one, byte for byte")
    assert found[1].startswith("1 of 9 generated videos are reference videos, byte for byte")
    swapped = notes_on_likeness(request(other, videos, tmp_path), protocol)
    assert swapped[0].startswith("2 of 9 reference videos are the same as another one, byte for byte")


def test_films_in_a_zip_that_are_the_same_are_noted(protocol, tmp_path):
    rng = np.random.default_rng(0)
    for number in range(3):
        write_video(tmp_path / f"{number}.mp4", rng.integers(0, 255, (20, 3, SIZE, SIZE), np.uint8), fps=25)
    for name, numbers in (("real", (0, 1, 2)), ("fake", (0, 1, 1))):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            for place, number in enumerate(numbers):
                archive.write(tmp_path / f"{number}.mp4", f"film{place}.mp4")
    found = notes_on_likeness(request(tmp_path / "real.zip", tmp_path / "fake.zip", tmp_path), protocol)
    assert [note[:6] for note in found] == ["1 of 3", "3 of 3"]


def films(folder, count, fps):
    rng = np.random.default_rng(0)
    folder.mkdir()
    for number in range(count):
        write_video(folder / f"{number}.mp4", rng.integers(0, 255, (20, 3, SIZE, SIZE), np.uint8), fps=fps)
    return folder


def test_frame_rates_that_differ_and_videos_that_are_left_are_noted(protocol, tmp_path):
    real, fast, more = (
        films(tmp_path / "real", 3, 15),
        films(tmp_path / "fast", 3, 60),
        films(tmp_path / "more", 12, 15),
    )
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    (note,) = [note for note in score_request(request(real, fast, tmp_path), protocol).notes if "frame rates" in note]
    assert "(reference ones 15 and generated ones 60 frames per second)" in note
    for number, fps in ((0, 15), (1, 30), (2, 7.5)):  # the one in the middle is that of the other side
        films(tmp_path / f"rate{number}", 1, fps)
        shutil.copy(tmp_path / f"rate{number}" / "0.mp4", tmp_path / "mixed" / f"{number}.mp4")
    (note,) = [note for note in score_request(request(mixed, real, tmp_path), protocol).notes if "frame rates" in note]
    assert "(reference ones 7.5, 15 and 30 and generated ones 15 frames per second)" in note
    notes = score_request(request(real, more, tmp_path), protocol).notes
    assert not any("frame rates" in note for note in notes)
    count = protocol.settings.generated.num_clips
    assert any(note.startswith(f"{count} of 12 generated videos are used") for note in notes)


def test_another_file_of_the_same_name_size_and_time_is_measured_again(videos, protocol, tmp_path):
    fake = tmp_path / "fake"
    for number in range(3):
        (fake / str(number)).mkdir(parents=True)
        for frame in range(24):
            pixels = np.random.default_rng((number, frame)).integers(0, 256, (SIZE, SIZE, 3), np.uint8)
            Image.fromarray(pixels).save(fake / str(number) / f"{frame:02d}.bmp")
    first = score_request(request(videos, fake, tmp_path), protocol)
    for changed in (fake / "1").iterdir():
        facts = changed.stat()
        changed.write_bytes((fake / "0" / changed.name).read_bytes())
        os.utime(changed, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        assert changed.stat().st_size == facts.st_size
    assert score_request(request(videos, fake, tmp_path), protocol).value != first.value


def test_the_table_has_every_number(videos, networks, protocol, tmp_path):
    found = score_request(request(videos, networks, tmp_path), protocol)
    text = "\n".join(describe_score(found))
    for words in (
        "rFVD8",
        "95 % interval",
        "perfect generator",
        "infinitely many",
        "precision",
        "share of generated clips that look like some real one",
        "nearest real clip",
        "sticking",
        "jitter",
        "repetition",
        "clips from frame",
        "note: covariances",
    ):
        assert words in text


def script(root, *arguments):
    return run_here(root / "workflow_scripts" / "score.py", *arguments, folder=root)


@pytest.mark.slow
def test_the_script_writes_a_score_and_prints_it(root, videos, tmp_path):
    other = write_frames(tmp_path / "other", seed=1)
    out = tmp_path / "score.json"
    options = ["--generated", other, "--protocol", "fvd2048_16f", "--detector", "random-i3d", "--out", out]
    done = script(root, "--reference", videos, *options)
    assert done.returncode == 0, done.stderr
    score = read_score(out)
    assert (score.label, score.metric, score.generated.count) == ("rFVD16", "rfvd", 6)
    assert f"rFVD16{score.value:>20.6g}".split() == done.stdout.split()[:2]
    assert "6 generated clips where the protocol says 2048" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "score.json", "videos"]


SMALL_SHARDS = """
import runpy, sys
from stylesv.metrics import shards

shards.SHARD_FRAMES = 64
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.slow
def test_killed_with_no_warning_the_next_call_goes_on(root, videos, networks, tmp_path, monkeypatch):
    out, shards, protocol = tmp_path / "score.json", tmp_path / "shards", tmp_path / "rfvd_few.yaml"
    few = {"generated": {"num_clips": 16}, "detector": {"resize_px": 32}, "bootstrap": {"resamples": 2}}
    few |= {"floor": None, "kernel": None, "neighbours": None, "motion": None}
    protocol.write_text(yaml.safe_dump({"protocol": few}))
    options = ["--reference", videos, "--generated", networks, "--protocol", protocol, "--out", out]
    program = str(root / "workflow_scripts" / "score.py")
    command = [sys.executable, "-c", SMALL_SHARDS, program, *map(str, options), "--shards", str(shards)]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        while not list(shards.rglob("features-*.safetensors")) and running.poll() is None:
            time.sleep(0.02)
        running.kill()
    kept = {path: path.stat().st_mtime_ns for path in shards.rglob("*.safetensors")}
    assert kept and not out.exists()
    monkeypatch.setattr(shards_module, "SHARD_FRAMES", 64)
    done = script(root, *options, "--shards", shards)
    assert done.returncode == 0, done.stderr
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items())
    assert len(list(shards.rglob("*.safetensors"))) > len(kept) and out.exists()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"--generated": "nowhere"}, "--generated nowhere: no such file or folder"),
        ({"--protocol": "fvd"}, "--protocol fvd: no such protocol; known: cdfvd2048_16f"),
        ({"--protocol": "fvd2048_16f"}, "give its file with --detector"),
        ({"--protocol": "fvd2048_16f", "--detector": "README.md"}, "README.md: is not a TorchScript file"),
        ({"--detector": "net.pt"}, "--detector net.pt: protocol rfvd_16f uses random-i3d"),
        ({"--share": "4/4"}, "--share 4/4: NUMBER/JOBS is expected"),
        ({"--share": "0/4"}, "--share needs --shards"),
        ({"--protocol": "rfvd_16f", "--resolution": "16"}, "is_long_enough"),
        ({"--protocol": "misspelt.yaml"}, "misspelt.yaml:1: protocl: unknown; did you mean protocol?"),
    ],
)
def test_bad_input_is_one_line(root, videos, tmp_path, changes, words):
    options = {"--reference": videos, "--generated": videos, "--protocol": "rfvd_16f", "--out": tmp_path / "s.json"}
    if words == "is_long_enough":
        options["--reference"] = write_frames(tmp_path / "short", length=12)
        words = "0 real clips of 16 frames in 6 videos (the longest has 12 frames)"
    if changes.get("--protocol") == "misspelt.yaml":
        changes = {"--protocol": tmp_path / "misspelt.yaml"}
        changes["--protocol"].write_text("protocl: {num_frames: 4}\n")
    done = script(root, *(part for pair in (options | changes).items() for part in pair))
    assert not (tmp_path / "s.json").exists()
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("error: ") and words in done.stderr

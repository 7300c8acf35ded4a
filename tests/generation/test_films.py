"""generate.py: a folder of videos alone, whole or not there, and never two calls' videos in one."""

import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from imageio.v3 import imread
from own_process import PEAK_KIB, ROOT, printed_by
from script_here import run_here
from small_disk import files_up_to, small_disk
from small_snapshot import SIZE, write_snapshot

from stylesv.checkpoint import read_networks, write_networks
from stylesv.data.packed_writer import partial_folder
from stylesv.errors import CheckpointError, ConfigError, DataError, MachineError, StyleSVError
from stylesv.files import file_sha256
from stylesv.generation import batch_memory, clips, films
from stylesv.generation import request as request_module
from stylesv.generation.film_folder import FilmTarget
from stylesv.generation.films import write_films
from stylesv.generation.request import GenerateRequest
from stylesv.media.video_file import write_video
from stylesv.scoring.clip_sources import open_videos


@pytest.fixture(scope="module")
def networks(tmp_path_factory, root):
    return write_snapshot(tmp_path_factory.mktemp("snapshot") / "networks.safetensors", root)


def request(count=2, frames=3, **changes):
    values = {"start_frame": 0, "time_step": Fraction(1), "fps": 25.0, "grid": None, "truncation": 1.0, "seed": 0}
    values |= {"decomposition": False, "class_number": None, "save": "mp4"}
    return GenerateRequest(num_videos=count, num_frames=frames, **(values | changes))


def generate(networks, out, *, grid_out=None, overwrite=False, **changes):
    asked = request(**changes)
    target = FilmTarget.of(out, has_grid=asked.grid is not None, grid_out=grid_out, overwrite=overwrite)
    return list(write_films(networks, target, asked))


def content(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def shown(folder):
    """Names of what a person, and score.py, sees."""
    return sorted(path.name for path in folder.glob("[!.]*"))


def test_the_grid_lies_beside_the_folder_and_is_no_video_of_it(networks, tmp_path):
    out = tmp_path / "films"
    assert generate(networks, out, count=6, frames=4, grid=(3, 2)) == [6, 12, 18, 24], "frames"
    assert shown(tmp_path) == ["films", "films_grid.mp4"]
    assert shown(out) == [f"{number:06d}.mp4" for number in range(6)]
    videos = open_videos(out, None)
    assert (videos.lengths, videos.resolution) == ((4,) * 6, SIZE)
    grid = imread(tmp_path / "films_grid.mp4", plugin="pyav")
    assert grid.shape[0] == 4 and grid.shape[2] > 3 * SIZE


def test_the_grid_goes_where_it_is_told(networks, tmp_path, monkeypatch):
    generate(networks, tmp_path / "films", grid=(2, 1), grid_out=tmp_path / "other" / "side.mp4")
    assert shown(tmp_path) == ["films", "other"]
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    target = FilmTarget.of(type(tmp_path)("."), has_grid=True, grid_out=None, overwrite=False)
    assert target.grid == tmp_path / "here_grid.mp4"


@pytest.mark.parametrize(
    ("grid_out", "grid", "words"),
    [
        ("films/grid.mp4", (2, 1), "lies in --out .*, where it would be scored as one of the videos"),
        ("films/../films/deep/g.mp4", (2, 1), "lies in --out"),
        ("grid.png", (2, 1), "a grid is a film; give a name that ends in one of .mp4, .gif, .webp"),
        ("grid.mp4", None, "give --grid COLUMNSxROWS, too"),
    ],
)
def test_a_grid_that_would_be_scored_is_refused(networks, tmp_path, grid_out, grid, words):
    with pytest.raises(ConfigError, match=words):
        generate(networks, tmp_path / "films", grid=grid, grid_out=tmp_path / grid_out)
    assert list(tmp_path.iterdir()) == []


def test_a_second_call_is_refused_and_changes_nothing(networks, tmp_path):
    out = tmp_path / "films"
    generate(networks, out, count=3, frames=4, save="jpg")
    before = content(tmp_path)
    with pytest.raises(
        ConfigError, match=r"holds 3 videos of an earlier call, such as 000000: .* or --overwrite to replace"
    ):
        generate(networks, out, count=2, frames=2, seed=5, save="jpg")
    assert content(tmp_path) == before


@pytest.mark.parametrize("save", ["jpg", "mp4"])
def test_overwriting_replaces_exactly_what_the_earlier_call_made(networks, tmp_path, save):
    generate(networks, tmp_path / "fresh", count=2, frames=2, seed=5, save=save)
    out = tmp_path / "films"
    generate(networks, out, count=3, frames=4, save="jpg", grid=(3, 1))
    generate(networks, out, count=2, frames=2, seed=5, save=save, overwrite=True)
    assert content(out) == content(tmp_path / "fresh"), "no longer tail, no third video, no grid of other videos"
    assert shown(tmp_path) == ["films", "fresh"]
    generate(networks, out, count=2, frames=2, overwrite=True, grid=(2, 1))
    generate(networks, out, count=2, frames=3, overwrite=True, grid=(2, 1))
    assert len(imread(tmp_path / "films_grid.mp4", plugin="pyav")) == 3


def test_a_grid_that_goes_with_its_videos_is_named(networks, tmp_path):
    generate(networks, tmp_path / "films", count=2, frames=2, grid=(2, 1))
    grid, told = tmp_path / "films_grid.mp4", []
    for asked, target in (
        (request(grid=(2, 1)), FilmTarget(tmp_path / "films", grid, overwrite=True)),
        (request(), FilmTarget(tmp_path / "films", None, overwrite=True)),
    ):
        assert told == [] and grid.exists(), "nothing is said where a new one takes its place"
        list(write_films(networks, target, asked, tell=lambda said: "grid" in said and told.append(said)))
    assert told == [f"{grid}: the grid of the videos that are replaced; it is removed with them"] and not grid.exists()


def test_files_of_others_are_never_replaced(networks, tmp_path):
    out = tmp_path / "films"
    generate(networks, out, grid=(2, 1))
    (out / "notes.txt").write_text("mine\n")
    before = content(tmp_path)
    for overwrite in (False, True):
        with pytest.raises(ConfigError, match=r"holds notes\.txt, which generate\.py did not make there"):
            generate(networks, out, overwrite=overwrite, grid=(2, 1))
    assert content(tmp_path) == before
    (out / "notes.txt").unlink()
    write_video(tmp_path / "films_grid.mp4", np.zeros((2, 3, 16, 16), np.uint8), fps=25)  # another of its name
    before = content(tmp_path)
    with pytest.raises(ConfigError, match=r"films_grid\.mp4: there is a file of the grid's name already"):
        generate(networks, out, overwrite=True, grid=(2, 1))
    assert content(tmp_path) == before
    generate(networks, out, count=1, overwrite=True)
    assert shown(tmp_path) == ["films", "films_grid.mp4"] and shown(out) == ["000000.mp4"]


def test_a_file_in_the_folders_place_is_refused(networks, tmp_path):
    (tmp_path / "films").write_text("no folder")
    with pytest.raises(ConfigError, match="films: is a file; give a folder"):
        generate(networks, tmp_path / "films")


def test_videos_made_by_hand_or_without_a_record_are_not_taken_for_ours(networks, tmp_path):
    out = tmp_path / "films"
    generate(networks, out)
    (out / ".generated.json").write_text("damaged")
    with pytest.raises(ConfigError, match=r"holds 000000\.mp4, which generate\.py did not make there"):
        generate(networks, out, overwrite=True)


def test_an_error_on_the_way_leaves_everything_as_it_was(networks, tmp_path, monkeypatch):
    def broken(*_, **__):
        raise StyleSVError("no grid today")

    out = tmp_path / "films"
    with monkeypatch.context() as patch, pytest.raises(StyleSVError, match="no grid today"):
        patch.setattr(films, "draw_film_frame", broken)
        generate(networks, out, grid=(2, 1))
    assert list(tmp_path.iterdir()) == []
    generate(networks, out, grid=(2, 1))
    before = content(tmp_path)
    monkeypatch.setattr(films, "draw_film_frame", broken)
    with pytest.raises(StyleSVError, match="no grid today"):
        generate(networks, out, count=3, grid=(2, 1), overwrite=True)
    assert content(tmp_path) == before


def test_nothing_is_made_of_networks_that_are_not_finite(networks, tmp_path):
    parts, header = read_networks(networks)
    parts["generator_ema"]["mapping.fc0.bias"][1] = float("nan")
    write_networks(tmp_path / "bad.safetensors", parts, header)
    with pytest.raises(CheckpointError, match=r"bad\.safetensors: generator_ema\.mapping\.fc0\.bias is not finite"):
        generate(tmp_path / "bad.safetensors", tmp_path / "films")
    assert shown(tmp_path) == ["bad.safetensors"]


def test_two_calls_do_not_write_into_one_folder(networks, tmp_path):
    with partial_folder(tmp_path / "films"), pytest.raises(DataError, match="another generation is writing here"):
        generate(networks, tmp_path / "films")


def test_a_full_disk_leaves_nothing_half_written(networks, tmp_path):
    with small_disk(tmp_path / "disk", "64k") as disk:
        with pytest.raises(StyleSVError, match=r"disk is full|could not be written \(No space left"):
            generate(networks, disk / "films", count=40, frames=20, save="jpg")
        assert list(disk.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fps": float("nan")}, r"--fps nan: from 0\.1 to 1000 frames per second"),
        ({"fps": float("inf")}, "--fps inf"),
        ({"fps": 0.0}, "--fps 0.0"),
        ({"fps": 1e9}, "--fps"),
        ({"truncation": float("nan")}, "--truncation nan: a number from 0 to 4"),
        ({"grid": (2, 2)}, "--grid 2x2 shows 4 videos, but --num-videos is 2"),
        ({"decomposition": True}, "--decomposition needs --grid"),
    ],
)
def test_numbers_that_cannot_be_are_refused_before_anything_is_made(networks, tmp_path, changes, words):
    with pytest.raises(ConfigError, match=words):
        generate(networks, tmp_path / "films", **changes)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fps", request_module.FPS_RANGE)
def test_the_slowest_and_the_fastest_film_can_be_written_and_read(networks, tmp_path, fps):
    generate(networks, tmp_path / "films", count=1, fps=fps)
    assert len(imread(tmp_path / "films" / "000000.mp4", plugin="pyav")) == 3


def test_videos_of_a_batch_are_those_made_one_by_one_but_for_rounding(networks, tmp_path):
    generate(networks, tmp_path / "one", count=3, frames=5, save="jpg")
    generate(networks, tmp_path / "batch", count=3, frames=5, save="jpg", batch_size=2)
    assert shown(tmp_path / "one") == shown(tmp_path / "batch") == ["000000", "000001", "000002"]
    for path in sorted((tmp_path / "one").rglob("*.jpg")):
        one, other = (
            imread(path).astype(int),
            imread(tmp_path / "batch" / path.relative_to(tmp_path / "one")).astype(int),
        )
        assert np.abs(one - other).max() <= 3, path


def test_truncation_goes_towards_the_mean_of_w_and_beyond_the_draws(networks):
    generator, _ = clips.load_generator(networks)
    assert not generator.mapping.w_avg.any() and clips.prepare_truncation(generator, 1.0) is None
    assert "estimated from 10,000 draws" in clips.prepare_truncation(generator, 1.5)
    z = torch.randn(4000, generator.z_dim, generator=torch.Generator().manual_seed(3))
    w, mean = generator.mapping(z), generator.mapping.w_avg
    assert mean.any() and (w.mean(0) - mean).abs().max() < 0.1 * w.std(0).max()
    torch.testing.assert_close(generator.mapping(z, truncation=1.5) - mean, 1.5 * (w - mean))
    assert clips.prepare_truncation(generator, 0.5) is None, "it has one now"


def test_an_estimated_mean_is_said_once_and_makes_the_same_films_again(networks, tmp_path):
    for name in ("a", "b"):
        told = []
        target = FilmTarget.of(tmp_path / name, has_grid=False, grid_out=None, overwrite=False)
        list(write_films(networks, target, request(truncation=0.5, batch_size=1), tell=told.append))
        assert len(told) == 1 and str(networks) in told[0]
    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_the_record_says_what_made_the_videos(networks, tmp_path):
    generate(networks, tmp_path / "films", seed=7)
    record = FilmTarget(tmp_path / "films", None, True).earlier()
    assert record.networks_sha256 == file_sha256(networks)
    assert record.settings == request(seed=7).settings() and record.videos == ("000000.mp4", "000001.mp4")


def test_the_same_seed_gives_the_same_video_alone_in_a_grid_and_longer(networks, tmp_path):
    generate(networks, tmp_path / "many", count=4, frames=4, save="npz", seed=7)
    generate(networks, tmp_path / "grid", count=4, frames=6, save="npz", seed=7, grid=(2, 2))
    generate(networks, tmp_path / "batch", count=4, frames=4, save="npz", seed=7, batch_size=4)
    generate(networks, tmp_path / "seeds", count=2, frames=4, save="npz", seeds=(7, 9))
    generate(networks, tmp_path / "late", count=1, frames=2, save="npz", seed=7, start_frame=2)

    def video(folder, name):
        with np.load(tmp_path / folder / f"{name}.npz") as arrays:
            return arrays["frames"].astype(int)

    assert shown(tmp_path / "seeds") == ["seed000007.npz", "seed000009.npz"]
    for number in range(4):
        name = f"{number:06d}"
        for other in ("grid", "batch"):
            assert np.abs(video(other, name)[:4] - video("many", name)).max() <= 1, other
    assert np.abs(video("seeds", "seed000007") - video("many", "000000")).max() <= 1
    assert np.abs(video("late", "000000") - video("many", "000000")[2:]).max() <= 1
    assert np.abs(video("seeds", "seed000009") - video("many", "000000")).max() > 10


def test_shares_make_all_videos_once_and_the_last_one_names_them(networks, tmp_path):
    generate(networks, tmp_path / "whole", count=5, frames=3)
    out = tmp_path / "shared"
    for share in (2, 0):
        told = []
        target = FilmTarget.of(out, has_grid=False, grid_out=None, overwrite=False)
        made = list(write_films(networks, target, request(count=5, share=(share, 3)), tell=told.append))
        assert made == ([1, 2, 3, 4, 5, 6] if share == 0 else [1, 2, 3]), "frames"
        assert shown(out) == [], "nothing has its name before all is there"
    assert told[-1] == "share 0/3 is made; to come: 1/3"
    (path,) = out.glob(".shares/*/2of3/*.mp4")
    before = path.stat().st_mtime_ns
    generate(networks, out, count=5, share=(2, 3))  # again, as after a kill of its caller
    assert path.stat().st_mtime_ns == before, "a share that is there is not made again"
    generate(networks, out, count=5, frames=2, share=(1, 3))  # of another call: no part of this one
    assert shown(out) == []
    generate(networks, out, count=5, share=(1, 3))
    assert {name: c for name, c in content(out).items() if not name.startswith(".")} == {
        name: c for name, c in content(tmp_path / "whole").items() if not name.startswith(".")
    }
    assert [part.name for part in out.glob(".shares/*/*")] == ["1of3"], "the other call's is kept, and it alone"
    with pytest.raises(ConfigError, match="holds 5 videos of an earlier call"):
        generate(networks, out, count=5, share=(1, 3))


def test_a_share_that_lost_a_video_is_made_again(networks, tmp_path):
    """As after a call that was killed while it named what all shares had made."""
    out = tmp_path / "shared"
    generate(networks, out, count=4, share=(0, 2))
    lost = sorted(out.glob(".shares/*/0of2/*.mp4"))[0]
    whole = lost.read_bytes()
    lost.unlink()
    generate(networks, out, count=4, share=(1, 2))
    assert shown(out) == [], "a video is missing"
    generate(networks, out, count=4, share=(0, 2))
    assert len(shown(out)) == 4 and (out / lost.name).read_bytes() == whole
    assert not (out / ".shares").exists()


def test_a_grid_alone_counts_what_it_shows():
    assert request(count=25, grid=(2, 2), only_grid=True).num_made == 4


def test_a_grid_alone_leaves_no_videos_and_can_be_replaced(networks, tmp_path):
    for _ in range(2):
        generate(networks, tmp_path / "films", grid=(2, 1), only_grid=True, overwrite=True)
        assert shown(tmp_path / "films") == [] and shown(tmp_path) == ["films", "films_grid.mp4"]
    target = FilmTarget.of(tmp_path / "x", has_grid=True, grid_out=None, overwrite=False, form="gif")
    assert target.grid == tmp_path / "x_grid.gif"
    generate(networks, tmp_path / "y", grid=(2, 1), only_grid=True, grid_out=tmp_path / "y.webp")
    assert (tmp_path / "y.webp").read_bytes()[:4] == b"RIFF"


def test_a_grid_shows_real_clips_beside(networks, tmp_path):
    write_video(tmp_path / "real" / "a.mp4", np.full((2, 3, 40, 60), 200, np.uint8), fps=25)
    generate(networks, tmp_path / "films", grid=(2, 1), beside=tmp_path / "real", only_grid=True)
    grid = imread(tmp_path / "films_grid.mp4", plugin="pyav")
    assert len(grid) == 3 and np.abs(grid[:, 60:-8, 4:120].astype(int) - 200).max() < 6, "also when it is over"


@pytest.mark.parametrize("save", ["mp4", "gif", "webp", "png", "npz"])
def test_a_full_disk_leaves_nothing_in_any_form(networks, tmp_path, save):
    with small_disk(tmp_path / "disk", "100k") as disk:
        with pytest.raises(StyleSVError, match=r"disk is full|could not be written \(No space left"):
            generate(networks, disk / "films", count=40, frames=20, save=save)
        assert list(disk.iterdir()) == []


@pytest.mark.parametrize("save", ["mp4", "gif", "webp", "npz"])
def test_where_no_file_may_be_so_large_it_is_said_and_nothing_is_left(networks, tmp_path, save):
    with files_up_to(4_000), pytest.raises(MachineError) as refused:
        generate(networks, tmp_path / "films", count=1, frames=200, save=save)
    assert str(refused.value).startswith(
        f"{tmp_path / 'films'}: File too large; nothing was written: allow larger files"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_grid_alone_without_one_is_a_line_of_the_program_too(networks, root, tmp_path):
    command = [
        sys.executable,
        str(root / "workflow_scripts" / "generate.py"),
        "--networks",
        str(networks),
        "--only-grid",
    ]
    refused = subprocess.run([*command, "--out", str(tmp_path / "films")], capture_output=True, text=True)
    assert refused.returncode == 2 and refused.stderr.startswith("error: --only-grid needs --grid")


def test_tensors_of_other_settings_are_a_line(networks, tmp_path):
    parts, snapshot = read_networks(networks)
    name = next(name for name in parts["generator_ema"] if name.endswith("affine.weight"))
    parts["generator_ema"][name] = parts["generator_ema"][name][:-1].clone()
    write_networks(tmp_path / "cut.safetensors", parts, snapshot)
    with pytest.raises(CheckpointError, match=f"not those of its settings .*{name}"):
        generate(tmp_path / "cut.safetensors", tmp_path / "films")
    assert [path.name for path in tmp_path.iterdir()] == ["cut.safetensors"]


def test_a_grid_on_a_full_disk_is_named_and_leaves_nothing(networks, tmp_path):
    with small_disk(tmp_path / "disk", "8k") as disk:
        with pytest.raises(MachineError) as refused:
            generate(networks, tmp_path / "films", grid_out=disk / "grid.mp4", grid=(2, 1), frames=100)
        assert str(refused.value).startswith(f"{disk / 'grid.mp4'}: the disk is full (No space left on device); ")
        assert list(disk.iterdir()) == [] and not (tmp_path / "films").exists()


def test_batches_fit_into_the_memory_that_is_free(networks, monkeypatch):
    generator, _ = clips.load_generator(networks)
    usual = batch_memory.fit_into_memory(generator, 100)
    assert (usual.videos, usual.frames) == (1, 32) and usual.frame_bytes > SIZE**2 * 12
    monkeypatch.setattr(batch_memory, "free_bytes", lambda device: 4 * 5 * usual.frame_bytes)
    assert batch_memory.fit_into_memory(generator, 100).frames == 5
    monkeypatch.setattr(batch_memory, "free_bytes", lambda device: 10**12)
    monkeypatch.setattr(batch_memory, "_frame_bytes", lambda *_: 9_000_000)
    assert batch_memory.fit_into_memory(generator, 100).frames == 4  # 40 MB in one go, whatever is free
    monkeypatch.setattr(batch_memory, "free_bytes", lambda device: 1000)
    assert "1 video at a time, 1 frame of each in one go (no more fit)" in str(
        batch_memory.fit_into_memory(generator, 100)
    )


def test_the_memory_of_a_frame_is_bounded_by_what_it_takes(tmp_path):
    """The peak of 32 frames in one go above that of one, in a process of its own."""
    program = f"{PEAK_KIB}\n" + MEMORY_OF_FRAMES
    bound, took = map(float, printed_by(program, PYTHONPATH=":".join(map(str, PATHS))).split())
    assert 0.1 * bound < took < bound


PATHS = (ROOT, ROOT / "tests", ROOT / "tests" / "generation")
MEMORY_OF_FRAMES = """
from motion_models import build
from stylesv.generation.batch_memory import _frame_bytes, _make_frames
import torch
generator = build("linear", size=128, channel_base=1024)
bound = _frame_bytes(generator, torch.device("cpu"))
_make_frames(generator, 1)
before = peak_kib()
_make_frames(generator, 32)
print(bound, (peak_kib() - before) * 1024 / 32)
"""


def refused(root, networks, out, *options):
    done = run_here(root / "workflow_scripts" / "generate.py", "--networks", networks, "--out", out, *options)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and done.stderr.startswith("error: "), done.stderr
    assert not out.exists()
    return done.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--frames", "-3"), "Invalid value for '--frames': -3 is not in the range"),
        (("--frames", "0"), "0 is not in the range"),
        (("--truncation", "high"), "Invalid value for '--truncation': 'high' is not a valid float"),
        (("--truncation", "5"), "--truncation 5.0: a number from 0 to 4 is expected"),
        (("--seeds", "9-3"), "9-3: seeds from 0 and ranges from low to high are expected, such as 0-24 or 3,7-9"),
        (("--seeds", "1,,2"), "1,,2: seeds from 0"),
        (("--seeds", "0-3", "--num-videos", "2"), "--num-videos 2: --seeds names 4 videos already"),
        (("--time-step", "0"), "--time-step 0: a number above 0 and up to 1000 is expected"),
        (("--time-step", "half"), "--time-step half"),
        (("--time-step", "1/2", "--slow-motion", "2"), "--slow-motion and --time-step say the same"),
        (("--first-video", "3", "--seeds", "0-2"), "--first-video 3: is of one --seed, and --seeds names many"),
        (
            ("--motion-video", "1", "--decomposition", "--grid", "1x1"),
            "--motion-video 1: all videos would have one motion",
        ),
        (("--share", "4/4"), "--share 4/4: NUMBER/JOBS is expected"),
        (("--save", "avi"), "'avi' is not one of 'mp4', 'gif', 'webp', 'png', 'jpg', 'npz'"),
        (("--grid", "5"), "--grid 5: COLUMNSxROWS"),
        (("--snapshot", "best"), "is a snapshot itself"),
        (("--beside", "nowhere", "--grid", "1x1"), "nowhere"),
    ],
)
def test_a_bad_request_is_one_line_and_makes_nothing(root, networks, tmp_path, options, words):
    assert words in refused(root, networks, tmp_path / "films", *options)


def test_a_file_without_a_generator_is_refused_in_one_line(root, networks, tmp_path):
    parts, header = read_networks(networks)
    discriminator = tmp_path / "discriminator.safetensors"
    write_networks(discriminator, {"discriminator": parts["generator_ema"]}, header)
    words = refused(root, discriminator, tmp_path / "films")
    assert f"{discriminator}: holds no averaged generator (generator_ema); give a whole snapshot" in words


def script(root, *arguments):
    command = [
        sys.executable,
        str(root / "workflow_scripts" / "generate.py"),
        "--cpu-threads",
        "1",
        *map(str, arguments),
    ]
    return command


@pytest.mark.slow
def test_killed_with_no_warning_it_leaves_no_video_and_the_next_call_makes_all(root, networks, tmp_path):
    out = tmp_path / "films"
    command = script(root, "--networks", networks, "--out", out, "--frames", "3", "--grid", "2x1", "--batch-size", "1")
    with subprocess.Popen([*command, "--num-videos", "100000"], cwd=root, stdout=subprocess.DEVNULL) as running:
        while len(list(out.glob(".partial/videos/*.mp4"))) < 3 and running.poll() is None:
            time.sleep(0.02)
        running.kill()
    assert list(out.glob(".partial/videos/*.mp4")) and shown(tmp_path) == ["films"] and shown(out) == []
    done = run_here(Path(command[1]), *command[2:], "--num-videos", "2", folder=root)
    assert done.returncode == 0, done.stderr
    rate, *lines = done.stdout.splitlines()
    assert rate == "25 frames per second: nobody knows those of the snapshot's data; --fps sets others"
    assert lines == [f"2 videos of 3 frames in {out}", f"their grid: {out}_grid.mp4"]
    assert sorted(content(out)) == [".generated.json", "000000.mp4", "000001.mp4"]
    again = run_here(Path(command[1]), *command[2:], "--num-videos", "2", folder=root)
    assert again.returncode == 2 and again.stderr.count("\n") == 1
    assert again.stderr.startswith(f"error: --out {out}: holds 2 videos of an earlier call")

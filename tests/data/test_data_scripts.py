"""pack_videos.py, the scripts of shards, verify_clips.py, describe_clips.py and render_videos.py as a user starts them."""

import json
import subprocess
import sys

import numpy as np
import pytest
from film_making import settings, write_lossy
from recipe_values import data_recipe
from small_disk import small_disk

from stylesv.data.packed import PackedClips
from stylesv.data.packing import pack_videos
from stylesv.data.world.rendering import render_driving_videos
from stylesv.records.recipe import recipe_yaml


@pytest.fixture
def script(root):
    def run(name, *arguments):
        command = [sys.executable, str(root / "workflow_scripts" / name), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": str(root), "PATH": ""})

    return run


def test_help_names_every_option(script):
    text = script("pack_videos.py", "--help").stdout
    options = "videos out resolution fps min-frames max-frames crop jpeg-quality damaged num-workers recipe"
    assert all(f"--{option} " in text for option in options.split())
    text = script("render_videos.py", "--help").stdout
    assert all(f"--{option} " in text for option in ("out", "num-videos", "seed"))


def test_packing_ends_with_a_summary_of_what_was_made_and_dropped(script, tmp_path):
    write_lossy(tmp_path / "v" / "a.mp4", 10)
    write_lossy(tmp_path / "v" / "b.mp4", 3)
    done = script(
        "pack_videos.py", "--videos", tmp_path / "v", "--out", tmp_path / "out", "--resolution", 32, "--min-frames", 5
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].startswith("1 clips of 10 to 10 frames, 10 frames in all, 32x32 pixels, 0.0 MB")
    assert done.stdout.splitlines()[-1] == "dropped: b.mp4: too short: its 3 frames are fewer than min_frames 5"
    assert PackedClips(tmp_path / "out").names == ("a",)


def test_settings_of_a_recipe_and_options_make_the_same_bytes(script, tmp_path):
    write_lossy(tmp_path / "v" / "a.mp4", 10)
    chosen = settings(32, max_frames=4, fps=12.5, crop="squeeze", jpeg_quality=80, damaged="use", min_frames=2)
    pack_videos(tmp_path / "v", tmp_path / "library", settings=chosen)
    out = tmp_path / "recipe"
    out.mkdir()  # as Snakemake does
    (out / "recipe.yaml").write_text(recipe_yaml(data_recipe(**chosen.model_dump())))
    done = script("pack_videos.py", "--videos", tmp_path / "v", "--out", out, "--recipe", out / "recipe.yaml")
    assert done.returncode == 0, done.stderr
    options = "--resolution 32 --max-frames 4 --fps 12.5 --crop squeeze --jpeg-quality 80 --damaged use --min-frames 2"
    out = tmp_path / "options"
    done = script("pack_videos.py", "--videos", tmp_path / "v", "--out", out, *options.split(), "--num-workers", 2)
    assert done.returncode == 0, done.stderr
    for name in ("clips.zip", "offsets.npy", "index.json"):
        expected = (tmp_path / "library" / name).read_bytes()
        assert (tmp_path / "recipe" / name).read_bytes() == (tmp_path / "options" / name).read_bytes() == expected


def test_mistakes_are_one_line_and_status_2(script, tmp_path):
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "a.mp4").write_text("hello")
    (tmp_path / "empty").mkdir()

    def fails(videos, *arguments):
        done = script("pack_videos.py", "--videos", tmp_path / videos, "--out", tmp_path / "out", *arguments)
        assert done.returncode == 2 and not (tmp_path / "out").exists()
        assert done.stdout == "" and done.stderr.count("\n") == 1 and done.stderr.startswith("error: ")
        return done.stderr

    assert "none of its 1 videos can be used: a.mp4 is not a film" in fails("text", "--resolution", 32)
    assert "a.mp4: is not a film that can be read" in fails("text", "--resolution", 32, "--damaged", "fail")
    assert "empty: is empty; give a folder or .zip" in fails("empty", "--resolution", 32)
    assert "missing: no such file or folder" in fails("missing", "--resolution", 32)
    assert "resolution: missing; Height and width" in fails("text")
    assert "resolution: 2: input should be greater than or equal to 4" in fails("text", "--resolution", 2)
    wrong = fails("text", "--resolution", 32, "--max-frames", 4, "--min-frames", 8)
    assert "max_frames 4 is below min_frames 8" in wrong
    values = json.dumps(data_recipe().model_dump(mode="json"))
    (tmp_path / "recipe.yaml").write_text(values.replace("min_frames", "min_frame"))
    wrong = fails("text", "--recipe", tmp_path / "recipe.yaml")
    assert (
        "recipe.yaml: is not a recipe of a data set (packing.min_frames: Field required; packing.min_frame: " in wrong
    )
    (tmp_path / "recipe.yaml").write_text("{")
    assert "recipe.yaml: is not a recipe of a data set (" in fails("text", "--recipe", tmp_path / "recipe.yaml")


def test_full_disk_is_one_line_and_status_2(script, tmp_path):
    write_lossy(tmp_path / "v" / "a.mp4", 40, noise=100)
    with small_disk(tmp_path / "disk", "100k") as disk:
        done = script("pack_videos.py", "--videos", tmp_path / "v", "--out", disk / "out", "--resolution", 64)
        assert done.returncode == 2 and done.stderr.startswith(f"error: {disk / 'out'}: the disk is full")
        assert done.stderr.count("\n") == 1 and list(disk.iterdir()) == []
        done = script("render_videos.py", "--out", disk / "films")
        assert done.returncode == 2 and done.stderr.startswith(f"error: {disk / 'films'}: the disk is full")
        assert done.stderr.count("\n") == 1 and list(disk.iterdir()) == []


def test_verifying_says_ok_or_names_the_clip_that_is_not_what_was_packed(script, tmp_path):
    for name, length in (("a", 10), ("b", 7), ("c", 5)):
        write_lossy(tmp_path / "v" / f"{name}.mp4", length)
    packed = tmp_path / "packed"
    pack_videos(tmp_path / "v", packed, settings=settings(32))
    done = script("verify_clips.py", "--data", packed)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{packed}: ok: 3 clips, 22 frames of 32 px are what was packed\n"
    content = bytearray((packed / "clips.zip").read_bytes())
    offset, size = np.load(packed / "offsets.npy")[12]  # a frame of b
    content[offset + size // 2] ^= 1
    (packed / "clips.zip").write_bytes(content)
    done = script("verify_clips.py", "--data", packed)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {packed / 'clips.zip'}: clip b is not what was packed")
    assert done.stderr.count("\n") == 1
    done = script("verify_clips.py", "--data", tmp_path / "v")
    assert done.returncode == 2 and done.stderr.startswith(f"error: {tmp_path / 'v'}: holds no packed clips")
    assert done.stderr.count("\n") == 1


def test_shards_are_packed_indexed_described_verified_and_joined(script, tmp_path):
    for name, length in (("a", 10), ("b", 7), ("c", 3), ("d", 9)):
        write_lossy(tmp_path / "v" / f"{name}.mp4", length)
    out, recipe = tmp_path / "own-00000000", data_recipe(min_frames=5)
    out.mkdir()
    (out / "recipe.yaml").write_text(recipe_yaml(recipe))
    for shard in ("0001of0002", "0000of0002"):
        options = (
            "--recipe",
            out / "recipe.yaml",
            "--shard",
            shard,
            "--out",
            out / "shards" / shard,
            "--num-workers",
            2,
        )
        done = script("pack_shard.py", "--videos", tmp_path / "v", *options)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "2 clips of 7 to 10 frames, 17 frames in all" in done.stdout
    done = script("index_shards.py", "--out", out, "--num-shards", 2)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("3 clips of 7 to 10 frames, 26 frames in all")
    assert "dropped: c.mp4: too short: its 3 frames are fewer than min_frames 5" in done.stdout
    done = script("verify_clips.py", "--data", out)
    assert done.stdout == f"{out}: ok: 3 clips, 26 frames of 32 px are what was packed\n", done.stderr
    described = script("describe_clips.py", "--data", out).stdout.splitlines()
    assert described[:2] == [
        "clips: 3 of 7 to 10 frames, median 9; 26 frames",
        "frames: 32x32 pixels, jpeg, quality 95, crop center",
    ]
    assert "videos: 4 asked for, 3 packed, 0 missing, 1 left out" in described and "split: all videos" in described
    assert "dropped: c.mp4: too short: its 3 frames are fewer than min_frames 5" in described
    assert f"digest of all frames: {PackedClips(out).digest}" in described and "shards: 2" in described
    size = sum((out / "shards" / f"000{number}of0002" / "clips.zip").stat().st_size for number in range(2))
    assert f"size: {size:,} bytes, {size / 26:,.0f} a frame" in described
    written = {name: tmp_path / name for name in ("ledger", "sheet", "contact-sheet", "lengths")}
    options = ("--data", out, "--recipe", out / "recipe.yaml", *(a for n, p in written.items() for a in (f"--{n}", p)))
    written["lengths"].mkdir()
    assert script("write_data_sheet.py", *options).returncode != 0
    assert not written["sheet"].exists(), "what a call asks for comes last, or the call after a kill misses the others"
    written["lengths"].rmdir()
    done = script("write_data_sheet.py", *options)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert all(path.is_file() for path in written.values())
    done = script("join_shards.py", "--data", out, "--out", tmp_path / "joined")
    assert done.returncode == 0, done.stderr
    index = pack_videos(tmp_path / "v", tmp_path / "one", settings=recipe.packing)
    for name in ("clips.zip", "offsets.npy", "index.json"):
        assert (tmp_path / "joined" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()
    described = script("describe_clips.py", "--data", tmp_path / "joined").stdout.splitlines()
    assert described[-1] == f"clips.zip: SHA-256 {index.clips_zip.sha256}"


def test_mistakes_with_shards_are_one_line_and_status_2(script, tmp_path):
    write_lossy(tmp_path / "v" / "a.mp4", 10)
    (tmp_path / "recipe.yaml").write_text(recipe_yaml(data_recipe()))

    def fails(name, *arguments):
        done = script(name, *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.count("\n") == 1 and done.stderr.startswith("error: ")
        return done.stderr

    given = ("--videos", tmp_path / "v", "--recipe", tmp_path / "recipe.yaml", "--out", tmp_path / "out")
    assert "shard 2of2: is none; allowed: 0000of0002" in fails("pack_shard.py", *given, "--shard", "2of2")
    assert "0000of0002: holds no packed clips" in fails("index_shards.py", "--out", tmp_path / "out", "--num-shards", 2)
    assert "out: holds no packed clips" in fails("describe_clips.py", "--data", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_raw_clips_are_packed_by_an_option_and_described(script, tmp_path):
    write_lossy(tmp_path / "v" / "a.mp4", 4)
    options = ("--resolution", 32, "--codec", "raw", "--jpeg-quality", 50)
    done = script("pack_videos.py", "--videos", tmp_path / "v", "--out", tmp_path / "out", *options)
    assert done.returncode == 0, done.stderr
    described = script("describe_clips.py", "--data", tmp_path / "out").stdout
    assert "frames: 32x32 pixels, raw, uint8, crop center" in described
    assert PackedClips(tmp_path / "out").index.settings == settings(codec="raw").packing


def test_rendering_takes_options_and_packs(script, tmp_path):
    done = script("render_videos.py", "--out", tmp_path / "v", "--num-videos", 2, "--seed", 5)
    assert done.returncode == 0 and done.stdout.startswith("2 films, "), done.stderr
    films = render_driving_videos(tmp_path / "again", num_videos=2, seed=5)
    assert [film.read_bytes() for film in films] == [path.read_bytes() for path in sorted((tmp_path / "v").iterdir())]
    index = pack_videos(tmp_path / "v", tmp_path / "out", settings=settings(32))
    assert len(index.clips) == 2 and index.dropped == ()
    done = script("render_videos.py", "--out", tmp_path / "v", "--num-videos", 1)
    assert done.returncode == 2 and "exists and is not an empty folder" in done.stderr

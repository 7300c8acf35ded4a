import json
import os
import re
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from film_making import number_of, picture, settings, write_exact, write_frames, write_lossy
from published_archives import colour_archives
from small_disk import small_disk

from stylesv.data.packed import PackedClips
from stylesv.data.packed_writer import partial_folder
from stylesv.data.packing import describe_packing, pack_videos
from stylesv.errors import DataError, MachineError


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def packed_numbers(out):
    """The picture numbers of every clip."""
    clips = PackedClips(out)
    clips.verify()
    return {
        name: [number_of(frame) for frame in clips.read(i, range(clips.num_frames(i)))]
        for i, name in enumerate(clips.names)
    }


def refusal(videos, out, **changed) -> str:
    before = contents(out) if out.exists() else None
    with pytest.raises(DataError) as error:
        pack_videos(videos, out, settings=settings(**changed))
    assert "\n" not in str(error.value)
    assert (contents(out) if out.exists() else None) == before, "a refusal leaves nothing behind"
    return str(error.value)


@pytest.fixture
def mixed_videos(tmp_path):
    """Films and frame folders, nested, whose names hold what names can hold."""
    root = tmp_path / "videos"
    write_lossy(root / "plain.mp4", 12)
    write_lossy(root / "deep" / "er" / "two words #3 - end.mkv", 9)
    write_lossy(root / "v1.2.final.webm", 6)
    write_exact(root / "straße-日本.mkv", [picture(i, 37, 53) for i in range(5)])
    write_frames(root / "clip.v1", [picture(i, 40, 40) for i in range(11)], names=[f"{i}.png" for i in range(11)])
    write_frames(root / "clip.v2", [picture(i, 48, 36)[..., 0] for i in range(4)])
    (root / "notes.txt").write_text("not a video")
    return root


def test_every_frame_of_every_kind_of_video_is_packed_in_order(mixed_videos, tmp_path):
    index = pack_videos(mixed_videos, tmp_path / "out", settings=settings())
    assert packed_numbers(tmp_path / "out").keys() == {
        "clip_v1",
        "clip_v2",
        "deep_er_two_words__3_-_end",
        "plain",
        "straße-日本",
        "v1_2_final",
    }
    numbers = packed_numbers(tmp_path / "out")
    grey = numbers.pop("clip_v2")
    assert {name: found for name, found in numbers.items() if found != list(range(len(found)))} == {}
    assert np.diff(grey).tolist() == [1, 1, 1]
    assert [len(numbers[name]) for name in sorted(numbers)] == [11, 9, 12, 5, 6]
    assert index.ignored_files == ("notes.txt",) and index.dropped == ()
    assert describe_packing(index)[0].startswith("6 clips of 4 to 12 frames, 47 frames in all, 32x32 pixels")


def test_bytes_are_the_same_for_any_worker_count_place_and_time(mixed_videos, tmp_path):
    pack_videos(mixed_videos, tmp_path / "one", settings=settings(max_frames=5))
    moved = tmp_path / "elsewhere" / "moved"
    moved.parent.mkdir()
    mixed_videos.rename(moved)
    time.sleep(1.1)
    for name, workers in (("two", 2), ("three", 3)):
        pack_videos(moved, tmp_path / name, settings=settings(max_frames=5), num_workers=workers)
        assert contents(tmp_path / name) == contents(tmp_path / "one")
    assert sorted(contents(tmp_path / "one")) == ["clips.zip", "index.json", "offsets.npy"]


def test_a_zip_of_videos_packs_to_the_same_clips_as_the_folder(mixed_videos, tmp_path):
    with zipfile.ZipFile(tmp_path / "videos.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in mixed_videos.rglob("*.*"):
            if path.is_file():
                archive.write(path, path.relative_to(mixed_videos))
    pack_videos(mixed_videos, tmp_path / "a", settings=settings())
    pack_videos(tmp_path / "videos.zip", tmp_path / "b", settings=settings())
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_packed_zip_can_be_packed_again_without_loss(mixed_videos, tmp_path):
    first = pack_videos(mixed_videos, tmp_path / "a", settings=settings())
    again = pack_videos(tmp_path / "a" / "clips.zip", tmp_path / "b", settings=settings())
    assert contents(tmp_path / "a")["clips.zip"] == contents(tmp_path / "b")["clips.zip"]
    assert [clip.sha256 for clip in first.clips] == [clip.sha256 for clip in again.clips]
    assert again.sources[0].notes == ("11 JPEG frames fit already and were kept as they are",)


def test_published_archives_pack_to_clips_of_the_right_frames(golden_dir, tmp_path):
    """Their pixels tell video and frame number (golden/README): R is the video, G and B the frame."""
    for archive in colour_archives(golden_dir):
        pack_videos(archive, tmp_path / archive.stem, settings=settings(16, jpeg_quality=100))
        clips = PackedClips(tmp_path / archive.stem)
        for clip in range(clips.num_clips):
            frames = clips.read(clip, range(clips.num_frames(clip)))
            found = np.median(frames[:, :, 8:, 8:].reshape(len(frames), 3, -1), axis=-1)
            expected = [[clip, frame % 256, frame // 256] for frame in range(len(frames))]
            np.testing.assert_allclose(found, expected, atol=2, err_msg=archive.name)


def published_parse(path):
    """Clips as the published loader sees a zip (docs/data.md 2.3)."""
    names = sorted(zipfile.ZipFile(path).namelist())
    clips = {}
    for name in names:
        if name.endswith(".jpg"):
            clips[folder].append(name)
        else:
            folder = name
            clips[folder] = []
    integers = all(
        re.fullmatch(r"\d+", name.split(".")[0].rsplit("/", 1)[1]) for frames in clips.values() for name in frames
    )
    assert integers, "or it would sort all frames as text"
    return {folder.rstrip("/"): frames for folder, frames in clips.items() if frames}


def test_published_loader_sees_the_same_clips(mixed_videos, tmp_path):
    index = pack_videos(mixed_videos, tmp_path / "out", settings=settings(max_frames=4, min_frames=2))
    seen = published_parse(tmp_path / "out" / "clips.zip")
    assert {name: len(frames) for name, frames in seen.items()} == {clip.name: clip.num_frames for clip in index.clips}
    assert all(name.count(".") == 1 for frames in seen.values() for name in frames), "dots confuse it"


def test_long_videos_are_cut_and_short_rests_listed(tmp_path):
    write_lossy(tmp_path / "v" / "long.mp4", 23)
    write_lossy(tmp_path / "v" / "exact.mp4", 20)
    write_lossy(tmp_path / "v" / "short.mp4", 3)
    index = pack_videos(tmp_path / "v", tmp_path / "out", settings=settings(max_frames=10, min_frames=5))
    assert packed_numbers(tmp_path / "out") == {
        "exact_0000": list(range(10)),
        "exact_0001": list(range(10, 20)),
        "long_0000": list(range(10)),
        "long_0001": list(range(10, 20)),
    }
    assert [(clip.source, clip.first_source_frame) for clip in index.clips][3] == ("long.mp4", 10)
    assert [tuple(entry.model_dump().values()) for entry in index.dropped] == [
        ("long.mp4", 3, "too short: its frames 20 to 22 are fewer than min_frames 5"),
        ("short.mp4", 3, "too short: its 3 frames are fewer than min_frames 5"),
    ]
    kept = pack_videos(tmp_path / "v", tmp_path / "all", settings=settings(max_frames=10))
    assert [clip.num_frames for clip in kept.clips] == [10, 10, 10, 10, 3, 3] and kept.dropped == ()


def test_clips_that_would_share_a_name_get_their_own(tmp_path):
    for name in ("a b.mp4", "a#b.mp4", "a_b.mkv", "x/c_0000.mp4", "x_c.mp4"):
        write_lossy(tmp_path / "v" / name, 6)
    index = pack_videos(tmp_path / "v", tmp_path / "out", settings=settings(max_frames=3))
    names = [clip.name for clip in index.clips]
    assert len(set(names)) == len(names) == 10
    assert {clip.source: 0 for clip in index.clips}.keys() == {source.name for source in index.sources}


def test_frame_rate_is_made_by_the_frames_times(tmp_path):
    times = [0, 100, 200, 600, 700, 800]
    write_exact(tmp_path / "v" / "vfr.mkv", [picture(i, 32, 32) for i in range(6)], times_ms=times)
    write_lossy(tmp_path / "v" / "slow.mp4", 5, fps=5)
    index = pack_videos(tmp_path / "v", tmp_path / "out", settings=settings(fps=10.0))
    assert packed_numbers(tmp_path / "out") == {
        "slow": [0, 0, 1, 1, 2, 2, 3, 3, 4, 4],
        "vfr": [0, 1, 2, 2, 2, 2, 3, 4, 5],
    }
    assert {clip.fps for clip in index.clips} == {10.0}
    notes = {source.name: source.notes for source in index.sources}
    assert "frames are repeated: it has 5 frames per second, 10 are asked" in notes["slow.mp4"]
    assert notes["vfr.mkv"][0] == "variable frame rate: 100 to 400 ms between frames"
    as_they_are = pack_videos(tmp_path / "v", tmp_path / "plain", settings=settings())
    assert packed_numbers(tmp_path / "plain")["vfr"] == list(range(6))
    assert any(line.startswith("note: vfr.mkv: variable frame rate") for line in describe_packing(as_they_are))
    assert any(line.startswith("frame rates differ (5, ") for line in describe_packing(as_they_are))


def test_frames_without_times_are_not_resampled(tmp_path):
    write_frames(tmp_path / "v" / "clip", [picture(0, 32, 32)] * 3)
    assert "clip: a folder of frames has no times" in refusal(tmp_path / "v", tmp_path / "out", fps=10.0)


@pytest.fixture
def one_cut_film(tmp_path):
    root = tmp_path / "v"
    write_lossy(root / "sound.mp4", 10)
    path = write_lossy(root / "cut.mp4", 40, noise=60)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    (root / "text.mp4").write_text("this is text")
    return root


def test_damaged_films_are_left_out_and_listed(one_cut_film, tmp_path):
    index = pack_videos(one_cut_film, tmp_path / "out", settings=settings())
    assert [clip.name for clip in index.clips] == ["sound"]
    cut, text = index.dropped
    assert cut.name == "cut.mp4" and 5 < cut.num_frames < 40
    readable = f"; {cut.num_frames} frames could be read"
    assert re.fullmatch(r"is cut off: [\d,]+ bytes are missing at its end" + readable, cut.reason)
    assert text.reason.startswith("is not a film that can be read (Invalid data") and text.num_frames == 0
    assert sum(line.startswith("dropped: ") for line in describe_packing(index)) == 2


def test_readable_part_of_damaged_films_is_used_when_asked_and_listed(one_cut_film, tmp_path):
    index = pack_videos(one_cut_film, tmp_path / "out", settings=settings(damaged="use"))
    clips = {clip.name: clip.num_frames for clip in index.clips}
    assert clips.keys() == {"cut", "sound"} and 5 < clips["cut"] < 40
    (note,) = index.sources[0].notes
    assert note.endswith(f"used are the {clips['cut']} frames that could be read")
    assert [entry.name for entry in index.dropped] == ["text.mp4"], "nothing of it could be read"


def test_damaged_films_stop_the_packing_when_asked(one_cut_film, tmp_path):
    message = refusal(one_cut_film, tmp_path / "out", damaged="fail")
    assert re.match(r"cut.mp4: is cut off: [\d,]+ bytes are missing at its end; \d+ frames could be read", message)


def test_damaged_frame_folders_and_zip_members_count_as_damaged(tmp_path):
    root = tmp_path / "v"
    write_frames(root / "broken", [picture(i, 32, 32) for i in range(6)])
    (root / "broken" / "000004.png").write_bytes(b"oops")
    write_frames(root / "sound", [picture(i, 32, 32) for i in range(6)])
    index = pack_videos(root, tmp_path / "out", settings=settings())
    (entry,) = index.dropped
    assert entry.name == "broken" and entry.num_frames == 4 and "frame 000004.png cannot be read" in entry.reason
    film = write_lossy(tmp_path / "a.mp4", 5).read_bytes()
    with zipfile.ZipFile(tmp_path / "v.zip", "w") as archive:
        archive.writestr("a.mp4", film)
        archive.writestr("b.mp4", film)
    content = tmp_path.joinpath("v.zip").read_bytes()
    tmp_path.joinpath("v.zip").write_bytes(content.replace(film[-50:], bytes(50), 1))
    index = pack_videos(tmp_path / "v.zip", tmp_path / "zipped", settings=settings())
    assert [clip.name for clip in index.clips] == ["b"]
    assert "cannot be unpacked (Bad CRC-32" in index.dropped[0].reason


def test_nothing_usable_is_one_line_with_reasons_and_advice(tmp_path):
    root = tmp_path / "v"
    root.mkdir()
    for name in "abcd":
        (root / f"{name}.mp4").write_text("text")
    message = refusal(root, tmp_path / "out")
    assert "none of its 4 videos can be used: a.mp4 is not a film that can be read" in message and "; ...:" in message
    write_lossy(tmp_path / "w" / "short.mp4", 3)
    message = refusal(tmp_path / "w", tmp_path / "out", min_frames=16)
    assert "its 3 frames are fewer than min_frames 16" in message and "lower min_frames" in message


def test_small_films_are_enlarged_and_that_is_noted(tmp_path):
    write_exact(tmp_path / "v" / "small.mkv", [picture(i, 37, 53) for i in range(3)])
    index = pack_videos(tmp_path / "v", tmp_path / "out", settings=settings(64))
    assert index.sources[0].notes == ("enlarged: it has only 53x37 pixels",)
    assert (index.sources[0].width, index.sources[0].height) == (53, 37)


def test_index_is_canonical_and_names_no_machine_path(mixed_videos, tmp_path):
    pack_videos(mixed_videos, tmp_path / "out", settings=settings())
    text = (tmp_path / "out" / "index.json").read_text()
    index = json.loads(text)
    ordered = json.loads(json.dumps(index, sort_keys=True))
    ordered["sha256"] = ordered.pop("sha256")  # of all that stands before it
    assert text == json.dumps(ordered, indent=1, ensure_ascii=False) + "\n"
    assert str(tmp_path) not in text and tmp_path.parts[1] + "/" not in text


def test_a_failed_packing_keeps_the_finished_one_before_it(tmp_path):
    write_lossy(tmp_path / "v" / "a.mp4", 5)
    pack_videos(tmp_path / "v", tmp_path / "out", settings=settings())
    refusal(tmp_path / "v", tmp_path / "out", min_frames=100)
    assert packed_numbers(tmp_path / "out") == {"a": [0, 1, 2, 3, 4]}


def test_interrupted_renaming_leaves_no_index_beside_other_clips(tmp_path, monkeypatch):
    write_lossy(tmp_path / "v" / "a.mp4", 5)
    pack_videos(tmp_path / "v", tmp_path / "out", settings=settings())
    replace = os.replace

    def replace_until_offsets(source, target):
        if Path(target).name == "offsets.npy":
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", replace_until_offsets)
    with pytest.raises(KeyboardInterrupt):
        pack_videos(tmp_path / "v", tmp_path / "out", settings=settings(64))
    with pytest.raises(DataError, match="an unfinished packing has none"):
        PackedClips(tmp_path / "out")


def test_a_packing_that_was_killed_is_swept_away_by_the_next(tmp_path):
    write_lossy(tmp_path / "v" / "a.mp4", 5)
    (tmp_path / "out" / ".partial").mkdir(parents=True)
    (tmp_path / "out" / ".partial" / "clips.zip").write_text("half")
    with pytest.raises(DataError, match="unfinished packing"):
        PackedClips(tmp_path / "out")
    pack_videos(tmp_path / "v", tmp_path / "out", settings=settings())
    assert sorted(contents(tmp_path / "out")) == ["clips.zip", "index.json", "offsets.npy"]


@pytest.mark.parametrize("size", ["100k", "250k", "320k"])
@pytest.mark.parametrize("workers", [1, 2])
def test_full_disk_is_one_line_and_leaves_nothing(tmp_path, size, workers):
    """The packed film has about 170 kB; the disk fills while spooling or while copying to the zip."""
    write_lossy(tmp_path / "v" / "a.mp4", 40, noise=100)
    with small_disk(tmp_path / "disk", size) as disk:
        with pytest.raises(MachineError, match=r"the disk is full .*; nothing was written: make space") as error:
            pack_videos(tmp_path / "v", disk / "out", settings=settings(64), num_workers=workers)
        assert "\n" not in str(error.value)
        assert list(disk.iterdir()) == []


def test_two_packings_into_one_folder_do_not_mix(tmp_path):
    write_lossy(tmp_path / "v" / "a.mp4", 5)
    with partial_folder(tmp_path / "out"), pytest.raises(DataError, match="another packing is writing here"):
        pack_videos(tmp_path / "v", tmp_path / "out", settings=settings())

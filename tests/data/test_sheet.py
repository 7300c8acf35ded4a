"""Ledger and data sheet against what was packed, counted by hand; the pictures show what they say."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from film_making import number_of, picture, settings, write_frames, write_lossy
from PIL import Image
from published_sources import SKY_LEDGER, write_sky
from recipe_values import data_recipe

from stylesv.data.ledger import ledger_of
from stylesv.data.packed import PackedClips
from stylesv.data.packing import pack_videos
from stylesv.data.selection import Selection
from stylesv.data.sheet import contact_frames, describe_data
from stylesv.errors import DataError
from stylesv.records.data_sheet import read_data_sheet, write_data_sheet
from stylesv.records.ledger import FetchedFile, count_clips, read_ledger, write_ledger
from stylesv.report.data_sheet import draw_contact_sheet, draw_lengths, sheet_facts


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sheet") / "top" / "in"
    write_lossy(folder / "long.mp4", 30)
    write_lossy(folder / "short.mp4", 5)
    write_lossy(folder / "away" / "out.mp4", 12)
    (folder / "text.mp4").write_text("no film\n")
    write_frames(folder / "frames", [picture(number, 40, 40) for number in range(12)])
    write_lossy(folder.parent / "elsewhere.mp4", 12)
    return folder.parent


@pytest.fixture(scope="module")
def packed(videos) -> Path:
    out = videos.parent / "packed"
    shots = {"in/frames": [(0, 8), (8, 12)], "in/long.mp4": [(0, 14), (15, 30)], "in/short.mp4": [(0, 5)]}
    asked = Selection(inside="in", leave_out=("away",), shots=shots)
    pack_videos(videos, out, settings=settings(min_frames=8, max_frames=10), selection=asked)
    return out


def rows_of(packed: Path):
    index = PackedClips(packed).index
    return ledger_of(index.sources, index.clips, index.dropped)


def test_the_ledger_has_a_row_for_everything_that_was_there(packed, tmp_path):
    rows = rows_of(packed)
    assert {row.name: (row.status, row.asked_frames, row.got_frames) for row in rows} == {
        "in/away/out.mp4": ("left out", None, 0),
        "in/frames/00000000-00000008": ("ok", 8, 8),
        "in/frames/00000008-00000012": ("too short", 4, 0),
        "in/long.mp4": ("ok", 30, 10 + 10),  # of shots of 14 and 15 frames, without the rests of 4 and 5
        "in/short.mp4": ("too short", 5, 0),
        "in/text.mp4": ("damaged", None, 0),
    }
    counts = count_clips(rows)
    assert (counts.asked, counts.got, counts.missing, counts.left_out) == (6, 2, 1, 3)
    assert counts.text == "2 of 6 videos asked for (1 missing, 3 left out by the settings)"
    write_ledger(tmp_path / "ledger.csv", rows)
    assert list(read_ledger(tmp_path / "ledger.csv")) == rows
    (tmp_path / "ledger.csv").write_text("name,id\na,b\n")
    with pytest.raises(DataError, match=r"ledger.csv: is not a ledger \(its columns are not name, id, asked_frames"):
        read_ledger(tmp_path / "ledger.csv")


def test_sky_timelapse_is_read_alike_with_and_without_entries_for_folders(tmp_path):
    asked = Selection(inside="sky_timelapse/sky_train", leave_out=("z6Yr7KDZhm0",))
    for entries in (True, False):
        archive = write_sky(tmp_path, folder_entries=entries)
        index = pack_videos(archive, tmp_path / f"{entries}", settings=settings(min_frames=16), selection=asked)
        rows = ledger_of(index.sources, index.clips, index.dropped)
        found = {row.name.removeprefix("sky_timelapse/sky_train/"): (row.status, row.got_frames) for row in rows}
        assert found == SKY_LEDGER
    assert (tmp_path / "True" / "clips.zip").read_bytes() == (tmp_path / "False" / "clips.zip").read_bytes()


def test_shots_of_a_film_are_clips_of_their_own(packed):
    clips = PackedClips(packed)
    firsts = {clip.name: clip.first_source_frame for clip in clips.index.clips if clip.source == "in/long.mp4"}
    assert sorted(firsts.values()) == [0, 15]
    for number, clip in enumerate(clips.index.clips):
        if clip.source == "in/long.mp4":
            shown = [number_of(frame.transpose(1, 2, 0)) for frame in clips.read(number, [0, 9])]
            assert shown == [clip.first_source_frame, clip.first_source_frame + 9]


def test_a_shot_that_is_too_short_is_named_by_its_frames(packed):
    reasons = {row.name: row.reason for row in rows_of(packed)}
    assert reasons["in/long.mp4"].split("; ") == [
        "too short: its frames 10 to 13 are fewer than min_frames 8",
        "too short: its frames 25 to 29 are fewer than min_frames 8",
    ]


def test_a_video_without_shots_gives_no_clip_and_is_said(videos, tmp_path):
    asked = Selection(inside="in", shots={"in/long.mp4": [(0, 10)]})
    index = pack_videos(videos, tmp_path / "out", settings=settings(), selection=asked)
    assert {clip.source for clip in index.clips} == {"in/long.mp4"}
    away = {entry.name: entry.reason for entry in index.dropped if entry.name != "in/text.mp4"}
    assert away == dict.fromkeys(
        ("in/away/out.mp4", "in/frames", "in/short.mp4"), "no shot of it is in the table of shots"
    )
    with pytest.raises(DataError, match=r"none of its 5 videos can be used: .* no shot of it is in the table of shots"):
        pack_videos(videos, tmp_path / "none", settings=settings(), selection=replace(asked, shots={}))


@pytest.mark.parametrize("packing", [{"labels": "folders"}, {"fps": 5.0}])
def test_shots_go_neither_with_classes_nor_with_another_rate(videos, tmp_path, packing):
    asked = Selection(inside="in", leave_out=("frames",), shots={"in/long.mp4": [(0, 10)]})
    with pytest.raises(DataError, match=r"shots .*(with labels|with fps).*; leave one of them out"):
        pack_videos(videos, tmp_path / "out", settings=settings(**packing), selection=asked)


def test_what_is_not_in_the_archive_and_too_much_missing_are_one_line(videos, tmp_path):
    with pytest.raises(
        DataError, match=r"has no videos in nowhere, which source.archive.inside names; in it: elsewhere.mp4, in"
    ):
        pack_videos(videos, tmp_path / "out", settings=settings(), selection=Selection(inside="nowhere"))
    with pytest.raises(DataError, match=r"1 of 6 videos are missing \(1 damaged\), more than max_missing 0.1 allows"):
        pack_videos(videos, tmp_path / "out", settings=settings(), selection=Selection(max_missing=0.1))
    assert not list((tmp_path / "out").glob("*"))


def test_a_name_to_leave_out_that_nothing_has_is_said(videos, tmp_path, capfd):
    pack_videos(videos, tmp_path / "out", settings=settings(), selection=Selection(leave_out=("text.mp4", "txt")))
    assert capfd.readouterr().err == "leave_out: txt is the name of nothing that is there\n"


def test_the_sheet_says_what_was_packed(packed, tmp_path):
    clips = PackedClips(packed)
    fetched = FetchedFile(address="https://example.org/a.zip", sha256="ab" * 32, num_bytes=1234, verified=False)
    sheet, rows = describe_data("own-0", clips, data_recipe(), fetched=[fetched])
    assert rows == rows_of(packed)
    assert (sheet.clips, sheet.frames, sheet.shortest, sheet.median, sheet.longest) == (3, 28, 8, 10, 10)
    assert {share.value: share.videos for share in sheet.rates} == {"25": 1, "unknown": 1}
    assert {share.value: share.videos for share in sheet.sizes} == {"64x48": 1, "40x40": 1}
    write_data_sheet(tmp_path / "sheet.json", sheet)
    assert read_data_sheet(tmp_path / "sheet.json") == sheet
    facts = sheet_facts(sheet, licence="CC0")
    assert facts["licence"] == "CC0" and sheet_facts(sheet, licence=None)["licence"] == "not known"
    assert facts["videos"] == f"{sheet.counts.text}: too short (2), left out (1), damaged (1)"
    assert "no hash was known before" in facts["fetched from https://example.org/a.zip"]


def test_the_contact_sheet_shows_the_middle_frame_of_clips(packed, tmp_path):
    clips = PackedClips(packed)
    frames = contact_frames(clips, most=2)
    assert frames.shape == (2, 3, 32, 32)
    draw_contact_sheet(tmp_path / "contact.png", frames, columns=2)
    with Image.open(tmp_path / "contact.png") as picture_of_all:
        pixels = np.asarray(picture_of_all)
    assert pixels.shape == (32, 66, 3)
    np.testing.assert_array_equal(pixels[:, 34:], frames[1].transpose(1, 2, 0))
    draw_lengths(tmp_path / "lengths.png", [8, 10, 10], title="own")
    first = (tmp_path / "lengths.png").read_bytes()
    draw_lengths(tmp_path / "lengths.png", [8, 10, 10], title="own")
    assert (tmp_path / "lengths.png").read_bytes() == first

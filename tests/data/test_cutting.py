"""Clips cut out of films: the frames and boxes that the table means; what cannot be had is a row with the reason."""

import io
import zipfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import yt_dlp
from film_making import settings
from local_server import serving
from PIL import Image
from published_sources import TAICHI_LEDGER, number_of, write_taichi

from stylesv.data.clip_table import TableRow, read_clip_table
from stylesv.data.cutting import cut_clips, gather_clips
from stylesv.data.films import fetch_films
from stylesv.data.packing import pack_videos
from stylesv.errors import DataError, MachineError
from stylesv.files import file_sha256
from stylesv.records.ledger import FilmRow, read_films, read_ledger, write_films, write_ledger

FORMAT = {"film_format": "b"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    write_taichi(folder)
    return folder


@pytest.fixture(scope="module")
def rows(folder) -> tuple[TableRow, ...]:
    return read_clip_table(folder / "taichi-metadata.csv", partition="train")


def local_films(folder: Path, rows) -> list[FilmRow]:
    ids = list(dict.fromkeys(row.video_id for row in rows))
    return fetch_films(ids, films=f"{folder}/{{id}}.mp4", folder=folder / "unused", **FORMAT)


def frames_of(path: Path, name: str) -> list[np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        names = sorted(member for member in archive.namelist() if member.startswith(f"{name}/"))
        return [np.asarray(Image.open(io.BytesIO(archive.read(member)))) for member in names]


def test_every_row_has_its_own_frames_and_its_ledger(folder, rows, tmp_path):
    out = tmp_path / "cut.zip"
    films = local_films(folder, rows)
    ledger = cut_clips(rows, films, out, folder=folder, packing=settings(resolution=24, crop="squeeze"))
    assert {row.name: (row.status, row.got_frames) for row in ledger} == TAICHI_LEDGER
    for row in ledger:
        start = int(row.name.split("#")[1])
        numbers = [number_of(frame) for frame in frames_of(out, row.name)]
        assert numbers == [(start + offset) % 40 for offset in range(row.got_frames)]
        assert row.status == "ok" or row.reason
    before = out.read_bytes()
    cut_clips(rows, films, out, folder=folder, packing=settings(resolution=24, crop="squeeze"))
    assert out.read_bytes() == before


def test_a_clip_that_ends_early_is_kept_only_where_that_is_asked_for(folder, rows, tmp_path):
    films = local_films(folder, rows)
    for damaged, found in (("drop", ("short", 0)), ("use", ("ok", 10))):
        packing = settings(resolution=16, damaged=damaged)
        ledger = cut_clips(rows, films, tmp_path / "cut.zip", folder=folder, packing=packing)
        (row,) = [row for row in ledger if row.name == "cutShortFi5#000040#000070"]
        assert (row.status, row.got_frames) == found and "of" in row.reason


def test_a_row_between_two_frames_of_its_film_is_short_and_stops_no_packing(folder, rows, tmp_path):
    whole = next(row for row in rows if row.name.startswith("-dashFirst1"))
    between = replace(whole, start=1010, end=1011, fps=Fraction(1000))  # of a film of 29.97 frames per second
    films = local_films(folder, rows)
    packing = settings(resolution=16)
    for name, asked in (("none", [between]), ("some", [whole])):
        write_ledger(
            tmp_path / f"{name}.csv", cut_clips(asked, films, tmp_path / f"{name}.zip", folder=folder, packing=packing)
        )
    (row,) = read_ledger(tmp_path / "none.csv")
    assert (row.status, row.asked_frames, row.got_frames) == ("short", 0, 0) and "no frame between" in row.reason
    index = pack_videos([tmp_path / "none.zip", tmp_path / "some.zip"], tmp_path / "packed", settings=packing)
    assert [clip.source for clip in index.clips] == [whole.name]
    with pytest.raises(DataError, match="labels with clips of a table: it gives no classes"):
        pack_videos([tmp_path / "some.zip"], tmp_path / "none", settings=settings(labels="folders"))


def test_a_box_is_cut_at_the_films_own_size(tmp_path):
    """A film of half the table's size: its left half is black, its right half white, its box the right quarter."""
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:, 32:] = 255
    with av.open(str(tmp_path / "a.mp4"), "w") as film:
        stream = film.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(5):
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        film.mux(stream.encode(None))
    row = TableRow("a", 0, 5, (16, 0, 96, 96), Fraction(25), 128, 96, "train")
    films = local_films(tmp_path, [row])
    packing = settings(resolution=40, crop="squeeze")
    cut_clips([row], films, tmp_path / "cut.zip", folder=tmp_path, packing=packing)
    columns = frames_of(tmp_path / "cut.zip", row.name)[0].mean(axis=(0, 2))
    assert columns[:22].max() < 20 and columns[26:].min() > 235  # the edge is at 24 of 40: (32 - 8) / 40
    outside = replace(row, box=(64, 0, 192, 96))
    (clamped,) = cut_clips([outside], films, tmp_path / "cut.zip", folder=tmp_path, packing=packing)
    assert clamped.reason == "its box was moved into the frame"
    other_shape = replace(row, width=128, height=128)
    (wrong,) = cut_clips([other_shape], films, tmp_path / "cut.zip", folder=tmp_path, packing=packing)
    assert (wrong.status, wrong.reason) == ("wrong size", "the film has 64x48 pixels, the table says 128x128")
    (tmp_path / "a.mp4").write_bytes(b"another")
    with pytest.raises(DataError, match="another film than when its ledger was made"):
        cut_clips([row], films, tmp_path / "cut.zip", folder=tmp_path, packing=packing)


def test_too_many_missing_clips_stop_and_those_left_out_do_not_count(folder, rows):
    films = local_films(folder, rows)
    with pytest.raises(
        DataError, match=r"2 of 9 clips are missing \(1 short, 1 gone\), more than .*repair_tc`"
    ) as caught:
        gather_clips(rows, films, leave_out=(), max_missing=0.2, name="tc")
    assert "\n" not in str(caught.value)
    ledger = gather_clips(rows, films, leave_out=("isNotThere6",), max_missing=0.2, name="tc")
    assert [row.status for row in ledger].count("left out") == 1
    with pytest.raises(DataError, match="leave_out: nobody is neither a film nor a clip of the table"):
        gather_clips(rows, films, leave_out=("nobody",), max_missing=1.0, name="tc")


def test_films_are_fetched_once_and_only_missing_ones_again(folder, tmp_path):
    ids = ["-dashFirst1", "isNotThere6", "portrait__2"]
    with serving(folder) as server:
        address = {"films": f"{server.url}/plain/{{id}}.mp4", "folder": tmp_path / "films", **FORMAT}
        first = fetch_films(ids, **address)
        assert [(row.status, row.width, row.height) for row in first] == [
            ("ok", 96, 64),
            ("gone", None, None),
            ("ok", 54, 96),
        ]
        assert (first[0].num_frames, round(first[0].fps, 2)) == (80, 29.97) and "404" in first[1].reason
        write_films(tmp_path / "films.csv", first)
        assert list(read_films(tmp_path / "films.csv")) == first
        server.asked.clear()
        assert fetch_films(ids, known=first, **address) == first
        assert {path for path, _ in server.asked} == {"/plain/isNotThere6.mp4"}
        server.asked.clear()
        assert fetch_films(ids[::2], **address) == first[::2] and server.asked == []  # as after a kill


def test_a_film_that_was_replaced_is_looked_at_anew(folder, tmp_path):
    (tmp_path / "a.mp4").write_bytes((folder / "-dashFirst1.mp4").read_bytes())
    address = {"films": f"{tmp_path}/{{id}}.mp4", "folder": tmp_path / "unused", **FORMAT}
    first = fetch_films(["a"], **address)
    assert fetch_films(["a"], known=first, **address) == first
    (tmp_path / "a.mp4").write_bytes((folder / "portrait__2.mp4").read_bytes())
    (second,) = fetch_films(["a"], known=first, **address)
    assert (second.width, second.sha256) == (54, file_sha256(tmp_path / "a.mp4"))


@pytest.mark.parametrize(
    "said",
    [
        "unable to write data: [Errno 28] No space left on device",
        "Unable to download webpage: <urlopen error [Errno -2] Name or service not known>",
        "You have requested merging of multiple formats but ffmpeg is not installed. Aborting",
        "Postprocessing: ffprobe and ffmpeg not found. Please install or provide the path",
    ],
)
def test_what_the_machine_lacks_is_no_films_fate(tmp_path, monkeypatch, said):
    def download(*_):
        raise yt_dlp.utils.DownloadError(f"ERROR: {said}")

    monkeypatch.setattr(yt_dlp.YoutubeDL, "download", download)
    with pytest.raises(MachineError, match="mend that, then run again") as caught:
        fetch_films(["a"], films="https://films.test/{id}", folder=tmp_path / "films", **FORMAT)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_server_that_refuses_is_not_asked_for_everything(tmp_path):
    with serving(tmp_path) as server:
        ids = [f"film{number}" for number in range(9)]
        found = fetch_films(ids, films=f"{server.url}/forbidden/{{id}}.mp4", folder=tmp_path / "films", **FORMAT)
    assert {row.status for row in found} == {"blocked"}
    assert [row.id for row in found if row.reason.startswith("not asked for")] == ids[5:]


def test_what_is_no_film_is_damaged_and_is_asked_for_again(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no film at all" * 100)
    with serving(tmp_path) as server:
        address = {"films": f"{server.url}/plain/{{id}}.mp4", "folder": tmp_path / "films", **FORMAT}
        (row,) = fetch_films(["a"], **address)
        assert row.status == "damaged" and list((tmp_path / "films").iterdir()) == []

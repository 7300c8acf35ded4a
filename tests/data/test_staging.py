import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from film_making import settings, write_lossy
from index_editing import edit_index

from stylesv.data import staging
from stylesv.data.packed import PackedClips
from stylesv.data.packing import pack_videos
from stylesv.data.staging import stage_packed_clips
from stylesv.errors import DataError, MachineError
from stylesv.files import file_sha256


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    root = tmp_path_factory.mktemp("packed")
    write_lossy(root / "videos" / "film.mp4", 12)
    pack_videos(root / "videos", root / "demo-40d197bd", settings=settings())
    return root / "demo-40d197bd"


def test_without_a_scratch_disk_clips_are_read_where_they_are(packed):
    assert stage_packed_clips(packed, None) == (packed, None)


def test_the_copy_holds_the_same_clips_under_the_same_name(packed, tmp_path):
    copy, line = stage_packed_clips(packed, tmp_path)
    assert copy.is_relative_to(tmp_path) and copy.name == packed.name and "copied to" in line
    PackedClips(copy).verify()
    assert PackedClips(copy).digest == PackedClips(packed).digest


def test_clips_are_copied_once_by_all_jobs_that_start_together(packed, tmp_path):
    with ThreadPoolExecutor(4) as pool:
        staged = list(pool.map(lambda _: stage_packed_clips(packed, tmp_path), range(4)))
    assert len({copy for copy, _ in staged}) == 1
    assert sorted("copied to" in line for _, line in staged) == [False, False, False, True]


def flip_a_bit(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def an_hour_later(copy):
    os.utime(copy.with_name(f".{copy.name}.compared"), (0, 0))


@pytest.mark.parametrize("file", ["clips.zip", "offsets.npy"])
def test_a_copy_with_a_flipped_bit_is_replaced_once_by_all_jobs_that_start_together(packed, tmp_path, file):
    copy, _ = stage_packed_clips(packed, tmp_path)
    flip_a_bit(copy / file)
    an_hour_later(copy)
    with ThreadPoolExecutor(4) as pool:
        staged = list(pool.map(lambda _: stage_packed_clips(packed, tmp_path), range(4)))
    assert {copy for copy, _ in staged} == {copy}
    assert sorted("copied to" in line for _, line in staged) == [False, False, False, True]
    PackedClips(copy).verify()


def test_processes_that_start_together_do_not_all_compare_a_copy(packed, tmp_path, monkeypatch):
    copy, _ = stage_packed_clips(packed, tmp_path)
    hashed = []
    monkeypatch.setattr(staging, "file_sha256", lambda path: hashed.append(path) or file_sha256(path))
    assert "copied there before" in stage_packed_clips(packed, tmp_path)[1] and not hashed
    an_hour_later(copy)
    for _ in range(3):
        assert "copied there before" in stage_packed_clips(packed, tmp_path)[1]
    assert sorted(path.name for path in hashed) == ["clips.zip", "offsets.npy"]


def test_a_job_that_reads_a_copy_goes_on_while_it_is_replaced(packed, tmp_path):
    copy, _ = stage_packed_clips(packed, tmp_path)
    before, after = PackedClips(copy), PackedClips(copy)
    expected = before.read(0, [0])  # it has its files open, the other one not yet
    flip_a_bit(copy / "clips.zip")
    an_hour_later(copy)
    assert "copied to" in stage_packed_clips(packed, tmp_path)[1]
    assert (before.read(0, [0]) == expected).all() and (after.read(0, [0]) == expected).all()


def test_a_damaged_copy_makes_room_for_its_successor(packed, tmp_path, monkeypatch):
    """The disk has room for one alone."""
    copy, _ = stage_packed_clips(packed, tmp_path)
    flip_a_bit(copy / "clips.zip")
    an_hour_later(copy)
    size = sum(path.stat().st_size for path in copy.iterdir())
    monkeypatch.setattr(staging.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(0, 0, size // 10))
    again, line = stage_packed_clips(packed, tmp_path)
    assert again == copy and "copied to" in line
    PackedClips(copy).verify()


def test_an_unfinished_or_damaged_copy_is_replaced(packed, tmp_path):
    copy, _ = stage_packed_clips(packed, tmp_path)
    os.truncate(copy / "clips.zip", 100)
    again, line = stage_packed_clips(packed, tmp_path)
    assert again == copy and "copied to" in line
    PackedClips(copy).verify()


def test_what_is_not_what_was_packed_is_refused_and_leaves_nothing(packed, tmp_path):
    damaged = shutil.copytree(packed, tmp_path / packed.name)
    with open(damaged / "clips.zip", "r+b") as file:
        file.seek(200)
        byte = file.read(1)
        file.seek(200)
        file.write(bytes([byte[0] ^ 1]))
    with pytest.raises(DataError, match=r"clips\.zip: is not what was packed; copy it again"):
        stage_packed_clips(damaged, tmp_path / "scratch")
    assert not list((tmp_path / "scratch").rglob("clips.zip"))


def test_packings_of_equal_clips_and_other_names_have_copies_of_their_own(packed, tmp_path):
    other = shutil.copytree(packed, tmp_path / "demo-11111111")
    assert stage_packed_clips(packed, tmp_path)[0] != stage_packed_clips(other, tmp_path)[0]


def test_an_index_that_changed_is_copied_again(packed, tmp_path):
    data = shutil.copytree(packed, tmp_path / "data")
    stage_packed_clips(data, tmp_path / "scratch")
    edit_index(data, lambda index: index.update(ignored_files=["notes.txt"]))
    copy, line = stage_packed_clips(data, tmp_path / "scratch")
    assert "copied to" in line
    assert json.loads((copy / "index.json").read_text())["ignored_files"] == ["notes.txt"]


def test_a_full_scratch_disk_is_said_and_clips_are_read_where_they_are(packed, tmp_path, monkeypatch):
    monkeypatch.setattr(staging.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 100))
    folder, line = stage_packed_clips(packed, tmp_path)
    assert folder == packed and "GB free" in line


def test_a_scratch_disk_that_cannot_be_written_is_said(packed, tmp_path):
    (tmp_path / "file").touch()
    folder, line = stage_packed_clips(packed, tmp_path / "file")
    assert folder == packed and "cannot be used (Not a directory)" in line


def test_a_copy_that_cannot_be_read_for_want_of_something_is_left_to_the_jobs_that_read_it(
    packed, tmp_path, monkeypatch
):
    copy, _ = stage_packed_clips(packed, tmp_path)

    def short_of_files(folder):
        if folder == copy:
            raise MachineError(f"{folder}: cannot be read (Too many open files); allow more open files")
        return PackedClips(folder)

    monkeypatch.setattr(staging, "PackedClips", short_of_files)
    folder, line = stage_packed_clips(packed, tmp_path)
    assert folder == packed and "Too many open files" in line
    PackedClips(copy).verify()

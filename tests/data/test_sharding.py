"""Shards: how many there are, and in which order they are made, changes nothing of what was packed."""

import json
import os
import shutil
from pathlib import Path

import pytest
from film_making import picture, settings, write_exact, write_frames, write_lossy
from index_editing import edit_index
from own_process import printed_by

from stylesv.config.dataset import PackSettings
from stylesv.data.packed import PackedClips
from stylesv.data.packing import pack_videos
from stylesv.data.selection import Selection
from stylesv.data.shard import Shard
from stylesv.data.sharding import index_shards, join_shards
from stylesv.data.staging import stage_packed_clips
from stylesv.data.video_sources import VideoSource
from stylesv.errors import DataError
from stylesv.records.packed_index import PackedIndex
from stylesv.records.packed_shards import numbers_of_shard, read_packed_shards, shard_names

CUT = settings(max_frames=5, min_frames=2, damaged="use")


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> Path:
    """Films and frames of many kinds; several of them would be named alike, and their pieces like others."""
    root = tmp_path_factory.mktemp("films")
    for name in ("a b.mp4", "a#b.mp4", "a_b.mkv", "x/c_0000.mp4", "x/c_0002.mp4", "x_c.mp4"):
        write_lossy(root / name, 11)
    damaged = write_lossy(root / "cut.mp4", 40, noise=60)
    damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size // 2])
    write_lossy(root / "short.mp4", 1)
    write_frames(root / "frames" / "one", [picture(i, 40, 40) for i in range(7)])
    write_exact(root / "vfr.mkv", [picture(i, 32, 32) for i in range(6)], times_ms=[0, 100, 200, 600, 700, 800])
    (root / "notes.txt").write_text("no video")
    return root


def in_shards(
    films: Path, out: Path, count: int, packing: PackSettings, *, order=None, selection: Selection | None = None
) -> PackedIndex:
    folders = [f"shards/{name}" for name in shard_names(count)]
    for number in order or range(count):
        chosen = selection or Selection()
        pack_videos(films, out / folders[number], settings=packing, selection=chosen, shard=Shard(number, count))
    return index_shards(out, folders, max_missing=chosen.max_missing)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture(scope="module")
def by_one(films, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("one") / "packed"
    pack_videos(films, out, settings=CUT, selection=Selection(leave_out=("a_b",)))
    return out


@pytest.fixture(scope="module")
def by_three(films, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("three") / "packed"
    in_shards(films, out, 3, CUT, order=(2, 0, 1), selection=Selection(leave_out=("a_b",)))
    return out


@pytest.mark.parametrize("count", [1, 2, 5, 30])
def test_any_number_of_shards_gives_the_bytes_of_one_job(films, by_one, by_three, tmp_path, count):
    """Their index says nothing of them; put together, all three files are those of one job."""
    in_shards(films, tmp_path / "out", count, CUT, selection=Selection(leave_out=("a_b",)))
    assert contents(tmp_path / "out").keys() == {"index.json", "shards.json"}
    assert (tmp_path / "out" / "index.json").read_bytes() == (by_three / "index.json").read_bytes()
    join_shards(tmp_path / "out", tmp_path / "joined")
    assert contents(tmp_path / "joined") == contents(by_one)


def test_the_index_differs_from_one_jobs_in_what_lies_beside_it_alone(by_one, by_three):
    one, three = (json.loads((folder / "index.json").read_text()) for folder in (by_one, by_three))
    assert (one.pop("format_version"), three.pop("format_version")) == (1, 2)
    assert {one.pop(name)["sha256"] != "" for name in ("clips_zip", "offsets")} == {True}
    assert one.pop("sha256") != three.pop("sha256")
    assert one == three


def test_clips_are_read_out_of_shards_as_out_of_one_zip(by_one, by_three):
    one, three = PackedClips(by_one), PackedClips(by_three)
    assert three.names == one.names and three.digest == one.digest
    assert len({name.split("__")[0] for name in one.names}) < len(one.names), "names that were asked for twice"
    for clip in range(one.num_clips):
        frames = range(one.num_frames(clip))
        assert (three.read(clip, frames) == one.read(clip, frames)).all()
        assert list(three.stored(clip)) == list(one.stored(clip))
    assert three.verify() is None


def test_more_shards_are_read_than_files_may_be_open(by_one, films, tmp_path, monkeypatch):
    monkeypatch.setattr("stylesv.data.packed._OPEN_FILES", 2)
    in_shards(films, tmp_path, 8, CUT, selection=Selection(leave_out=("a_b",)))
    clips, opened = PackedClips(tmp_path), len(os.listdir("/proc/self/fd"))
    for clip in (*range(clips.num_clips), 0):
        assert (clips.read(clip, [0]) == PackedClips(by_one).read(clip, [0])).all()
        assert len(os.listdir("/proc/self/fd")) <= opened + 2
    assert len({shard.num_frames for shard in clips.shards}) > 3


MANY_SHARDS = """
import resource, sys
from pathlib import Path
from stylesv.data.packed import PackedClips
from stylesv.data import sharding
from stylesv.data.sharding import index_shards

def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))

out = Path(sys.argv[1])
folders = [f"shards/{path.name}" for path in sorted((out / "shards").iterdir())]
PackedClips(out / folders[0]).read(0, [0])  # what libraries open for good
resource.setrlimit(resource.RLIMIT_NOFILE, (open_files() + 24, 1024))
sharding._refuse_copies = lambda *_: None  # copies of one shard stand for many
index_shards(out, folders)
before = open_files()
clips = PackedClips(out)
print(len(clips.shards), open_files() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no list of open files on this system")
def test_shards_are_opened_when_they_are_read(by_three, tmp_path):
    """As many as a data set may have; a system's usual limit is 1024 open files."""
    for name in shard_names(200):
        shutil.copytree(by_three / "shards" / "0000of0003", tmp_path / "shards" / name)
    assert printed_by(MANY_SHARDS, tmp_path).split() == ["200", "0"]


def test_a_finished_shard_is_a_packed_folder_by_itself(by_three):
    found = read_packed_shards(by_three / "shards.json").shards
    assert [shard.folder for shard in found] == [f"shards/{name}" for name in shard_names(3)]
    assert sum(shard.num_frames for shard in found) == PackedClips(by_three).index.num_frames
    for shard in found:
        PackedClips(by_three / shard.folder).verify()


def source(name: str, num_bytes: int) -> VideoSource:
    return VideoSource(name, "film", Path("/"), (name,), False, num_bytes=num_bytes)


def test_shares_follow_each_other_and_are_bounded():
    sources = [source(f"{number:02d}", 100 + number * 37 % 50) for number in range(40)]
    total = sum(each.num_bytes for each in sources)
    for count in (1, 2, 7, 40, 90):
        shares = [Shard(number, count).share(sources) for number in range(count)]
        assert [each for share in shares for each in share] == sources
        assert max(sum(each.num_bytes for each in share) for share in shares) <= total / count + 150
    unknown = [source(str(number), 0) for number in range(5)]
    assert [len(Shard(number, 2).share(unknown)) for number in range(2)] == [2, 3]
    assert [Shard(0, 2).share([]), Shard(1, 2).share([])] == [[], []]


def test_names_of_shards_are_read_as_they_are_written():
    assert [numbers_of_shard(name) for name in shard_names(2)] == [(0, 2), (1, 2)]
    for wrong in ("2of3", "0003of0003", "0000of0000", "0000of0002x", ""):
        with pytest.raises(DataError, match="is none; allowed: 0000of0002 for the first of two"):
            numbers_of_shard(wrong)


def test_what_is_missing_is_judged_of_all_shards_together(films, tmp_path):
    """One of the shards holds the damaged film alone, which is no more than may be missing of all."""
    dropping = settings(min_frames=2)
    in_shards(films, tmp_path / "enough", 12, dropping, selection=Selection(max_missing=0.2))
    with pytest.raises(DataError, match=r"1 of 10 videos are missing \(1 damaged\), more than max_missing 0.05 allows"):
        in_shards(films, tmp_path / "few", 12, dropping, selection=Selection(max_missing=0.05))
    assert not (tmp_path / "few" / "index.json").exists()
    with pytest.raises(DataError, match=r"none of its 10 videos can be used: .* lower min_frames"):
        in_shards(films, tmp_path / "none", 2, settings(min_frames=1000))


def test_a_shard_that_was_copied_over_another_is_refused(by_three, tmp_path):
    shutil.copytree(by_three, tmp_path / "data")
    first, _, third = sorted((tmp_path / "data" / "shards").iterdir())
    shutil.rmtree(first)
    shutil.copytree(third, first)
    before = (tmp_path / "data" / "index.json").read_bytes()
    folders = [f"shards/{name}" for name in shard_names(3)]
    with pytest.raises(DataError, match=r"0000of0003: is shard 0002of0003, copied over this one; delete it, and pack"):
        index_shards(tmp_path / "data", folders)
    for folder in (first, third):  # as earlier versions wrote them
        edit_index(folder, lambda index: index.pop("shard"))
    with pytest.raises(
        DataError, match=r"0002of0003: has video .*, and so has shards/0000of0003: one of them was copied"
    ):
        index_shards(tmp_path / "data", folders)
    assert (tmp_path / "data" / "index.json").read_bytes() == before


def test_an_empty_shard_that_was_copied_over_another_is_refused(films, tmp_path):
    """It has no video that another has, too."""
    in_shards(films, tmp_path, 16, settings(min_frames=2))
    folders = [tmp_path / "shards" / name for name in shard_names(16)]
    empty = next(folder for folder in folders if not PackedClips(folder).index.sources)
    full = next(folder for folder in folders if PackedClips(folder).index.sources)
    shutil.rmtree(full)
    shutil.copytree(empty, full)
    with pytest.raises(DataError, match=rf"{full.name}: is shard {empty.name}, copied over this one; delete it"):
        index_shards(tmp_path, [f"shards/{name}" for name in shard_names(16)])


def test_shards_that_do_not_belong_together_are_refused(films, by_three, tmp_path):
    copy = shutil.copytree(by_three, tmp_path / "copy")
    folders = [f"shards/{name}" for name in shard_names(3)]
    pack_videos(films, copy / folders[1], settings=settings(48), shard=Shard(1, 3))
    with pytest.raises(DataError, match=r"0001of0003: was packed with other resolution than .*0000of0003"):
        index_shards(copy, folders)
    shutil.rmtree(copy / folders[1])
    with pytest.raises(DataError, match=r"0001of0003: holds no packed clips"):
        index_shards(copy, folders)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda d: (d / "shards.json").unlink(), r"shards\.json: is missing: the clips of .* lie in shards"),
        (lambda d: (d / "shards.json").write_text("{}"), r"shards\.json: is not a whole list of shards \(.*\); copy"),
        (
            lambda d: os.truncate(d / "shards/0002of0003/clips.zip", 100),
            r"0002of0003/clips\.zip: has 100 bytes where shards\.json says",
        ),
        (lambda d: shutil.rmtree(d / "shards" / "0001of0003"), "0001of0003: packed clips are incomplete"),
        (
            lambda d: shutil.copy(d / "shards/0000of0003/offsets.npy", d / "shards/0002of0003/offsets.npy"),
            r"0002of0003/offsets\.npy: holds \(\d+, 2\) int64 where shards\.json says",
        ),
    ],
)
def test_shards_that_are_not_whole_are_named(by_three, tmp_path, spoil, message):
    copy = shutil.copytree(by_three, tmp_path / "copy")
    spoil(copy)
    with pytest.raises(DataError, match=message):
        PackedClips(copy)


def test_a_list_of_other_shards_is_refused(films, by_three, tmp_path):
    copy = shutil.copytree(by_three, tmp_path / "copy")
    in_shards(films, tmp_path / "other", 2, settings())
    shutil.copytree(tmp_path / "other" / "shards", copy / "shards", dirs_exist_ok=True)
    shutil.copy(tmp_path / "other" / "shards.json", copy)
    with pytest.raises(DataError, match=r"shards\.json has \d+ frames where the clips of index\.json have \d+"):
        PackedClips(copy)


def test_a_changed_byte_in_a_shard_is_found_and_its_clip_named(by_three, tmp_path):
    copy = shutil.copytree(by_three, tmp_path / "copy")
    last = copy / "shards" / "0002of0003" / "clips.zip"
    content = bytearray(last.read_bytes())
    content[content.index(b"\xff\xd8") + 200] ^= 1  # in the first frame
    last.write_bytes(content)
    (name, *_) = PackedClips(copy / "shards" / "0002of0003").names
    with pytest.raises(DataError, match=rf"0002of0003/clips\.zip: clip {name}.* is not what was packed"):
        PackedClips(copy).verify()


def test_shards_are_staged_whole(by_three, tmp_path):
    staged, line = stage_packed_clips(by_three, tmp_path)
    assert staged.is_relative_to(tmp_path) and "copied to" in line
    PackedClips(staged).verify()
    assert PackedClips(staged).digest == PackedClips(by_three).digest
    assert "copied there before" in stage_packed_clips(by_three, tmp_path)[1]


def test_classes_are_those_of_all_videos_also_where_a_shard_has_one_of_them(tmp_path):
    for name in ("a", "b", "c"):
        write_lossy(tmp_path / "v" / name / "film.mp4", 4)
    index = in_shards(tmp_path / "v", tmp_path / "out", 3, settings(labels="folders"))
    assert index.class_names == ("a", "b", "c") and [clip.label for clip in index.clips] == [0, 1, 2]
    assert index.class_counts == (1, 1, 1)

import multiprocessing
import os
import pickle
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
import torch
from film_making import number_of, picture, settings, write_exact, write_lossy
from index_editing import edit_index
from own_process import printed_by
from PIL import Image

from stylesv.data import frame_codec
from stylesv.data.packed import PackedClips
from stylesv.data.packing import pack_videos
from stylesv.errors import DataError


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    root = tmp_path_factory.mktemp("packed")
    rng = np.random.default_rng(0)
    write_lossy(root / "v" / "b.mp4", 30)
    write_exact(root / "v" / "a.mkv", [rng.integers(0, 256, (40, 60, 3), dtype=np.uint8) for _ in range(7)])
    pack_videos(root / "v", root / "out", settings=settings())
    return root / "out"


@pytest.fixture
def copied(packed, tmp_path):
    return shutil.copytree(packed, tmp_path / "copy")


def test_frames_are_what_pillow_and_zipfile_read(packed):
    """An independent reading of the same file: zipfile for the container, Pillow for JPEG."""
    clips = PackedClips(packed)
    assert clips.names == ("a", "b") and clips.num_clips == 2 and clips.resolution == 32
    assert [clips.num_frames(clip) for clip in range(2)] == [7, 30]
    with zipfile.ZipFile(packed / "clips.zip") as archive:
        assert archive.testzip() is None
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
        for clip, name in enumerate(clips.names):
            frames = clips.read(clip, range(clips.num_frames(clip)))
            assert frames.dtype == np.uint8 and frames.shape == (clips.num_frames(clip), 3, 32, 32)
            for number, frame in enumerate(frames):
                with archive.open(f"{name}/{number:06d}.jpg") as file:
                    expected = np.asarray(Image.open(file)).transpose(2, 0, 1)
                np.testing.assert_array_equal(frame, expected)


def test_frames_come_in_the_order_asked_and_as_often(packed):
    clips = PackedClips(packed)
    wanted = [29, 0, 3, 3, 17]
    assert [number_of(frame) for frame in clips.read(1, wanted)] == wanted
    np.testing.assert_array_equal(clips.read(1, np.array(wanted)), clips.read(1, wanted))
    assert clips.read(np.int64(1), []).shape == (0, 3, 32, 32)


@pytest.mark.parametrize("codec", ["jpeg", "raw"])
def test_frames_are_checked_once_a_process_and_are_the_same_again(packed, tmp_path, codec, monkeypatch):
    pack_videos(packed.parent / "v", tmp_path / "out", settings=settings(codec=codec))
    checked = []
    monkeypatch.setattr(frame_codec, "require_intact", lambda between, *content: checked.append(len(between)))
    clips = PackedClips(tmp_path / "out")
    first = clips.read(0, [6, 0, 3]).tobytes()
    assert clips.read(0, [6, 0, 3]).tobytes() == first and len(checked) == 3
    clips.read(0, range(7))
    clips.read(1, [6, 0])  # another clip's frames of these numbers are others
    assert len(checked) == 9 and min(checked) > 0


def test_frame_that_is_not_there_is_refused(packed):
    clips = PackedClips(packed)
    for wrong in (30, -1):
        with pytest.raises(IndexError, match=f"frame {wrong} of clip b: it has frames 0 to 29"):
            clips.read(1, [wrong])


class Frames(torch.utils.data.Dataset):
    def __init__(self, clips):
        self.clips = clips

    def __len__(self):
        return 30

    def __getitem__(self, number):
        return torch.from_numpy(self.clips.read(1, [number]))


@pytest.mark.parametrize("start", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_workers_read_right_frames_through_a_reader_opened_before(packed, start):
    clips = PackedClips(packed)
    first = clips.read(1, [0])  # the file is open when the workers begin
    context = multiprocessing.get_context(start)
    loader = torch.utils.data.DataLoader(Frames(clips), batch_size=5, num_workers=2, multiprocessing_context=context)
    frames = torch.cat(list(loader))
    assert [number_of(frame.numpy()) for frame in frames] == list(range(30))
    np.testing.assert_array_equal(clips.read(1, [0]), first)


def test_pickled_reader_reads_the_same(packed):
    clips = PackedClips(packed)
    again = pickle.loads(pickle.dumps(clips))
    np.testing.assert_array_equal(again.read(0, [3, 1]), clips.read(0, [3, 1]))
    assert again.digest == clips.digest


FORGETFUL = """
import gc, sys
from pathlib import Path
from stylesv.data.packed import PackedClips

def open_files():
    gc.collect()
    return len(list(Path("/proc/self/fd").iterdir()))

PackedClips(sys.argv[1]).read(0, [0])  # what libraries open for good
before = open_files()
for _ in range(20):
    PackedClips(sys.argv[1]).read(0, [0])
print(open_files() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no list of open files on this system")
def test_forgotten_readers_leave_no_open_files(packed):
    assert int(printed_by(FORGETFUL, packed)) == 0


def test_index_file_opens_the_folder_too(packed):
    assert PackedClips(packed / "index.json").digest == PackedClips(str(packed)).digest


def test_digest_tells_content_not_names(tmp_path):
    digests = {}
    for case, name, number, resolution in [
        ("same", "a", 3, 32),
        ("renamed", "b", 3, 32),
        ("other", "a", 4, 32),
        ("larger", "a", 3, 48),
    ]:
        write_exact(tmp_path / case / "v" / f"{name}.mkv", [picture(number, 48, 48)] * 2)
        pack_videos(tmp_path / case / "v", tmp_path / case / "out", settings=settings(resolution))
        digests[case] = PackedClips(tmp_path / case / "out").digest
    assert digests["same"] == digests["renamed"] and len(set(digests.values())) == 3
    assert all(len(digest) == 64 for digest in digests.values())


def test_whole_packing_is_verified(packed):
    assert PackedClips(packed).verify() is None


def test_one_changed_byte_is_found_and_its_clip_named(copied):
    content = bytearray((copied / "clips.zip").read_bytes())
    offset, size = np.load(copied / "offsets.npy")[9]  # frame 2 of clip b
    content[offset + size // 2] ^= 1
    (copied / "clips.zip").write_bytes(content)
    with pytest.raises(DataError, match=r"clips.zip: clip b is not what was packed; copy it again"):
        PackedClips(copied).verify()


def test_changed_container_and_offsets_are_found(copied):
    zipped = (copied / "clips.zip").read_bytes()
    (copied / "clips.zip").write_bytes(zipped[:-1] + b"\x01")
    with pytest.raises(DataError, match=r"clips.zip: is not what was packed"):
        PackedClips(copied).verify()
    (copied / "clips.zip").write_bytes(zipped)
    offsets = np.load(copied / "offsets.npy")
    offsets[3, 1] -= 1
    np.save(copied / "offsets.npy", offsets)
    with pytest.raises(DataError, match=r"offsets.npy: is not what was packed"):
        PackedClips(copied).verify()


def test_damaged_frame_is_named_when_read(copied):
    content = bytearray((copied / "clips.zip").read_bytes())
    offset, size = np.load(copied / "offsets.npy")[9]
    content[offset : offset + size] = bytes(int(size))
    (copied / "clips.zip").write_bytes(content)
    clips = PackedClips(copied)
    with pytest.raises(DataError, match=r"clips.zip: frame 2 of clip b is damaged \(.*\); copy the file again"):
        clips.read(1, [1, 2])
    assert number_of(clips.read(1, [3])[0]) == 3


def test_a_table_of_offsets_that_is_cut_off_while_it_is_read_is_named(copied):
    clips = PackedClips(copied)
    os.truncate(copied / "offsets.npy", 200)
    with pytest.raises(DataError, match=r"offsets.npy: was cut off; copy it again"):
        clips.read(1, [1, 2])


def test_frame_of_another_size_is_named_when_read(copied):
    edit_index(copied, lambda index: index.update(resolution=64))
    with pytest.raises(DataError, match="frame 0 of clip a is damaged"):
        PackedClips(copied).read(0, [0])


@pytest.mark.parametrize(
    "spoil, message",
    [
        (
            lambda d: (d / "index.json").unlink(),
            "there is no index.json .* make them with workflow_scripts/pack_videos.py",
        ),
        (
            lambda d: (d / "index.json").write_text("{"),
            r"index\.json: is not a whole index of packed clips \(Invalid JSON.*; .* pack the videos again",
        ),
        (lambda d: (d / "index.json").write_text("[]"), "is not a whole index of packed clips"),
        (lambda d: edit_index(d, lambda i: i.update(format="other")), "format: Input should be 'stylesv-packed-clips'"),
        (
            lambda d: edit_index(d, lambda i: i.update(format_version=3)),
            "format_version: Input should be 1 or 2.* pack the videos again with this version",
        ),
        (lambda d: edit_index(d, lambda i: i.pop("resolution")), "resolution: Field required"),
        (lambda d: edit_index(d, lambda i: i["clips"].pop()), r"offsets.npy: holds \(37, 2\) int64 where .* \(7, 2\)"),
        (lambda d: edit_index(d, lambda i: i["clips"].reverse()), "the files are of different packings"),
        (lambda d: (d / "clips.zip").unlink(), "packed clips are incomplete"),
        (lambda d: (d / "offsets.npy").unlink(), "packed clips are incomplete"),
        (lambda d: (d / "offsets.npy").write_bytes(b"junk"), "packed clips are incomplete"),
        (lambda d: (d / "clips.zip").write_bytes(b"short"), "clips.zip: has 5 bytes where index.json says"),
        (lambda d: np.save(d / "offsets.npy", np.zeros((37, 2))), "holds .* float64 where"),
    ],
)
def test_what_does_not_belong_together_is_refused(copied, spoil, message):
    spoil(copied)
    with pytest.raises(DataError, match=message) as error:
        PackedClips(copied)
    assert str(copied) in str(error.value)


def test_folder_that_is_missing_is_refused(tmp_path):
    with pytest.raises(DataError, match="holds no packed clips"):
        PackedClips(tmp_path / "missing")


def test_frames_are_stored_with_full_colour_resolution(packed):
    with zipfile.ZipFile(packed / "clips.zip") as archive:
        header = simplejpeg.decode_jpeg_header(archive.read("a/000000.jpg"))
    assert header[:2] == (32, 32) and header[3] == "444"

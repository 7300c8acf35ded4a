import itertools
import os
import zipfile

import pytest
from published_archives import colour_archives, pictures_in, place_of

from stylesv.data.video_sources import close_archive, find_sources
from stylesv.errors import DataError


@pytest.fixture(autouse=True)
def _forget_zip():
    yield
    close_archive()


def make(root, names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def summary(sources):
    return [(source.name, source.kind, source.members) for source in sources]


NAMES = [
    "b.MP4",
    "a/deep/er/c.mov",
    "clip/10.png",
    "clip/9.png",
    "clip/1.jpg",
    "clip.v2/f_2.png",
    "clip.v2/f_10.png",
    "films/x.webm",
    "films/x.jpg",
    "readme.txt",
    ".hidden/y.mp4",
    "__MACOSX/z.mp4",
    "._b.MP4",
]
EXPECTED = [
    ("a/deep/er/c.mov", "film", ("a/deep/er/c.mov",)),
    ("b.MP4", "film", ("b.MP4",)),
    ("clip", "frames", ("clip/1.jpg", "clip/9.png", "clip/10.png")),
    ("clip.v2", "frames", ("clip.v2/f_2.png", "clip.v2/f_10.png")),
    ("films/x.webm", "film", ("films/x.webm",)),
]


def test_folders_are_searched_to_their_depths_and_frames_sorted_by_number(tmp_path):
    sources, ignored = find_sources(make(tmp_path, NAMES))
    assert summary(sources) == EXPECTED
    assert ignored == ["films/x.jpg", "readme.txt"]


@pytest.mark.parametrize("folder_entries", [False, True])
def test_zip_gives_the_same_with_and_without_entries_for_folders(tmp_path, folder_entries):
    root = make(tmp_path / "root", NAMES)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for folder in {name.rpartition("/")[0] for name in NAMES if "/" in name} if folder_entries else ():
            archive.writestr(f"{folder}/", b"")
        for name in sorted(NAMES, reverse=True):
            archive.write(root / name, name)
    sources, ignored = find_sources(tmp_path / "all.zip")
    assert summary(sources) == EXPECTED and ignored == ["films/x.jpg", "readme.txt"]
    assert sources[1].read("b.MP4") == b"b.MP4"
    for zipped, plain in zip(sources, find_sources(root)[0], strict=True):
        assert zipped.sha256() == plain.sha256()


def test_a_zip_with_backslashes_has_the_folders_that_it_was_made_of(tmp_path):
    """As some programs for Windows write them; where a name has slashes, a backslash is a letter."""
    root = make(tmp_path / "root", [name for name in NAMES if "/" in name])
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name in NAMES:
            if "/" in name:
                info = zipfile.ZipInfo()
                info.filename = info.orig_filename = name.replace("/", "\\")  # its own making would not keep them
                archive.writestr(info, (root / name).read_bytes())
    sources, _ = find_sources(tmp_path / "all.zip")
    assert summary(sources) == [entry for entry in EXPECTED if "/" in entry[0] or entry[1] == "frames"]
    for zipped, plain in zip(sources, find_sources(root)[0], strict=True):
        assert zipped.sha256() == plain.sha256()


def test_content_hash_of_frames_sees_names_order_and_borders(tmp_path):
    hashes = set()
    for number, frames in enumerate([{"0.png": "ab", "1.png": "c"}, {"0.png": "a", "1.png": "bc"}, {"0.png": "abc"}]):
        folder = tmp_path / str(number) / "clip"
        folder.mkdir(parents=True)
        for name, content in frames.items():
            (folder / name).write_text(content)
        hashes.add(find_sources(tmp_path / str(number))[0][0].sha256())
    assert len(hashes) == 3


def test_published_archives_are_read_with_their_defects_mended(golden_dir):
    """Each video's frames come in order, where the published loader mixes them up (docs/data.md 2.3).

    It takes videos without folders of their own for one, puts `frame10` before `frame9`, and ends at labels.
    """
    for archive in colour_archives(golden_dir):
        sources, _ = find_sources(archive)
        found = [[place_of(source.read(member)) for member in source.members] for source in sources]
        assert found == [[(video, frame) for frame in range(len(row))] for video, row in enumerate(found)], archive.name
        assert sorted(itertools.chain(*found)) == sorted(map(place_of, pictures_in(archive))), archive.name


def test_links_to_folders_are_followed_and_loops_end(tmp_path):
    elsewhere = make(tmp_path / "elsewhere", ["a.mp4"])
    root = make(tmp_path / "root", ["b.mp4"])
    (root / "linked").symlink_to(elsewhere)
    (root / "loop").symlink_to(root)
    assert [source.name for source in find_sources(root)[0]] == ["b.mp4", "linked/a.mp4"]


def test_one_film_and_frames_at_the_root_are_sources_too(tmp_path):
    film = make(tmp_path / "one", ["a.mp4", "b.mp4"]) / "a.mp4"
    assert summary(find_sources(film)[0]) == [("a.mp4", "film", ("a.mp4",))]
    frames = make(tmp_path / "frames", ["1.png", "0.png"])
    assert summary(find_sources(frames)[0]) == [(".", "frames", ("0.png", "1.png"))]


def test_name_that_is_no_utf8_is_found_and_can_be_printed(tmp_path):
    name = b"caf\xe9.mp4"
    (tmp_path / os.fsdecode(name)).write_bytes(b"x")
    ((source,), _) = find_sources(tmp_path)
    assert source.name == "caf\\xe9.mp4"
    assert source.read(source.members[0]) == b"x"


def test_nothing_to_use_is_said_in_one_line(tmp_path):
    def message(path):
        with pytest.raises(DataError) as error:
            find_sources(path)
        assert "\n" not in str(error.value) and str(path) in str(error.value)
        assert "give a folder or .zip of films (.mp4" in str(error.value)
        return str(error.value)

    assert "no such file or folder" in message(tmp_path / "missing")
    assert "is empty" in message(tmp_path)
    assert "holds 1 files, such as a.txt, but no videos" in message(make(tmp_path / "text", ["a.txt"]))
    assert "neither a folder nor a zip nor a film" in message(tmp_path / "text" / "a.txt")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 cut off")
    assert "neither a folder nor a zip nor a film" in message(tmp_path / "broken.zip")


def test_damaged_and_locked_members_of_a_zip_are_named(tmp_path):
    path = tmp_path / "films.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.mp4", b"A" * 1000)
    path.write_bytes(path.read_bytes().replace(b"A" * 1000, b"A" * 999 + b"B"))
    ((source,), _) = find_sources(path)
    with pytest.raises(DataError, match=r"cannot be unpacked \(Bad CRC-32 for file 'a.mp4'"):
        source.read("a.mp4")

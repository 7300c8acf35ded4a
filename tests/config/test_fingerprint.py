"""The key of a folder of videos follows what packing would pack, and nothing else."""

import hashlib
import os
import random
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from other_user import without_privileges

from stylesv.config.fingerprint import fingerprint_videos
from stylesv.errors import DataError, MachineError


def make(root: Path, files: dict[str, int]) -> Path:
    """Files of so many bytes."""
    for name, size in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x" * size)
    return root


FILES = {
    "train/bowling/a.mp4": 10,
    "train/bowling/b.mp4": 20,
    "train/running/c.avi": 30,
    "test/running/d.MKV": 40,
    "frames/clip/000.png": 5,
    "frames/clip/001.png": 6,
    "frames/clip/002.png": 7,
    "e.webm": 50,
}


@pytest.fixture
def videos(tmp_path) -> Path:
    return make(tmp_path / "videos", FILES)


@pytest.mark.parametrize(
    "change",
    [
        {"train/bowling/new.mp4": 10},
        {"train/bowling/b.mp4": 21},
        {"frames/clip/001.png": 60},
        {"frames/clip/0015.png": 6},
        {"a/b/c/d/e/f/g.mp4": 1},
        {"new.mp4": 1},
    ],
    ids=str,
)
def test_a_video_added_or_replaced_at_any_depth_changes_the_key(videos, change):
    before = fingerprint_videos(videos)
    make(videos, change)
    assert fingerprint_videos(videos) != before


def test_a_video_removed_renamed_or_moved_inside_changes_the_key_and_back_is_the_same(videos):
    keys = [fingerprint_videos(videos)]
    film = videos / "train" / "bowling" / "a.mp4"
    for place in ("train/bowling/other.mp4", "train/running/a.mp4", "train/bowling/a.mov"):
        film.rename(videos / place)
        keys.append(fingerprint_videos(videos))
        (videos / place).rename(film)
    film.unlink()
    keys.append(fingerprint_videos(videos))
    assert len(set(keys)) == 5
    make(videos, {"train/bowling/a.mp4": 10})
    assert fingerprint_videos(videos) == keys[0]


def test_two_films_of_a_folder_that_exchange_their_sizes_change_the_key(videos):
    before = fingerprint_videos(videos)
    make(videos, {"train/bowling/a.mp4": 20, "train/bowling/b.mp4": 10})
    assert fingerprint_videos(videos) != before


def test_place_time_and_what_packing_ignores_are_not_in_the_key(videos, tmp_path):
    before = fingerprint_videos(videos)
    copy = shutil.copytree(videos, tmp_path / "else" / "where")
    os.utime(copy / "e.webm", (0, 0))
    make(copy, {"notes.txt": 3, ".hidden.mp4": 1, "train/.git/x.mp4": 1, "__MACOSX/y.mp4": 1, "train/._b.mp4": 1})
    make(copy, {"train/bowling/thumbnail.jpg": 9, "train/bowling/a.srt": 9})
    (copy / "empty").mkdir()
    assert fingerprint_videos(copy) == before


def test_a_flat_folder_of_films_keeps_the_key_that_it_always_had(tmp_path):
    make(tmp_path, {"b.mp4": 20, "a.mp4": 10, "c d.mkv": 30})
    assert fingerprint_videos(tmp_path) == hashlib.sha256(b"a.mp4 10\nb.mp4 20\nc d.mkv 30").hexdigest()[:16]
    make(tmp_path / "one", {"film.mp4": 5})
    assert fingerprint_videos(tmp_path / "one" / "film.mp4") == hashlib.sha256(b"film.mp4 5").hexdigest()[:16]


def test_a_zip_has_the_key_of_what_it_unpacks_to_whatever_it_is_called(videos, tmp_path):
    for name, method in (("stored", zipfile.ZIP_STORED), ("deflated", zipfile.ZIP_DEFLATED)):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w", method) as archive:
            for path in sorted(videos.rglob("*"), reverse=name == "stored"):
                archive.write(path, path.relative_to(videos))  # folders, too
            archive.writestr("__MACOSX/._e.webm", b"")
            archive.writestr(".DS_Store", b"")
        assert fingerprint_videos(tmp_path / f"{name}.zip") == fingerprint_videos(videos)
    with zipfile.ZipFile(tmp_path / "stored.zip", "a") as archive:
        archive.writestr("train/bowling/new.mp4", b"x")
    make(videos, {"train/bowling/new.mp4": 1})
    assert fingerprint_videos(tmp_path / "stored.zip") == fingerprint_videos(videos)


def test_links_are_followed_but_not_in_a_circle(videos, tmp_path):
    before = fingerprint_videos(videos)
    (videos / "circle").symlink_to(videos)
    (videos / "train" / "up").symlink_to("..")
    assert fingerprint_videos(videos) == before
    elsewhere = make(tmp_path / "elsewhere", {"deep/f.mp4": 10})
    (videos / "linked").symlink_to(elsewhere)
    linked = fingerprint_videos(videos)
    make(elsewhere, {"deep/f.mp4": 11})
    assert len({before, linked, fingerprint_videos(videos)}) == 3


def test_two_links_to_one_folder_count_whatever_order_the_disk_lists_them_in(tmp_path):
    elsewhere = make(tmp_path / "elsewhere", {"f.mp4": 10})
    root = make(tmp_path / "root", {"g.mp4": 10})
    for name in "zyxabc":
        (root / name).symlink_to(elsewhere)
    lines = sorted(["g.mp4 10", *(f"{name}/f.mp4 10" for name in "zyxabc")])
    assert fingerprint_videos(root) == hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def test_a_link_that_leads_nowhere_counts_as_such_and_changes_the_key_when_it_leads_somewhere(videos, tmp_path):
    keys = [fingerprint_videos(videos)]
    (videos / "train" / "g.mp4").symlink_to(tmp_path / "not" / "mounted" / "g.mp4")
    (videos / "train" / "notes").symlink_to("nowhere")
    keys.append(fingerprint_videos(videos))
    make(tmp_path, {"not/mounted/g.mp4": 10})
    keys.append(fingerprint_videos(videos))
    (videos / "train" / "h.mp4").symlink_to("h.mp4")
    keys.append(fingerprint_videos(videos))
    assert len(set(keys)) == 4


def test_names_that_are_no_utf8_are_in_the_key(videos):
    keys = {fingerprint_videos(videos)}
    for folder, film in ((b"caf\xe9", b"x.mp4"), (b"caf\xe8", b"x.mp4"), (b"ok", b"\xff.mp4")):
        place = os.fsencode(videos) + b"/" + folder
        os.mkdir(place)
        Path(os.fsdecode(place + b"/" + film)).write_bytes(b"x")
        keys.add(fingerprint_videos(videos))
    assert len(keys) == 4


def test_a_folder_without_videos_is_one_line(tmp_path):
    def message(path: Path) -> str:
        with pytest.raises(DataError) as error:
            fingerprint_videos(path)
        assert "\n" not in str(error.value) and str(error.value).startswith(f"{path}: ")
        assert "give a folder or .zip of films (.mp4" in str(error.value)
        return str(error.value)

    assert "no such file or folder" in message(tmp_path / "missing")
    assert "is empty" in message(tmp_path)
    assert "holds 2 files, such as a.txt, but no videos" in message(make(tmp_path / "text", {"a.txt": 1, "b/c.txt": 1}))
    os.mkfifo(tmp_path / "pipe.mp4")
    assert "neither a folder nor a zip nor a film" in message(tmp_path / "pipe.mp4")
    (tmp_path / "dangling").symlink_to("nowhere")
    assert "no such file or folder" in message(tmp_path / "dangling")


def test_a_damaged_zip_is_one_line(videos, tmp_path):
    path = Path(shutil.make_archive(str(tmp_path / "videos"), "zip", videos))
    content = path.read_bytes()
    path.write_bytes(content.replace(b"PK\x01\x02", b"PK\x09\x09"))
    with pytest.raises(DataError, match=r"videos\.zip: is a damaged zip \(.*\); mend it or pack it again"):
        fingerprint_videos(path)


def test_a_disk_that_fails_is_not_taken_for_another_kind_of_file(tmp_path):
    """The start of a process's own memory cannot be read: a real EIO."""
    (tmp_path / "videos.zip").symlink_to("/proc/self/mem")
    with pytest.raises(MachineError, match=r"videos\.zip: cannot be read \(Input/output error\)"):
        fingerprint_videos(tmp_path / "videos.zip")


PROGRAM = """
import sys
from pathlib import Path
from stylesv.config.fingerprint import fingerprint_videos
from stylesv.errors import run_command
run_command(lambda: print(fingerprint_videos(Path(sys.argv[1]))))
assert "torch" not in sys.modules
"""


def test_a_folder_that_cannot_be_read_is_one_line_and_one_that_is_hidden_is_passed_over(root, videos):
    def run() -> subprocess.CompletedProcess[str]:
        command = [*without_privileges(), sys.executable, "-c", PROGRAM, str(videos)]
        return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(root)})

    (videos / ".trash").mkdir(mode=0)
    done = run()
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, fingerprint_videos(videos), "")
    locked = videos / "train" / "locked"
    locked.mkdir(mode=0)
    done = run()
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"error: {locked}: cannot be read (Permission denied); allow it or leave it out")
    locked.rmdir()
    (videos / ".trash").rmdir()


def what_packing_reads(root: Path) -> set[tuple[str, int]]:
    """Names and sizes of films and of pictures that are frames, found another way."""
    found = set()
    for folder, _, names in os.walk(root):
        place = Path(folder).relative_to(root)
        if any(part.startswith(".") for part in place.parts):
            continue
        names = [name for name in names if not name.startswith(".")]
        films = [name for name in names if name.endswith((".mp4", ".avi"))]
        kept = films or [name for name in names if name.endswith((".png", ".jpg"))]
        found |= {(str(place / name), os.path.getsize(Path(folder, name))) for name in kept}
    return found


@pytest.mark.parametrize("seed", range(4))
def test_the_key_changes_exactly_when_what_packing_reads_does(tmp_path, seed):
    rng = random.Random(seed)
    root = make(tmp_path / "root", {"always.mp4": 1})
    keys = {}
    for _ in range(60):
        folder = "/".join(rng.choices(["a", "b", ".c"], [4, 4, 1], k=rng.randrange(4)))
        name = rng.choice(["1", "2", ".3"]) + rng.choice([".mp4", ".avi", ".png", ".jpg", ".txt"])
        path = root / folder / name
        if path.exists() and rng.random() < 0.6:
            path.unlink()
        else:
            make(root, {f"{folder}/{name}" if folder else name: rng.randrange(3)})
        keys.setdefault(frozenset(what_packing_reads(root)), set()).add(fingerprint_videos(root))
    assert all(len(found) == 1 for found in keys.values()), "the same videos, the same key"
    assert len(set.union(*keys.values())) == len(keys) > 10, "other videos, another key"

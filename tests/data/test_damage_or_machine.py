"""What the machine lacks stops the packing; only data that is damaged is called so. Real limits, real errors of disks."""

import errno
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from film_making import picture, settings, write_exact, write_frames, write_lossy
from other_user import without_privileges

from stylesv.data import damage, decoding, video_sources
from stylesv.data.decoding import VideoFacts, decode_film
from stylesv.data.packed import PackedClips
from stylesv.data.packing import describe_packing, pack_videos
from stylesv.data.pictures import decode_frame_folder
from stylesv.data.video_sources import close_archive, find_sources
from stylesv.errors import MachineError
from stylesv.records.packed_index import PackedIndex

LIMITED = """
import resource, runpy, sys
import stylesv.data.packing  # what is imported does not count

extra, sys.argv = int(sys.argv[1]), sys.argv[2:]
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + extra * 1000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def index_of(*arguments: Any, **options: Any) -> dict[str, Any]:
    """What the index of a packing holds."""
    return pack_videos(*arguments, **options).model_dump(mode="json")


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    for suffix in (".mp4", ".webm", ".avi", ".mpg", ".mkv"):
        write_lossy(folder / f"film{suffix}", 20, size=(320, 240), noise=20)
    for suffix in (".png", ".jpg"):
        names = [f"{number}{suffix}" for number in range(4)]
        write_frames(folder / suffix.strip("."), [picture(number, 300, 400) for number in range(4)], names=names)
    return folder


@pytest.fixture(scope="module")
def packed(videos, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("packed")
    index = index_of(videos, out, settings=settings(64))
    assert len(index["clips"]) == 7 and index["dropped"] == []
    return out


@pytest.fixture
def pack(root) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the program, with what stands before it and under limits."""

    def pack(videos: Path, out: Path, *options: str, before: tuple[str, ...] = (), **limits: int):
        def set_limits():
            for name, value in limits.items():
                resource.setrlimit(getattr(resource, name), (value, value))

        command = [*without_privileges(), sys.executable, *before, str(root / "workflow_scripts" / "pack_videos.py")]
        command += ["--videos", str(videos), "--out", str(out), "--resolution", "64", *options]
        environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
        return subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=300, preexec_fn=set_limits
        )

    return pack


def refused_or_whole(done: subprocess.CompletedProcess[str], out: Path, packed: Path) -> bool:
    """Whether the packing was refused, in one line and without a trace; else it must be byte by byte what it should be."""
    said = [
        line for line in done.stderr.splitlines() if not line.startswith("packing: ")
    ]  # how far it is, when it takes long
    if done.returncode == 0:
        assert said == []
        for file in packed.iterdir():
            assert (out / file.name).read_bytes() == file.read_bytes()
        shutil.rmtree(out)
        return False
    assert done.returncode == 2 and [line[:7] for line in said] == ["error: "], done.stderr
    assert "run again" in done.stderr and done.stdout == ""
    assert not out.exists()
    return True


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", pytest.param("3", marks=pytest.mark.long)])
def test_short_memory_stops_the_packing_or_changes_nothing(pack, videos, packed, tmp_path, workers):
    program = tmp_path / "limited.py"
    program.write_text(LIMITED)
    refused = []
    for extra_kb in (3_000, 5_000, 9_000, 14_000, 400_000):
        out = tmp_path / "out"
        done = pack(videos, out, "--num-workers", workers, before=(str(program), str(extra_kb)))
        refused.append(refused_or_whole(done, out, packed))
    assert refused[0] and not refused[-1]


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", pytest.param("3", marks=pytest.mark.long)])
def test_short_descriptors_stop_the_packing_or_change_nothing(pack, videos, packed, tmp_path, workers):
    refused = []
    for files in (6, 7, 8, 12, 64):
        done = pack(videos, tmp_path / "out", "--num-workers", workers, RLIMIT_NOFILE=files)
        refused.append(refused_or_whole(done, tmp_path / "out", packed))
        assert not refused[-1] or "Too many open files" in done.stderr
    assert refused[0] and not refused[-1]


def test_a_film_that_may_not_be_read_stops_the_packing(pack, tmp_path):
    films = [write_lossy(tmp_path / "v" / f"{name}.mp4", 5) for name in "abc"]
    films[1].chmod(0)
    done = pack(tmp_path / "v", tmp_path / "out")
    assert (done.returncode, done.stdout) == (2, "") and not (tmp_path / "out").exists()
    assert done.stderr == (
        f"error: {films[1]}: cannot be read (Permission denied); allow it or leave it out, then run again\n"
    )
    films[1].chmod(0o400)
    assert pack(tmp_path / "v", tmp_path / "out").returncode == 0


@pytest.mark.parametrize("name", ["b.mp4", "clip/1.png"])
def test_a_video_on_a_disk_that_fails_stops_the_packing(pack, tmp_path, name):
    """The start of a process's own memory cannot be read: a real EIO."""
    write_lossy(tmp_path / "v" / "a.mp4", 5)
    write_frames(tmp_path / "v" / "clip", [picture(0, 32, 32)], names=["0.png"])
    (tmp_path / "v" / name).symlink_to("/proc/self/mem")
    done = pack(tmp_path / "v", tmp_path / "out")
    assert (done.returncode, done.stdout) == (2, "") and not (tmp_path / "out").exists()
    assert done.stderr.startswith(f"error: {tmp_path / 'v' / name}: cannot be read (Input/output error); look after")
    assert done.stderr.count("\n") == 1


def test_an_output_folder_that_may_not_be_written_is_one_line(pack, tmp_path):
    write_lossy(tmp_path / "v" / "a.mp4", 5)
    (tmp_path / "locked").mkdir(mode=0o500)
    done = pack(tmp_path / "v", tmp_path / "locked" / "out")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"error: {tmp_path / 'locked' / 'out'}: Permission denied; nothing was written")


class FailingFile(io.BufferedReader):
    """A file whose reading fails behind its first bytes, with one of the system's numbers or for want of memory."""

    def __init__(self, path: Path, first_bytes: int, error: Exception):
        super().__init__(io.FileIO(path))
        self._first_bytes, self._error = first_bytes, error

    def read(self, size: int = -1) -> bytes:
        if size < 0 or self.tell() + size > self._first_bytes:
            raise self._error
        return super().read(size)


NUMBERS = [errno.EIO, errno.ESTALE, errno.EAGAIN, errno.EINTR, errno.ENOMEM, errno.EPERM]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".avi", ".mpg"])
def test_a_read_that_fails_in_the_midst_of_a_film_is_no_early_end(tmp_path, monkeypatch, suffix):
    """FFmpeg takes such a read for the film's end: without damage for some containers."""
    path = write_lossy(tmp_path / f"a{suffix}", 30, size=(128, 96), noise=255)
    size = path.stat().st_size
    assert size > 10 * 32768, "FFmpeg reads so much at once"
    errors = [*(OSError(number, os.strerror(number)) for number in NUMBERS), MemoryError()]
    for share, error in zip([0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9], errors, strict=True):
        first_bytes = int(size * share)
        failing = (first_bytes, error)
        monkeypatch.setattr(decoding, "open_video", lambda path, failing=failing: FailingFile(path, *failing))
        with pytest.raises(MachineError) as stopped:
            list(decode_film(path, VideoFacts()))
        assert str(stopped.value).startswith(f"{path}: cannot be read (")
        assert (getattr(error, "strerror", None) or "memory ran out") in str(stopped.value)


def test_a_read_that_fails_in_a_frame_folder_or_a_zip_is_no_damage(tmp_path, monkeypatch):
    write_frames(tmp_path / "v" / "clip", [picture(number, 32, 32) for number in range(3)])
    (source,), _ = find_sources(tmp_path / "v")
    for number in NUMBERS:
        error = OSError(number, os.strerror(number))
        monkeypatch.setattr(video_sources, "open_video", lambda path, error=error: FailingFile(path, 0, error))
        with pytest.raises(MachineError, match=r"000000\.png: cannot be read"):
            list(decode_frame_folder(source, VideoFacts()))
        with pytest.raises(MachineError, match=r"000000\.png: cannot be read"):
            source.sha256()
    with zipfile.ZipFile(tmp_path / "v.zip", "w") as archive:
        archive.write(write_lossy(tmp_path / "a.mp4", 3), "a.mp4")
    for number in NUMBERS:
        (source,), _ = find_sources(tmp_path / "v.zip")
        archive = video_sources.open_archive(tmp_path / "v.zip")
        archive.fp.close()
        archive.fp = FailingFile(tmp_path / "v.zip", 0, OSError(number, os.strerror(number)))
        with pytest.raises(MachineError, match=r"v\.zip/a\.mp4: cannot be read"):
            source.read("a.mp4")
        archive.fp.close()
        close_archive()


def test_a_zip_that_is_gone_or_changed_while_it_is_packed_stops_the_packing(tmp_path):
    with zipfile.ZipFile(tmp_path / "v.zip", "w") as archive:
        archive.write(write_lossy(tmp_path / "a.mp4", 3), "a.mp4")
    (source,), _ = find_sources(tmp_path / "v.zip")
    (tmp_path / "v.zip").write_bytes(b"another")
    with pytest.raises(MachineError, match=r"v\.zip: cannot be read \(File is not a zip file\)"):
        source.read("a.mp4")
    (tmp_path / "v.zip").unlink()
    with pytest.raises(MachineError, match=r"v\.zip: cannot be read \(No such file or directory\)"):
        source.read("a.mp4")


def test_a_film_that_is_gone_while_it_is_packed_stops_the_packing(tmp_path):
    path = write_lossy(tmp_path / "v" / "a.mp4", 3)
    (source,), _ = find_sources(tmp_path / "v")
    path.unlink()
    with pytest.raises(MachineError, match=r"a\.mp4: cannot be read \(No such file or directory\)"):
        list(decode_film(path, VideoFacts()))
    with pytest.raises(MachineError, match=r"a\.mp4: cannot be read \(No such file or directory\)"):
        source.sha256()


@pytest.fixture
def no_memory(monkeypatch):
    """Less address space left than is asked for before damage is believed."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (200 << 20), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def test_packed_clips_that_cannot_be_opened_or_read_are_not_called_damaged(packed):
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        with pytest.raises(MachineError, match=r"cannot be read \(Too many open files\)"):
            PackedClips(packed)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    clips = PackedClips(packed)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        with pytest.raises(MachineError, match=r"clips\.zip: cannot be read \(Too many open files\)"):
            clips.read(0, [0])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    clips.read(0, [0])
    handle = os.open("/proc/self/mem", os.O_RDONLY)
    os.dup2(handle, clips._opened(clips._files[0].path).number)
    os.close(handle)
    with pytest.raises(MachineError, match=r"clips\.zip: cannot be read \(Input/output error\)"):
        clips.read(0, [0])


def test_damage_is_not_believed_while_memory_is_short(tmp_path, no_memory):
    (tmp_path / "text.mp4").write_text("this is text")
    with pytest.raises(MachineError, match=r"text\.mp4: cannot be decoded, and whether it is damaged cannot be told"):
        list(decode_film(tmp_path / "text.mp4", VideoFacts()))
    write_frames(tmp_path / "v" / "clip", [picture(0, 32, 32)])
    (tmp_path / "v" / "clip" / "000001.png").write_bytes(b"oops")
    (source,), _ = find_sources(tmp_path / "v")
    with pytest.raises(MachineError, match=r"000001\.png: cannot be decoded, and whether it is damaged cannot be told"):
        list(decode_frame_folder(source, VideoFacts()))


def test_damage_is_not_believed_while_threads_are_short(tmp_path, monkeypatch):
    def start(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(damage.threading.Thread, "start", start)
    (tmp_path / "text.mp4").write_text("this is text")
    with pytest.raises(MachineError, match="threads are short"):
        list(decode_film(tmp_path / "text.mp4", VideoFacts()))


def write_with_a_system_number(folder: Path, number: int) -> Path:
    """A film damaged so that FFmpeg gives the system's number for it, on a machine that lacks nothing."""
    if number == errno.ENOMEM:  # a table of 268 million entries
        path = write_lossy(folder / "memory.mp4", 12)
        content = bytearray(path.read_bytes())
        count = content.index(b"stts") + 8
        content[count : count + 4] = (1 << 28).to_bytes(4, "big")
    elif number == errno.EIO:  # cut in its header
        path = write_lossy(folder / "disk.mkv", 12)
        content = path.read_bytes()[:60]
    else:
        path = write_lossy(folder / ("again.ts" if number == errno.EAGAIN else "permission.wmv"), 12, noise=20)
        content = path.read_bytes()
        content = content[: 37 * 188 + 7] + bytes(400) if number == errno.EAGAIN else content[:300]
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("number", [errno.ENOMEM, errno.EIO, errno.EAGAIN, errno.EPERM])
def test_damage_that_ffmpeg_gives_a_number_of_the_system_is_damage(tmp_path, number):
    write_lossy(tmp_path / "v" / "sound.mp4", 5)
    path = write_with_a_system_number(tmp_path / "v", number)
    with pytest.raises(av.FFmpegError) as raised, av.open(str(path)) as film:
        for packet in film.demux(video=0):
            packet.decode()
    assert raised.value.errno == number, "or this film tests nothing"
    index = index_of(tmp_path / "v", tmp_path / "out", settings=settings())
    assert [clip["name"] for clip in index["clips"]] == ["sound"]
    (dropped,) = index["dropped"]
    assert dropped["name"] == path.name and os.strerror(number) not in dropped["reason"], "it would blame the machine"


def test_films_whose_words_are_no_utf8_or_whose_codec_is_unknown_do_not_end_the_packing(tmp_path):
    sound = write_lossy(tmp_path / "v" / "sound.mp4", 5)
    words = sound.read_bytes().replace(b"Lavf", b"L\xffvf")
    assert words != sound.read_bytes()
    (tmp_path / "v" / "words.mp4").write_bytes(words)
    content = sound.read_bytes()
    table = content.index(b"stsd")
    (tmp_path / "v" / "codec.mp4").write_bytes(content[:table] + content[table:].replace(b"avc1", b"zzzz", 1))
    index = index_of(tmp_path / "v", tmp_path / "out", settings=settings())
    assert [clip["name"] for clip in index["clips"]] == ["sound", "words"]
    assert [entry["name"] for entry in index["dropped"]] == ["codec.mp4"]
    assert index["dropped"][0]["reason"] == "is of a kind that cannot be decoded; 0 frames could be read"


def test_damaged_members_of_a_zip_are_dropped_whatever_they_were_packed_with(tmp_path):
    film = write_lossy(tmp_path / "a.mp4", 20, noise=50).read_bytes()
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with zipfile.ZipFile(tmp_path / "v.zip", "w", method) as archive:
            archive.writestr("a.mp4", film)
            archive.writestr("b.mp4", film)
        content = bytearray((tmp_path / "v.zip").read_bytes())
        content[200:600] = bytes(range(200)) * 2
        (tmp_path / "v.zip").write_bytes(content)
        index = index_of(tmp_path / "v.zip", tmp_path / "out", settings=settings())
        assert [clip["name"] for clip in index["clips"]] == ["b"]
        (dropped,) = index["dropped"]
        assert dropped["reason"].startswith("is damaged: cannot be unpacked (")
        assert str(tmp_path) not in json.dumps(index), "an index names no place"


def test_links_that_lead_nowhere_are_dropped_and_listed(tmp_path):
    root = tmp_path / "v"
    write_lossy(root / "deep" / "a.mp4", 5)
    write_frames(root / "clip", [picture(number, 32, 32) for number in range(2)])
    sound = index_of(root, tmp_path / "sound", settings=settings())
    (root / "deep" / "b.mp4").symlink_to("/not/mounted/b.mp4")
    (root / "deep" / "c.mp4").symlink_to("c.mp4")
    (root / "clip" / "000002.png").symlink_to("/not/mounted/2.png")
    (root / "clip" / "notes").symlink_to("/not/mounted")
    index = index_of(root, tmp_path / "out", settings=settings(), num_workers=2)
    assert [clip["name"] for clip in index["clips"]] == ["deep_a"]
    reason = "is a link that leads nowhere; 0 frames could be read"
    assert index["dropped"] == [
        {
            "name": "clip",
            "num_frames": 2,
            "reason": "is damaged: frame 000002.png cannot be read (is a link that leads nowhere); 2 frames could be read",
        },
        {"name": "deep/b.mp4", "num_frames": 0, "reason": reason},
        {"name": "deep/c.mp4", "num_frames": 0, "reason": reason},
    ]
    assert [source["sha256"] is None for source in index["sources"]] == [True, False, True, True]
    assert index["ignored_files"] == ["clip/notes"]
    assert f"dropped: deep/b.mp4: {reason}" in describe_packing(PackedIndex.model_validate_json(json.dumps(index)))
    assert "/not/mounted" not in json.dumps(index)
    assert index["clips"][0]["sha256"] in {clip["sha256"] for clip in sound["clips"]}
    used = index_of(root, tmp_path / "used", settings=settings(damaged="use"))
    assert {clip["name"]: clip["num_frames"] for clip in used["clips"]} == {"clip": 2, "deep_a": 5}


def test_pipes_are_dropped_and_not_waited_for(tmp_path):
    write_lossy(tmp_path / "v" / "a.mp4", 5)
    os.mkfifo(tmp_path / "v" / "b.mp4")
    index = index_of(tmp_path / "v", tmp_path / "out", settings=settings())
    assert [entry["name"] for entry in index["dropped"]] == ["b.mp4"]
    assert index["dropped"][0]["reason"].startswith("is no file that can be read, but a pipe")


HOLDS = """
import gc, os, sys
from pathlib import Path
import av
from stylesv.data.decoding import VideoFacts, decode_film

gc.disable()
for number, _ in enumerate(decode_film(Path(sys.argv[1]), VideoFacts())):
    if number % 20 == 19:
        print(len(os.listdir("/proc/self/task")), sum(isinstance(thing, av.VideoFrame) for thing in gc.get_objects()))
"""


def test_decoding_starts_no_threads_and_keeps_no_frames(root, tmp_path):
    """They piled up until memory ran out: a thread for every core and frame, and all frames until a collection."""
    command = [sys.executable, "-c", HOLDS, str(write_lossy(tmp_path / "a.mp4", 100))]
    environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    threads, frames = zip(*(map(int, line.split()) for line in done.stdout.splitlines()), strict=True)
    assert len(threads) == 5 and threads[-1] <= threads[0]
    assert max(frames) <= 20, "those that the decoder holds"


def test_frames_are_those_that_ffmpeg_gives_alone(tmp_path):
    """One converter for all frames of a film, whatever their size."""
    path = write_exact(tmp_path / "a.mkv", [picture(number, 37, 53) for number in range(6)])
    with av.open(str(path)) as film:
        expected = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    found = [np.asarray(frame.image) for frame in decode_film(path, VideoFacts())]
    np.testing.assert_array_equal(found, expected)

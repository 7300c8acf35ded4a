"""Small files that ask for more than any machine has, or never end: each is one line that names it, and costs little."""

import dataclasses
import os
import pickle
import resource
import socket
import struct
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from film_making import write_lossy

from stylesv.checkpoint.pickle_budget import MOST_OPERATIONS, MOST_VALUES
from stylesv.checkpoint.published_pickle import read_pickle
from stylesv.checkpoint.published_snapshot import read_snapshot
from stylesv.config.yaml_files import read_layer
from stylesv.data.decoding import VideoFacts, decode_film
from stylesv.data.video_sources import find_sources
from stylesv.errors import CheckpointError, DataError, StyleSVError
from stylesv.fetching.transfer import Patience, transfer
from stylesv.files import file_sha256, read_header
from stylesv.media.video_file import write_video

SHELL = b"csrc.torch_utils.persistence\n_reconstruct_persistent_obj\n"
LIMITED = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (120, 120))
from stylesv.checkpoint.published_snapshot import read_snapshot
from stylesv.errors import CheckpointError
try:
    read_snapshot(Path(sys.argv[1]))
except CheckpointError as error:
    print(error)
"""


def network(cfg: bytes, modules: bytes = b"}") -> bytes:
    """A pickle of a snapshot whose averaged generator has these options and modules, each a pickle's operations."""
    state = b"(" + b"".join(
        b"U" + bytes([len(name)]) + name + value
        for name, value in ((b"_parameters", b"}"), (b"_buffers", b"}"), (b"_modules", modules),
                            (b"_init_kwargs", b"(U\x03cfg" + cfg + b"d"))
    ) + b"d"  # fmt: skip
    return b"\x80\x02(U\x05G_ema" + SHELL + b"((U\x05state" + state + b"dtRd."


def laughs(depth: int) -> bytes:
    """A list of two of a list of two ..., which a few hundred bytes hold."""
    text = b"(U\x01xU\x01xlq\x00"
    for number in range(1, depth):
        text += b"0(h" + bytes([number - 1]) + b"h" + bytes([number - 1]) + b"lq" + bytes([number])
    return text


def module(children: bytes) -> bytes:
    return SHELL + b"((U\x05state(U\x0b_parameters}U\x08_buffers}U\x08_modules" + children + b"ddtR"


def modules_of_modules(depth: int) -> bytes:
    """Each layer holds the one below twice."""
    text = module(b"}") + b"q\x00"
    for number in range(1, depth):
        below = b"h" + bytes([number - 1])
        text += b"0" + module(b"(U\x01a" + below + b"U\x01b" + below + b"d") + b"q" + bytes([number])
    return b"(U\x03top" + text + b"d"


def nested_modules(depth: int) -> bytes:
    start = module(b"(U\x01a").removesuffix(b"ddtR")
    return b"(U\x03top" + start * depth + b"N" + b"dddtR" * depth + b"d"


BOMBS = {
    "a memo index of gigabytes": (b"\x80\x02}r" + struct.pack("<I", 2**32 - 1) + b".", "asks for 4,294,967,295 places"),
    "a memo index in words": (b"(lp" + b"9" * 15 + b"\n.", "places to keep values in (PUT)"),
    "too many operations": (b"\x80\x02]" + b"N0" * (MOST_OPERATIONS // 2) + b".", f"more than {MOST_OPERATIONS:,}"),
    "options that repeat each other": (network(laughs(60)), "refer to themselves"),
    "options that double a few times": (network(laughs(25)), f"more than {MOST_VALUES:,} options"),
    "layers that repeat each other": (network(b"}", modules_of_modules(40)), f"more than {MOST_VALUES:,} options"),
    "layers within layers": (network(b"}", nested_modules(5000)), "is damaged (RecursionError"),
}


@pytest.mark.parametrize(("content", "words"), BOMBS.values(), ids=BOMBS)
def test_a_pickle_that_asks_for_too_much_is_one_line(tmp_path, content, words):
    """In a process of its own, which may not have more than 6 GiB and 120 s."""
    path = tmp_path / "bomb.pkl"
    path.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("\n") == 1 and str(path) in done.stdout and words in done.stdout


def test_a_tensor_that_shows_few_values_as_terabytes_is_refused(tmp_path):
    import torch

    class Wide:
        def __reduce__(self):
            storage = torch.zeros(2)._typed_storage()
            return torch._utils._rebuild_tensor_v2, (storage, 0, (10**7, 10**7), (0, 0), False, {})

    path = tmp_path / "wide.pkl"
    path.write_bytes(pickle.dumps({"G_ema": Wide()}, protocol=2))
    with pytest.raises(CheckpointError, match=r"wide\.pkl: refused: "):
        read_pickle(path)


def test_what_has_no_end_is_not_read(tmp_path):
    """A pipe that nobody writes to, and a device."""
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        for path in (tmp_path / "pipe", tmp_path / "socket", Path("/dev/zero")):
            for read in (file_sha256, read_header, read_layer, read_snapshot):
                with pytest.raises(StyleSVError, match=rf"{path}: is a pipe, a device or a socket"):
                    read(path)


@pytest.mark.parametrize("name", ["film.mp4", "frames/000.png", "dataset.json"])
def test_a_zip_of_zeros_fills_no_disk(tmp_path, name):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("one/000.png", b"")
        with archive.open(name, "w", force_zip64=True) as member:
            for _ in range(300):
                member.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 20
    sources, _ = find_sources(path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if name == "dataset.json":
        from stylesv.config.fingerprint import read_label_file

        with pytest.raises(DataError, match=r"would unpack to 0\.3 GB from 0\.3 MB"):
            read_label_file(path)
    else:
        source = next(source for source in sources if name in source.members)
        for act in (lambda: source.unpack(name, tmp_path / "out"), lambda: source.read(name), source.sha256):
            with pytest.raises(DataError, match=r"would unpack to 0\.3 GB from 0\.3 MB, more than 50 times"):
                act()
        assert not (tmp_path / "out").exists() or (tmp_path / "out").stat().st_size == 0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + 50_000


@pytest.mark.parametrize("folder", ["http:", "concat:a|b", "file:", "pipe:0"])
def test_a_folder_named_as_a_protocol_is_a_folder(tmp_path, monkeypatch, folder):
    """A decoder that opened names would ask the network, or read what stands in them."""
    monkeypatch.chdir(tmp_path)
    write_lossy(tmp_path / folder / "127.0.0.1:9" / "film.mp4", 4)
    sources, _ = find_sources(Path(folder))
    facts = VideoFacts()
    assert len(list(decode_film(sources[0].root / sources[0].members[0], facts))) == 4 and facts.damage is None
    write_video(Path(folder) / "made.mp4", np.zeros((2, 3, 16, 16), np.uint8), fps=2)
    assert (tmp_path / folder / "made.mp4").exists()


HEAD = b'HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\nETag: "a"\r\n'
PAGE = b"HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n\r\n<html>"
CHUNKS = b"\r\nTransfer-Encoding: chunked\r\n\r\n"
ELSEWHERE = b"HTTP/1.1 302 Found\r\nLocation: nowhere\r\n\r\n"
SLOW = r"cannot be fetched \(.*the server did not go on within 0\.3 s.*; tried 3"


def drip(server: socket.socket, asked: list[bytes], sent_at_once: bytes, pause_seconds: float) -> None:
    """Send something, then byte by byte for as long as anybody listens."""
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection:
            asked.append(connection.recv(4096))
            try:
                connection.sendall(sent_at_once)
                while True:
                    connection.sendall(b"x")
                    time.sleep(pause_seconds)
            except OSError:
                continue


@contextmanager
def dripping_server(sent_at_once: bytes, pause_seconds: float = 0.02) -> Iterator[tuple[str, list[bytes]]]:
    """Its address, and what it was asked."""
    asked: list[bytes] = []
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        thread = threading.Thread(target=drip, args=(server, asked, sent_at_once, pause_seconds))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}", asked
        finally:
            server.shutdown(socket.SHUT_RDWR)
    thread.join()


IMPATIENT = Patience(tries=3, slow_seconds=0.3, timeout_seconds=0.3, sleep=lambda _: None)


@pytest.mark.parametrize(
    ("sent_at_once", "said", "tries"),
    [
        (HEAD + b"\r\n", r"cannot be fetched \(the server sent \d+ bytes in 0 s; tried 3", 3),
        (HEAD + b"Later: ", SLOW, 3),
        (b"", SLOW, 3),
        (b"HTTP/1.1 200 OK" + CHUNKS, SLOW, 3),
        (b"HTTP/1.1 200 OK" + CHUNKS + b"5\r\nbytes\r\n0\r\nTrailer: ", SLOW, 3),
        (PAGE, r"403 Forbidden; fetch the file by hand", 1),
        (b"HTTP/1.1 403 Forbidden" + CHUNKS, r"403 Forbidden; fetch the file by hand", 1),
        (PAGE.replace(b"403 Forbidden", b"200 OK"), r"is no file: the server sent a web page", 1),
        (ELSEWHERE, r"cannot be fetched|redirect", None),
    ],
    ids=[
        *(
            "a file",
            "a header",
            "a status",
            "a chunk's size",
            "a trailer",
            "an error's page",
            "an error's page in chunks",
        ),
        *("a page", "a page that leads elsewhere"),
    ],
)
def test_a_drip_that_never_ends_is_given_up(tmp_path, sent_at_once, said, tries):
    with dripping_server(sent_at_once) as (address, asked), pytest.raises(StyleSVError, match=rf"weights\.pkl: {said}"):
        transfer(f"{address}/weights.pkl", tmp_path / "weights.part", patience=IMPATIENT)
    assert tries in (len(asked), None)
    part = tmp_path / "weights.part"
    assert (part.stat().st_size > 3) == (sent_at_once.startswith(HEAD + b"\r\n") or b"bytes" in sent_at_once)


def test_a_proxy_that_drips_is_given_up(tmp_path, monkeypatch):
    with dripping_server(b"HTTP/1.1 200 OK\r\nLater: ") as (address, asked):
        monkeypatch.setenv("https_proxy", address)
        monkeypatch.setenv("no_proxy", "")
        with pytest.raises(StyleSVError, match=SLOW):
            transfer("https://example.org/weights.pkl", tmp_path / "weights.part", patience=IMPATIENT)
    assert len(asked) == 3 and asked[0].startswith(b"CONNECT example.org:443")


def test_a_line_to_a_proxy_that_is_hung_up_leaves_no_socket_open(tmp_path, monkeypatch):
    """What is left open is closed with a warning, which is an error here."""
    hurried = dataclasses.replace(IMPATIENT, tries=20, timeout_seconds=0.1)
    with dripping_server(b"HTTP/1.1 200 OK\r\nLater: ", pause_seconds=0.0005) as (address, asked):
        monkeypatch.setenv("https_proxy", address)
        monkeypatch.setenv("no_proxy", "")
        with pytest.raises(StyleSVError, match="did not go on"):
            transfer("https://example.org/weights.pkl", tmp_path / "weights.part", patience=hurried)
    assert len(asked) > 10, "as many lines were hung up, but for those that a busy server has not seen"

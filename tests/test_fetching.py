"""Fetching: resumed, patient, kept under its hash, and no page taken for a file. From a server on this machine."""

import os
import random
import resource
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from hashlib import sha256 as hash_of
from pathlib import Path

import pytest
from local_server import serving

from stylesv.errors import MachineError, StyleSVError
from stylesv.fetching.archive import fetch_part, require_zip
from stylesv.fetching.file import fetch_file
from stylesv.fetching.pages import describe_page, is_page
from stylesv.fetching.transfer import Patience, transfer

CONTENT = bytes(range(256)) * 4000
SHA256 = hash_of(CONTENT).hexdigest()
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def server(tmp_path):
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "net.pt").write_bytes(CONTENT)
    with serving(tmp_path / "served") as found:
        yield found


@pytest.fixture
def out(tmp_path):
    return tmp_path / "fetched" / "net.pt"


@pytest.fixture
def patience():
    """Waits for nothing, and notes for how long it was to."""
    pauses = []
    return replace(Patience(tries=4, sleep=pauses.append, timeout_seconds=5.0)), pauses


def test_a_file_is_fetched_once_and_only_its_name_is_left(server, out):
    for _ in range(2):
        assert fetch_file(f"{server.url}/plain/net.pt", out, sha256=SHA256) == SHA256
    assert out.read_bytes() == CONTENT and len(server.asked) == 1
    assert list(out.parent.iterdir()) == [out]


@pytest.mark.parametrize("how", ["plain", "whole", "cut", "drip", "moved", "busy", "virus"])
def test_whatever_the_server_does_the_bytes_are_whole(server, out, patience, how):
    assert fetch_file(f"{server.url}/{how}/net.pt", out, sha256=SHA256, patience=patience[0]) == SHA256
    assert out.read_bytes() == CONTENT and server.sent["net.pt"] == len(CONTENT)
    assert list(out.parent.iterdir()) == [out]


def test_a_cut_connection_goes_on_where_it_broke_off_each_time(server, out, patience):
    fetch_file(f"{server.url}/cut/net.pt", out, sha256=SHA256, patience=patience[0])
    step = len(CONTENT) // 5
    ranges = [None, *(f"bytes={step * part}-" for part in range(1, 6))]
    assert [wanted for _, wanted in server.asked] == ranges[: len(server.asked)] and len(server.asked) >= 5


def test_a_pause_doubles_and_obeys_the_server_and_ends(server, out, patience):
    with pytest.raises(
        StyleSVError, match=r"503 Service Unavailable; tried 4 times\); run again to go on from 0 bytes"
    ):
        transfer(f"{server.url}/broken/net.pt", out, patience=replace(patience[0], first_pause_seconds=4.0))
    assert patience[1] == [7, 8, 16]  # Retry-After is 7


def test_a_file_that_was_changed_in_between_is_fetched_anew(server, out, patience):
    part = out.with_name("net.pt.part")
    part.parent.mkdir()
    part.write_bytes(b"of another file")
    part.with_name("net.pt.part.validator").write_text('"another"')
    assert fetch_file(f"{server.url}/plain/net.pt", out, sha256=SHA256) == SHA256


def test_a_part_that_is_longer_than_the_file_is_fetched_anew(server, out, patience):
    part = out.with_name("net.pt.part")
    part.parent.mkdir()
    part.write_bytes(CONTENT + b"more")
    assert fetch_file(f"{server.url}/plain/net.pt", out, sha256=SHA256, patience=patience[0]) == SHA256


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("quota", r"page of a used-up quota \(Google Drive - Quota exceeded\); run again in some hours"),
        ("login", r"a page to log in at \(Sign in to your account\); fetch the file by hand"),
        ("page", r"a web page \(Welcome\); mend the address"),
        ("gone", "404 Not Found; put the file there by hand"),
        ("forbidden", "403 Forbidden; fetch the file by hand"),
    ],
)
def test_what_is_no_file_is_one_clear_line_and_is_asked_for_once(server, out, how, words):
    with pytest.raises(StyleSVError, match=words) as caught:
        fetch_part(f"{server.url}/{how}/net.pt", out, sha256=None)
    assert "\n" not in str(caught.value) and len(server.asked) == 1
    assert not out.exists() and out.with_name("net.pt.part").stat().st_size == 0


def test_a_page_does_not_spoil_what_was_fetched_before(server, out):
    part = out.with_name("net.pt.part")
    part.parent.mkdir()
    part.write_bytes(CONTENT[:1000])
    with pytest.raises(StyleSVError, match="quota"):
        fetch_file(f"{server.url}/quota/net.pt", out, sha256=SHA256)
    assert part.read_bytes() == CONTENT[:1000]


def test_another_hash_is_refused_and_the_file_deleted(server, out):
    for fetch in (fetch_file, fetch_part):
        with pytest.raises(StyleSVError, match=rf"has SHA-256 {SHA256}, expected 0000.*it was deleted"):
            fetch(f"{server.url}/plain/net.pt", out, sha256="0" * 64)
        assert list(out.parent.iterdir()) == []


def test_without_a_known_hash_a_detector_is_named_and_an_archive_recorded(server, out):
    for _ in range(2):
        with pytest.raises(StyleSVError, match=rf"has SHA-256 {SHA256}.*set sha256 \(protocol.detector.sha256\)"):
            fetch_file(f"{server.url}/plain/net.pt", out, sha256=None)
    assert not out.exists()
    server.asked.clear()
    assert fetch_file(f"{server.url}/plain/net.pt", out, sha256=SHA256) == SHA256 and server.asked == []
    other = out.with_name("archive")
    found = fetch_part(f"{server.url}/plain/net.pt", other, sha256=None)
    assert (found.sha256, found.num_bytes, found.verified) == (SHA256, len(CONTENT), False)
    other.unlink()  # as Snakemake does with outputs of a job that was killed
    assert fetch_part("http://127.0.0.1:9/none", other, sha256=None) == found
    assert other.read_bytes() == CONTENT and len(server.asked) == 1


def test_a_file_put_there_by_hand_is_as_good(out):
    with pytest.raises(StyleSVError, match=r"net.pt: has no address \(url is null\); put the file to .* by hand"):
        fetch_file(None, out, sha256=SHA256)
    out.parent.mkdir(exist_ok=True)
    out.write_bytes(CONTENT)
    assert fetch_file(None, out, sha256=SHA256) == SHA256
    with pytest.raises(StyleSVError, match=r"expected 1111.*delete it to fetch it again"):
        fetch_file(None, out, sha256="1" * 64)
    assert out.read_bytes() == CONTENT


def test_nobody_there_is_one_clear_line(out, patience):
    with pytest.raises(StyleSVError, match=r"cannot be fetched \(.*refused.*tried 4 times\)"):
        transfer("http://127.0.0.1:9/file", out, patience=patience[0])
    with pytest.raises(StyleSVError, match="no-address: is no address"):
        transfer("no-address", out, patience=patience[0])


@pytest.mark.parametrize(
    ("start", "page"),
    [
        (b"\x1f\x8b\x08\0 <p> of a gzip", False),
        (b"7z\xbc\xaf\x27\x1c\0", False),
        (b"video_id,start,end\na,0,9\n", False),
        (b"", False),
        (b"<p>Not here</p>", True),
        (b"<?xml version='1.0'?><!DOCTYPE html>\n<html lang='en'>", True),
    ],
)
def test_what_is_sent_as_html_is_a_page_if_it_looks_like_one(start, page):
    assert is_page(start, "text/html; charset=utf-8") is page
    assert not is_page(start, "application/octet-stream")


@pytest.mark.parametrize(
    ("title", "login"),
    [("Blog in Python", False), ("Log in", True), ("Log-in required", True), ("Design in 3D", False)],
)
def test_a_login_is_told_by_whole_words(title, login):
    found = describe_page("https://files.test/a", f"<html><title>{title}</title></html>".encode())
    assert found.what.startswith("a page to log in at" if login else "a web page")


def test_a_part_that_is_another_name_of_a_users_file_is_not_written_over(server, out):
    out.parent.mkdir()
    own = out.with_name("own")
    own.write_bytes(b"the user's")
    os.link(own, out.with_name("net.pt.part"))
    fetch_part(f"{server.url}/plain/net.pt", out, sha256=SHA256)
    assert own.read_bytes() == b"the user's" and out.read_bytes() == CONTENT


def test_what_is_not_the_file_that_was_meant_is_deleted_and_fetched_anew(server, out, tmp_path):
    for address in (f"{server.url}/plain/net.pt", str(tmp_path / "served" / "net.pt")):
        with pytest.raises(StyleSVError, match=rf"{address}: is no archive"):
            fetch_part(address, out, sha256=None, check=require_zip)
        assert list(out.parent.iterdir()) == []
    with zipfile.ZipFile(tmp_path / "served" / "net.pt", "w") as archive:
        archive.writestr("a/0.jpg", os.urandom(5000))
    whole = (tmp_path / "served" / "net.pt").read_bytes()
    fetch_part(f"{server.url}/plain/net.pt", out, sha256=None, check=require_zip)
    assert out.read_bytes() == whole


def test_a_disk_that_refuses_is_no_fault_of_the_network(server, out, patience):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(MachineError, match=r"net.pt.part: could not be written \(File too large\)"):
            fetch_part(f"{server.url}/plain/net.pt", out, sha256=SHA256, patience=patience[0])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert patience[1] == [] and len(server.asked) == 1
    fetch_part(f"{server.url}/plain/net.pt", out, sha256=SHA256)
    assert out.read_bytes() == CONTENT and server.asked[1][1] == "bytes=100000-"


def test_killed_at_random_points_the_bytes_are_the_same_and_none_come_twice(server, tmp_path, out):
    draw = random.Random(0)
    big = os.urandom(1 << 19)
    (tmp_path / "served" / "big.zip").write_bytes(big)
    command = [
        sys.executable,
        str(ROOT / "workflow_scripts" / "fetch_archive.py"),
        "--sha256",
        hash_of(big).hexdigest(),
    ]
    command += ["--address", f"{server.url}/drip/big.zip", "--out", str(out), "--record", f"{out}.json"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for _ in range(4):
        running = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        enough = server.sent.get("big.zip", 0) + draw.randrange(30_000, 100_000)
        while running.poll() is None and server.sent.get("big.zip", 0) < enough:
            time.sleep(0.005)
        running.send_signal(signal.SIGKILL)
        running.wait()
    subprocess.run(command, env=environment, check=True, stderr=subprocess.DEVNULL)
    assert out.read_bytes() == big
    # of each kill at most what was on its way
    assert server.sent["big.zip"] <= len(big) + 4 * (1 << 16) and len([r for _, r in server.asked if r]) == 4

"""Fetching a detector: resumed, kept only under its hash, and never trusted without one. From a server on this machine."""

import hashlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from stylesv.errors import StyleSVError
from stylesv.fetching import fetch_file

CONTENT = bytes(range(256)) * 4000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Serves the content at /file, whole at /whole whatever was asked for, and a part of it at /broken."""

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("Range")))
        if self.path == "/missing":
            self.send_error(404)
            return
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "") if self.path != "/whole" else None
        start = int(match[1]) if match else 0
        if start >= len(CONTENT):
            self.send_error(416)
            return
        self.send_response(206 if match else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start : start + (100_000 if self.path == "/broken" else len(CONTENT))])

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.asked = []
    thread = threading.Thread(target=found.serve_forever)
    thread.start()
    found.url = f"http://127.0.0.1:{found.server_address[1]}"
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


def test_a_file_is_fetched_once(server, tmp_path):
    out = tmp_path / "detectors" / "net.pt"
    for _ in range(2):
        assert fetch_file(f"{server.url}/file", out, sha256=SHA256) == SHA256
    assert out.read_bytes() == CONTENT and len(server.asked) == 1
    assert list(out.parent.iterdir()) == [out]


def test_a_broken_transfer_goes_on_where_it_broke_off(server, tmp_path):
    out = tmp_path / "net.pt"
    with pytest.raises(StyleSVError, match=r"broke off after [\d,]+ of 1,024,000 bytes; run again"):
        fetch_file(f"{server.url}/broken", out, sha256=SHA256)
    have = (tmp_path / "net.pt.part").stat().st_size
    assert not out.exists() and have > 0
    assert fetch_file(f"{server.url}/file", out, sha256=SHA256) == SHA256
    assert server.asked[-1] == ("/file", f"bytes={have}-")
    assert out.read_bytes() == CONTENT


def test_a_server_that_cannot_resume_sends_all_again(server, tmp_path):
    (tmp_path / "net.pt.part").write_bytes(CONTENT[:5000])
    fetch_file(f"{server.url}/whole", tmp_path / "net.pt", sha256=SHA256)
    assert (tmp_path / "net.pt").read_bytes() == CONTENT


def test_another_hash_is_refused_and_the_file_deleted(server, tmp_path):
    with pytest.raises(StyleSVError, match=rf"has SHA-256 {SHA256}, expected 0000.*it was deleted; fetch it again"):
        fetch_file(f"{server.url}/file", tmp_path / "net.pt", sha256="0" * 64)
    assert list(tmp_path.iterdir()) == []


def test_without_a_known_hash_the_files_is_named_and_a_second_call_needs_no_network(server, tmp_path):
    out = tmp_path / "net.pt"
    for _ in range(2):
        with pytest.raises(StyleSVError, match=rf"has SHA-256 {SHA256}.*set sha256 \(protocol.detector.sha256\)"):
            fetch_file(f"{server.url}/file", out, sha256=None)
    assert not out.exists()
    server.asked.clear()
    assert fetch_file(f"{server.url}/file", out, sha256=SHA256) == SHA256
    assert server.asked == [] and out.read_bytes() == CONTENT


def test_a_file_put_there_by_hand_is_as_good(tmp_path):
    out = tmp_path / "net.pt"
    with pytest.raises(StyleSVError, match=r"net.pt: has no address \(url is null\); put the file to .* by hand"):
        fetch_file(None, out, sha256=SHA256)
    out.write_bytes(CONTENT)
    assert fetch_file(None, out, sha256=SHA256) == SHA256
    with pytest.raises(StyleSVError, match=r"expected 1111.*delete it to fetch it again"):
        fetch_file(None, out, sha256="1" * 64)
    assert out.read_bytes() == CONTENT


def test_what_cannot_be_fetched_is_one_clear_line(server, tmp_path):
    with pytest.raises(StyleSVError, match="/missing: 404 Not Found; put the file there by hand"):
        fetch_file(f"{server.url}/missing", tmp_path / "net.pt", sha256=SHA256)
    with pytest.raises(StyleSVError, match=r"cannot be fetched \(.*refused.*\); run again to go on from 0 bytes"):
        fetch_file("http://127.0.0.1:9/file", tmp_path / "net.pt", sha256=SHA256)

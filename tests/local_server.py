"""A real HTTP server on this machine that serves a folder, and misbehaves as real ones do."""

import hashlib
import os
import re
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

QUOTA = """<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head><body>
<p>Sorry, you can't view or download this file at this time.</p><p>Too many users have viewed or downloaded this file
recently. Please try accessing the file again later.</p></body></html>"""
LOGIN = """<html><head><title>Sign in to your account</title></head><body><form action="/session" method="post">
<input type="text" name="user"><input type="password" name="word"></form></body></html>"""
VIRUS = """<!DOCTYPE html><html><head><title>Google Drive - Virus scan warning</title></head><body>
<p>Google Drive can't scan this file for viruses.</p>
<form id="download-form" action="/confirmed{path}" method="get"><input type="submit" value="Download anyway"/>
<input type="hidden" name="id" value="1x"><input type="hidden" name="confirm" value="t"></form></body></html>"""
OTHER = "<html><head><title>Welcome</title></head><body>Nothing here</body></html>"


class Server(ThreadingHTTPServer):
    """Serves `root`. A path begins with what goes wrong, such as /cut/a.zip; `asked` are paths and ranges, in order."""

    daemon_threads = True

    def __init__(self, root: Path):
        super().__init__(("127.0.0.1", 0), Handler)
        self.root, self.asked, self.sent = root, [], {}
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, address):
        pass  # a client that was killed


class Handler(BaseHTTPRequestHandler):
    """plain, whole (knows no ranges), cut (ends early, again and again), drip, moved, busy (429 once), broken (503 always),
    quota, login, page, virus (asks first), gone (404), forbidden (403)."""

    protocol_version = "HTTP/1.0"

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        server: Server = self.server
        _, how, name = self.path.partition("?")[0].split("/", 2)
        confirmed = how == "confirmed"
        if confirmed:
            how, name = name.split("/", 1)
        wanted = self.headers.get("Range")
        server.asked.append((self.path, wanted))
        times = sum(path == self.path for path, _ in server.asked)
        if how == "moved":
            self.send_response(302)
            self.send_header("Location", f"/plain/{name}")
            self.end_headers()
        elif how in ("gone", "forbidden", "broken") or (how == "busy" and times == 1):
            self.send_response({"gone": 404, "forbidden": 403, "broken": 503, "busy": 429}[how])
            self.send_header("Retry-After", "7")
            self.end_headers()
        elif how in ("quota", "login", "page") or (how == "virus" and not confirmed):
            text = {"quota": QUOTA, "login": LOGIN, "page": OTHER, "virus": VIRUS.replace("{path}", self.path)}[how]
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(text.encode())
        elif not (server.root / name).is_file():
            self.send_error(404)
        else:
            self.send_file(server.root / name, how, wanted if how != "whole" else None)

    def send_file(self, path: Path, how: str, wanted: str | None):
        size, content = path.stat().st_size, path.read_bytes()
        etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted or "")
        if found and self.headers.get("If-Range") not in (None, etag):
            found = None
        start = int(found[1]) if found else 0
        if found and start >= size:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{size}")
            self.end_headers()
            return
        end = min(int(found[2]) + 1, size) if found and found[2] else size
        self.send_response(206 if found else 200)
        self.send_header("ETag", etag)
        self.send_header("Accept-Ranges", "bytes")
        kind = {".mp4": "video/mp4", ".csv": "text/csv"}.get(path.suffix, "application/octet-stream")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(end - start))
        if found:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
        self.end_headers()
        if self.command == "HEAD":
            return
        if how == "cut":
            end = min(end, start + max(size // 5, 1))
        pieces = (
            [content[at : min(at + 4096, end)] for at in range(start, end, 4096)]
            if how == "drip"
            else [content[start:end]]
        )
        for piece in pieces:
            name = os.path.basename(path)  # counted first: a client may look as soon as it has the last piece
            self.server.sent[name] = self.server.sent.get(name, 0) + len(piece)
            self.wfile.write(piece)
            if how == "drip":
                time.sleep(0.02)

    def log_message(self, *_):
        pass


@contextmanager
def serving(root: Path):
    """A server of a folder, while inside."""
    server = Server(root)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

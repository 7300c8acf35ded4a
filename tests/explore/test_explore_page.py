"""The page in a browser: what it shows is what generate.py makes, nothing of it comes from outside, and it ends quietly."""

import base64
import io
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import torch
from browser import CHROMIUM, Browser
from imageio.v3 import imread
from PIL import Image
from script_here import run_here
from small_snapshot import SIZE, write_snapshot

from stylesv.checkpoint import read_networks, write_networks
from stylesv.generation.clips import generate_clips, load_generator

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: the page was not opened in a browser")
PLAYER = "document.querySelector('.player').dataset"
WHOLE = f"document.querySelector('.player') && {PLAYER}.film > 0 && {PLAYER}.made === {PLAYER}.frames"
CANVAS = "document.querySelector('.stage canvas')"


class Served:
    """explore.py in a process of its own."""

    def __init__(self, root: Path, folder: Path, networks: Path):
        script = root / "workflow_scripts" / "explore.py"
        command = [sys.executable, script, "--networks", networks, "--port", "0", "--no-browser"]
        environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
        out = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        self.process = subprocess.Popen(command, cwd=folder, env=environment, **out)
        self.said = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", self.said)
        assert found, self.said + self.process.stdout.read()
        self.url = found[0]

    def end(self) -> tuple[int, str]:
        """Ctrl-C: exit status, and what it said at its end."""
        self.process.send_signal(signal.SIGINT)
        said, _ = self.process.communicate(timeout=60)
        return self.process.returncode, said


@pytest.fixture(scope="module")
def networks(tmp_path_factory, root):
    """The second snapshot of a run."""
    run = tmp_path_factory.mktemp("runs") / "small-D-s0-00000000"
    write_snapshot(run / "0" / "networks.safetensors", root)
    return write_snapshot(run / "4" / "networks.safetensors", root, kimg=4)


@pytest.fixture(scope="module")
def served(tmp_path_factory, root, networks):
    found = Served(root, tmp_path_factory.mktemp("served"), networks)
    yield found
    if found.process.poll() is None:
        found.process.kill()
        found.process.communicate()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


def shown(browser) -> np.ndarray:
    """Pixels of the canvas, red, green and blue."""
    address = browser.value(f"{CANVAS}.toDataURL('image/png')")
    return imread(io.BytesIO(base64.b64decode(address.partition(",")[2])))[..., :3]


def type_in(browser, label: str, value: object) -> None:
    """Type a number into an input."""
    browser.value(
        f"(() => {{ const input = document.querySelector('input[aria-label=\"{label}\"]');"
        f" Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, '{value}');"
        " input.dispatchEvent(new Event('input', { bubbles: true })); })()"
    )


def give(browser, label: str, value: object) -> None:
    """Do so, and wait for the film."""
    film = browser.value(f"{PLAYER}.film")
    type_in(browser, label, value)
    browser.until(f"{PLAYER}.film !== '{film}' && {WHOLE}")


def choose(browser, kind: str) -> None:
    film = browser.value(f"{PLAYER}.film")
    browser.value(f"[...document.querySelectorAll('.kinds button')].find((b) => b.innerText === '{kind}').click()")
    browser.until(f"{PLAYER}.film !== '{film}' && {WHOLE}")


def first_frames(networks, seed: int, count: int) -> np.ndarray:
    """As generate.py makes them: count, height, width, colour."""
    generator, _ = load_generator(networks)
    made = generate_clips(generator, seed=seed, clip_numbers=range(count), times=torch.zeros(1))
    return torch.cat(list(made))[:, 0].permute(0, 2, 3, 1).numpy()


@needs_chromium
@pytest.mark.slow
def test_another_seed_is_another_picture_and_the_same_one_is_that_of_generate_to_the_bit(browser, served, networks):
    browser.open(served.url, width=1280, still=True)
    browser.until(WHOLE)
    first = shown(browser)
    assert np.array_equal(first, first_frames(networks, 0, 1)[0])
    give(browser, "seed", 5)
    assert np.array_equal(shown(browser), first_frames(networks, 5, 1)[0]) and not np.array_equal(shown(browser), first)
    give(browser, "seed", 0)
    assert np.array_equal(shown(browser), first)
    assert browser.value("document.querySelector('.typed').innerText").endswith(
        "--seed 0 --num-videos 1 --frames 32 --fps 25"
    )
    assert browser.complaints == []
    own = (served.url, served.url.replace("http", "ws"), "data:", "blob:")
    assert browser.requests and [address for address in browser.requests if not address.startswith(own)] == []


@needs_chromium
@pytest.mark.slow
def test_a_grid_has_the_clips_of_the_seed_and_a_click_shows_one_alone(browser, served, networks):
    browser.open(served.url, width=1280, still=True)
    browser.until(WHOLE)
    choose(browser, "grid")
    grid, clips = shown(browser).astype(int), first_frames(networks, 0, 16).astype(int)
    step = SIZE + 1
    corners = [(row * step, column * step) for row in range(4) for column in range(4)]
    cells = [grid[top : top + SIZE, left : left + SIZE] for top, left in corners]
    assert np.abs(np.stack(cells) - clips).max() <= 1, "clips made together may round otherwise"
    film = browser.value(f"{PLAYER}.film")
    browser.value(
        f"(() => {{ const box = {CANVAS}.getBoundingClientRect(); {CANVAS}.dispatchEvent(new MouseEvent('click',"
        " { clientX: box.left + box.width * 0.6, clientY: box.top + box.height * 0.3 })); })()"
    )
    browser.until(f"{PLAYER}.film !== '{film}' && {WHOLE} && {CANVAS}.width === {SIZE}")
    browser.until("document.querySelector('.typed').innerText.includes('--first-video 6')")
    assert np.abs(shown(browser).astype(int) - clips[6]).max() <= 1
    choose(browser, "content × motion")
    assert shown(browser).shape == (4 * step - 1, 4 * step - 1, 3)


@needs_chromium
@pytest.mark.slow
def test_what_is_saved_is_what_is_shown_and_what_cannot_be_is_one_line(browser, served, tmp_path):
    browser.open(served.url, width=1280, still=True)
    browser.until(WHOLE)
    film = f"{served.url}films/{browser.value(f'{PLAYER}.film')}"
    with urllib.request.urlopen(f"{film}/frames/0.png") as answer:
        assert np.array_equal(imread(io.BytesIO(answer.read())), shown(browser))
        assert "small-D-s0-00000000_4_one_seed0_t0_frame0.png" in answer.headers["Content-Disposition"]
    for kind in ("mp4", "webp", "gif"):
        with urllib.request.urlopen(f"{film}/film.{kind}") as answer:
            content = io.BytesIO(answer.read())
        if kind == "mp4":
            assert imread(content, plugin="pyav").shape == (32, SIZE, SIZE, 3)
        else:
            picture = Image.open(content)
            assert (picture.n_frames, picture.size) == (32, (SIZE, SIZE)), kind
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{film}/film.exe")
    browser.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    for label, name in (("save this frame", "t0_frame0.png"), ("save MP4", "t0.mp4")):
        browser.value(
            f"[...document.querySelectorAll('.actions button')].find((b) => b.innerText === '{label}').click()"
        )
        end = time.monotonic() + 30
        while not list(tmp_path.glob(f"*{name}")):
            assert time.monotonic() < end, f"{label}: {list(tmp_path.iterdir())}"
            time.sleep(0.05)
    type_in(browser, "length, frames", 0)
    browser.until("document.querySelector('.told.wrong')?.innerText === 'frames 0: from 1 to 512 is possible'")


@needs_chromium
@pytest.mark.slow
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, False), (1280, True), (390, True)])
def test_it_fits_and_plays_at_every_width_in_light_and_dark(browser, served, tmp_path, width, dark):
    browser.open(served.url, width=width, dark=dark)
    browser.until(f"{WHOLE} && {PLAYER}.frame > 3")
    assert browser.value("document.documentElement.scrollWidth") <= width
    box = browser.value(f"(({{ width, height }}) => [width, height])({CANVAS}.getBoundingClientRect())")
    assert min(box) > 250, "enlarged"
    folder = Path(os.environ.get("STYLESV_SCREENSHOTS", tmp_path))
    browser.screenshot(folder / f"explore_{width}{'_dark' if dark else ''}.png")
    assert browser.complaints == []


@pytest.mark.slow
def test_ctrl_c_ends_it_quietly_and_another_name_does_not_lead_to_it(root, tmp_path, networks):
    served = Served(root, tmp_path, networks)
    assert b"StyleSV explore" in urllib.request.urlopen(served.url).read()
    strange = urllib.request.Request(served.url, headers={"Host": "other.example"})
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(strange)
    assert served.end() == (0, "")
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(served.url)
    assert list(tmp_path.iterdir()) == [], "it leaves nothing behind"


# ---- bad input ----


def refused(root, *options: object) -> str:
    done = run_here(root / "workflow_scripts" / "explore.py", "--no-browser", *options)
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1
    return done.stderr


def test_a_snapshot_that_is_not_there_or_has_no_generator_is_one_line(root, tmp_path, networks):
    assert "none.safetensors: no such snapshot; give" in refused(root, "--networks", tmp_path / "none.safetensors")
    parts, snapshot = read_networks(networks)
    write_networks(tmp_path / "d.safetensors", {"discriminator": parts["generator_ema"]}, snapshot)
    assert "d.safetensors: holds no averaged generator" in refused(
        root, "--networks", tmp_path / "d.safetensors", "--port", 0
    )


def test_a_busy_port_is_one_line_and_without_one_the_next_is_taken(root, networks):
    from stylesv.explore.server import bound_socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refused(root, "--networks", networks, "--port", port)
        assert f"--port {port}: cannot be had (Address already in use); give another one" in said
    with bound_socket("127.0.0.1", None) as first, bound_socket("127.0.0.1", None) as second:
        assert first.getsockname()[1] < second.getsockname()[1]
    assert "--host 203.0.113.7: is no address of this machine" in refused(
        root, "--networks", networks, "--host", "203.0.113.7"
    )


def test_without_its_library_it_says_what_to_install(root, networks, monkeypatch):
    monkeypatch.setitem(sys.modules, "nicegui", None)
    assert "the library of the page is not installed" in refused(root, "--networks", networks)
    assert "pip install -e '.[explore]'" in refused(root, "--networks", networks)

"""The page: one file that fetches nothing, whose pictures and films a browser shows."""

import html
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest
from report_values import clips, row, rows, used

from stylesv.errors import DataError
from stylesv.report.clip_grids import draw_clip_strips, write_clip_film
from stylesv.report.figures import draw_score_curves
from stylesv.report.html import DatasetSummary, Media, ReportContent, RunSummary, data_uri, write_report
from stylesv.report.tables import tabulate_scores

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
VOID = {"meta", "link", "img", "br", "hr", "input"}


@pytest.fixture
def content(tmp_path):
    panels = {"real": clips(4, seed=1), "generated": clips(4, seed=2)}
    draw_score_curves(rows(), png=tmp_path / "curve.png", pdf=tmp_path / "curve.pdf")
    write_clip_film(tmp_path / "film.mp4", panels, columns=2, fps=25, min_frame_px=32)
    draw_clip_strips(tmp_path / "strip.png", panels, num_frames=4, num_clips=2)
    return ReportContent(
        title="Demo <of> StyleSV",
        introduction="What was run.",
        tables=[tabulate_scores(rows()), tabulate_scores([row(10, 3.5, protocol=used("rfid", key="11112222"))])],
        datasets=[DatasetSummary("sky-0000", {"clips kept": "22 of 24"}, [("sky_03.mp4", "12 frames, fewer than 16")])],
        figures=[Media(tmp_path / "curve.png", "Curve", wide=False)],
        clips=[Media(tmp_path / "film.mp4", "Film", "Real & generated."), Media(tmp_path / "strip.png", "Strip")],
        runs=[RunSummary("sky-D-s0-7be01d44", {"parent": "none"}, "seed: 0\nname: <script>alert(1)</script>\n")],
        notes=["Real clips are from the training videos."],
        versions={"stylesv": "0.1.0"},
    )


class Page(HTMLParser):
    """Tags that stay open, addresses, ids and links of a page."""

    def __init__(self, text):
        super().__init__()
        self.open, self.addresses, self.ids = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attributes:
            if name in ("src", "href", "srcset", "poster", "action", "data"):
                self.addresses.append(value)
            if name == "id":
                self.ids.append(value)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def written(tmp_path, content):
    write_report(tmp_path / "index.html", content)
    return (tmp_path / "index.html").read_text()


def visible_text(page):
    text = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def test_it_is_whole_and_fetches_nothing(tmp_path, content):
    text = written(tmp_path, content)
    page = Page(text)
    assert page.open == []
    assert sum(address.startswith("data:") for address in page.addresses) == 4  # icon, curve, film, strip
    links = [address[1:] for address in page.addresses if address.startswith("#")]
    assert len(links) + 4 == len(page.addresses)
    assert set(links) <= set(page.ids) and len(set(page.ids)) == len(page.ids)
    assert "url(" not in text and "@import" not in text
    assert "default-src 'none'" in text  # a browser would refuse to fetch


def test_it_says_what_was_run_and_how_it_was_measured(tmp_path, content):
    shown = visible_text(written(tmp_path, content))
    for words in (
        "Demo <of> StyleSV What was run.",
        "sky · D 25.50 rFVD16, 95 % interval 22.95 to 30.60 at 20 kimg, down from 120.0 at 0 kimg sky-D-s0-7be01d44",
        "sky-D-s0-7be01d44 20 25.50 [22.95, 30.60]",
        "3.50 rFID",
        "clips kept 22 of 24",
        "1 dropped sky_03.mp4 12 frames, fewer than 16",
        "name: <script>alert(1)</script>",
        "Protocol rfid-11112222",
        "random weights",
        "Real clips are from the training videos.",
        "stylesv 0.1.0",
    ):
        assert words in shown


def test_it_is_the_same_bytes_each_time(tmp_path, content):
    first = written(tmp_path, content)
    assert written(tmp_path, content) == first


def test_sections_without_content_are_left_out(tmp_path, content):
    bare = ReportContent(title="Bare", introduction="", tables=content.tables)
    page = Page(written(tmp_path, bare))
    assert page.open == []
    assert set(page.ids) == {"scores", "method"}
    assert {address for address in page.addresses if address.startswith("#")} == {"#scores", "#method"}


def test_media_that_cannot_be_shown_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"none\.png: cannot be read"):
        data_uri(tmp_path / "none.png")
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(DataError, match="is empty"):
        data_uri(tmp_path / "empty.mp4")
    with pytest.raises(DataError, match=r"a page shows \.png, \.jpg, \.mp4"):
        data_uri(tmp_path / "curve.pdf")


def open_in_chromium(page, profile):
    """The page's HTML after its scripts ran, as chromium prints it."""
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    flags += ["--disable-background-networking", "--disable-component-update", f"--user-data-dir={profile}"]
    command = [CHROMIUM, *flags, "--virtual-time-budget=10000", "--dump-dom", page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: the page was not opened in a browser")
def test_a_browser_shows_every_picture_and_plays_every_film(tmp_path, content):
    written(tmp_path, content)
    dom = open_in_chromium(tmp_path / "index.html", tmp_path / "profile")
    assert 'data-media="3 of 3"' in dom[:200]
    assert 'class="failed"' not in dom


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: the page was not opened in a browser")
def test_a_browser_marks_what_it_cannot_show(tmp_path, content):
    (tmp_path / "film.mp4").write_bytes(b"no film")
    (tmp_path / "strip.png").write_bytes(b"no picture")
    written(tmp_path, content)
    dom = open_in_chromium(tmp_path / "index.html", tmp_path / "profile")
    assert 'data-media="1 of 3"' in dom[:200]
    assert dom.count('class="failed"') == 2

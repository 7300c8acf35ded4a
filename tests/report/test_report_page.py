"""The page: a folder that fetches nothing, whose pictures and films a browser shows, and whose tables it sorts."""

import html
import os
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browser import CHROMIUM, Browser
from comparable_results import without_provenance
from experiment_files import LOG, SCRATCH, TRAINED, ExperimentFiles
from motion_values import motion
from report_values import row, rows

from stylesv.config.dataset import PackSettings
from stylesv.data.packed import PackedClips
from stylesv.data.packing import pack_videos
from stylesv.data.sharding import index_shards
from stylesv.errors import DataError
from stylesv.media.video_file import write_video
from stylesv.records.experiment import ReportedTable, read_experiment
from stylesv.report.page.content import DatasetSummary, ReportContent, RunSummary
from stylesv.report.page.html import write_page
from stylesv.report.page.media import PageFolder
from stylesv.report.page.paper_tables import PaperTable
from stylesv.report.page.provenance import provenance_of
from stylesv.report.score_table import tabulate_scores
from stylesv.report.table_files import Table, table_html

VOID = {"meta", "link", "img", "br", "hr", "input"}
TABLE = """<html><body><h1>Paper and ours</h1>
<table class="sortable"><thead><tr><th>model</th><th>paper</th><th>ours</th></tr></thead>
<tbody><tr><td>D</td><td>49</td><td>1,250.5 ± 2</td></tr><tr><td>C</td><td>–</td><td>73.5</td></tr>
<tr><td>A</td><td>104.3</td><td>≈ 9.5</td></tr></tbody></table>
<ul><li>A note.</li></ul>
</body></html>
"""


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packed")
    noise = np.random.default_rng(0).integers(0, 255, (16, 3, 32, 32), np.uint8)
    write_video(folder / "videos" / "a.mp4", noise, fps=25)
    kind = {"crop": "center", "fps": None, "jpeg_quality": 95, "damaged": "drop", "labels": None}
    settings = PackSettings(resolution=32, min_frames=16, max_frames=16, **kind)
    pack_videos(folder / "videos", folder / "packed", settings=settings)
    return folder / "packed" / "index.json"


def experiment_files(folder: Path, packed: Path) -> ExperimentFiles:
    """Two models on one data set, with a table of the paper and some figures."""
    files = ExperimentFiles(folder, packed)
    moving = {"motion": motion(0.9, 0.8, cosine=0.9).model_dump(mode="json")}
    files.add_run("sky-A-s0-00", {0: 90.0, 4: 60.0}, SCRATCH, model="A", logs=[LOG], beside=moving)
    files.add_run("sky-D-s0-00", {0: 90.0, 4: 42.0, 8: 44.0}, TRAINED, logs=[LOG, LOG], beside=moving)
    kinds = {kind: files.file(f"tables/main.{kind}", TABLE) for kind in ("md", "tex", "html")}
    csv = files.file("tables/main.csv", "paper,ours\n,1\n")
    files.tables = (ReportedTable(name="main", csv=csv, **kinds),)
    return files


@pytest.fixture(scope="module")
def page(tmp_path_factory, packed):
    files = experiment_files(tmp_path_factory.mktemp("experiment"), packed)
    files.draw("curves", "slices", "decomposition", "drift")
    return files.page()


class Page(HTMLParser):
    """Tags that stay open, addresses, ids and pictures without alt text of a page."""

    def __init__(self, text):
        super().__init__()
        self.open, self.addresses, self.ids, self.silent = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        if (tag == "img" and not values.get("alt")) or (tag in ("video", "svg") and not values.get("aria-label")):
            self.silent.append(values)
        self.addresses += [value for name, value in attributes if name in ("src", "href", "data-animation")]
        self.ids += [value for name, value in attributes if name == "id"]

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def visible_text(page):
    text = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def test_it_is_whole_and_everything_it_shows_is_beside_it(page):
    text = page.read_text()
    found = Page(text)
    assert found.open == [] and found.silent == []
    links = {address[1:] for address in found.addresses if address.startswith("#")}
    assert links <= set(found.ids) and len(set(found.ids)) == len(found.ids)
    files = {address for address in found.addresses if not address.startswith(("#", "data:,"))}
    assert [file for file in files if not (page.parent / file).is_file()] == []
    assert {file.partition("/")[0] for file in files} == {"films", "figures", "tables"}
    assert sum(file.endswith(".mp4") for file in files) == sum(file.endswith(".webp") for file in files) == 5
    assert "url(" not in text.replace("url(#tip)", "") and "@import" not in text and "http" not in found.addresses
    assert "base64" not in text and "default-src 'none'" in text  # a browser would refuse to fetch


def test_it_says_what_was_run_and_how_it_was_measured(page):
    shown = visible_text(page.read_text())
    for words in (
        "rFVD16 on sky (lower is better): best is D with 42.00 [40.00, 43.00] at 4 kimg",
        "D at 4 kimg on sky: Its clips change 0.9 times as much from frame to frame as real ones",
        "Data sets of the paper that are not in it: TaiChi-HD, YouTube Driving.",
        "Paper and ours",
        "sky-00 · D 42.00 rFVD16, 95 % interval 40.00 to 43.00 at 4 kimg, down from 90.00 at 0 kimg",
        "Real clips",
        "D, generated, 4 kimg Its clips change 0.9 times as much",
        "One column of pixels over time One vertical line of pixels",
        "train_segment 2 jobs, one after the other",
        "code commit" if (Path(__file__).parents[2] / ".git").exists() else "code not known",
        "detector rfvd_16f-0123abcd",
    ):
        assert words in shown


def test_what_depends_on_time_or_machine_stands_in_the_provenance_alone(tmp_path, packed, page):
    again = experiment_files(tmp_path, packed)
    again.draw("curves", "slices", "decomposition", "drift")
    second = again.page()
    assert without_provenance(second.read_text()) == without_provenance(page.read_text())
    assert 'id="provenance"' in page.read_text()
    names = sorted(path.relative_to(page.parent) for path in page.parent.rglob("*") if path.is_file())
    for name in names:
        if name.name not in ("index.html", "provenance.json"):
            assert (page.parent / name).read_bytes() == (second.parent / name).read_bytes(), name


def test_clips_in_shards_have_a_hash_in_the_provenance(tmp_path, packed):
    shutil.copytree(packed.parent, tmp_path / "data" / "shards" / "0000of0001")
    index_shards(tmp_path / "data", ["shards/0000of0001"])
    hashes = []
    for index in (packed, tmp_path / "data" / "index.json"):
        experiment = read_experiment(ExperimentFiles(tmp_path, index).record())
        found = provenance_of(experiment, [], tmp_path, project=tmp_path, benchmarks=tmp_path, machines=[])
        hashes += found.hashes
    of_zip, of_shards = (PackedClips(packed).index.clips_zip.sha256, PackedClips(packed).digest)
    assert hashes == [("packed clips", "sky-00", of_zip), ("packed clips", "sky-00", of_shards)]


def test_text_of_others_is_no_markup(tmp_path):
    content = ReportContent(
        title="Demo <of> StyleSV",
        introduction="What was run.",
        findings=[],
        tables=[tabulate_scores(rows())],
        datasets=[DatasetSummary("sky-0000", {"clips kept": "22 of 24"}, [("sky_03.mp4", "12 frames, fewer than 16")])],
        runs=[RunSummary("sky-D-s0-7be01d44", {"parent": "none"}, "seed: 0\nname: <script>alert(1)</script>\n")],
    )
    write_page(tmp_path / "index.html", content)
    shown = visible_text((tmp_path / "index.html").read_text())
    assert "Demo <of> StyleSV" in shown and "name: <script>alert(1)</script>" in shown
    assert "1 dropped sky_03.mp4 12 frames, fewer than 16" in shown


def test_sections_without_content_are_left_out(tmp_path):
    write_page(tmp_path / "index.html", ReportContent("Bare", "", [], [tabulate_scores([row()])]))
    found = Page((tmp_path / "index.html").read_text())
    assert found.open == [] and set(found.ids) == {"scores", "method"}
    assert {address for address in found.addresses if address.startswith("#")} == {"#scores", "#method"}


def test_files_that_are_missing_or_empty_are_named(tmp_path):
    page = PageFolder(tmp_path / "page")
    with pytest.raises(DataError, match=r"none\.png: cannot be read"):
        page.copy(tmp_path / "none.png", "figures", "a.png")
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(DataError, match=r"empty\.mp4: is empty"):
        page.copy(tmp_path / "empty.mp4", "films", "a.mp4")


# ---- in a browser ----

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: the page was not opened in a browser")
WIDTHS = [(1280, False), (390, False), (1280, True)]
ALL_SHOWN = "(([a, b]) => a === b)((document.documentElement.dataset.media ?? '0 of 1').split(' of '))"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def moved(tmp_path_factory, page):
    """The report's folder somewhere else, as a reader may have it."""
    folder = tmp_path_factory.mktemp("moved") / "a report"
    shutil.copytree(page.parent, folder)
    return folder / "index.html"


@needs_chromium
@pytest.mark.slow
@pytest.mark.parametrize(("width", "dark"), WIDTHS)
def test_a_browser_shows_everything_and_nothing_overflows(browser, moved, width, dark):
    browser.open(moved, width=width, dark=dark)
    browser.value("document.querySelectorAll('details').forEach((part) => part.open = true)")
    browser.until(ALL_SHOWN)
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value("[...document.images].filter((picture) => !picture.alt || !picture.naturalWidth).length") == 0
    folder = Path(os.environ.get("STYLESV_SCREENSHOTS", moved.parent.parent))
    browser.screenshot(folder / f"report_{width}{'_dark' if dark else ''}.png")
    assert browser.complaints == []
    assert [address for address in browser.requests if not address.startswith(("file:", "data:"))] == []


@needs_chromium
@pytest.mark.slow
def test_films_start_together_and_loop(browser, moved):
    browser.open(moved, width=1280)
    browser.until(ALL_SHOWN)
    films = "[...document.querySelectorAll('.films')[0].querySelectorAll('video')]"
    browser.until(f"{films}.every((film) => !film.paused && film.currentTime > 0.3)")
    times = browser.value(f"{films}.map((film) => film.currentTime)")
    assert len(times) == 3 and max(times) - min(times) < 0.25
    watched = (
        f"(async () => {{ const film = {films}[0]; let last = film.currentTime;"
        " for (let n = 0; n < 400; n++) { await new Promise((done) => setTimeout(done, 20));"
        " if (film.currentTime < last) return true; last = film.currentTime; } return false; })()"
    )
    assert browser.value(watched) is True
    assert browser.value(f"{films}.every((film) => film.loop && film.muted && !film.paused)")


@needs_chromium
@pytest.mark.slow
def test_a_click_sorts_a_table_and_another_turns_it_round(browser, moved):
    browser.open(moved, width=1280)
    column = "[...document.querySelectorAll('#tables tbody tr')].map((row) => row.cells[0].innerText)"
    assert browser.value(column) == ["D", "C", "A"]
    for head, order in ((2, "ACD"), (2, "DCA"), (0, "ACD"), (1, "DAC")):  # what is no number comes last
        browser.value(f"document.querySelectorAll('#tables th button')[{head}].click()")
        assert browser.value(column) == list(order)
    assert browser.value("document.querySelectorAll('#tables th')[1].getAttribute('aria-sort')") == "ascending"
    browser.value("document.querySelectorAll('#tables th button')[1].click()")
    assert browser.value(column) == ["A", "D", "C"]  # numbers turn round, what is none stays last


LEVELS = [("", "", "model"), ("sky", "FVD16", "ours"), ("sky", "FVD16", "step"), ("taichi", "FVD16", "ours")]
CELLS = [
    ["C", "75 ± 4.58", "–", "9"],
    ["D", "50.67", "-24.33", "–"],
    ["E", "52.00", "≈ +1.333", "120.5"],
    ["F", "–", "–", "[30.1, 40]"],
]


@needs_chromium
@pytest.mark.slow
def test_a_table_with_heads_in_levels_is_sorted_by_its_lowest(browser, tmp_path):
    levels = pd.MultiIndex.from_tuples(LEVELS)
    table = Table("Steps", pd.DataFrame(), pd.DataFrame(CELLS, columns=levels), ())
    shown = PaperTable("ablation", table.title, table_html(table))
    content = ReportContent("T", "", [], [tabulate_scores([row()])], paper_tables=[shown])
    write_page(tmp_path / "index.html", content)
    browser.open(tmp_path / "index.html", width=1280)
    assert browser.value("[...document.querySelectorAll('#tables th button')].map((head) => head.innerText)") == [
        level[-1] for level in LEVELS
    ]
    column = "[...document.querySelectorAll('#tables tbody tr')].map((row) => row.cells[0].innerText).join('')"
    for head, order in (
        (1, "DECF"),
        (1, "CEDF"),
        (2, "DECF"),
        (2, "EDCF"),
        (3, "CFED"),
        (3, "EFCD"),
        (0, "CDEF"),
        (0, "FEDC"),
    ):
        browser.value(f"document.querySelectorAll('#tables th button')[{head}].click()")
        assert browser.value(column) == order, LEVELS[head]
    assert browser.value("document.querySelectorAll('#tables [aria-sort]').length") == 1


@needs_chromium
@pytest.mark.slow
def test_a_browser_marks_what_it_cannot_show_and_plays_the_animation_instead_of_the_film(browser, moved, tmp_path):
    shutil.copytree(moved.parent, tmp_path / "broken")
    (tmp_path / "broken" / "films" / "sky-00.mp4").write_bytes(b"no film")
    (tmp_path / "broken" / "figures" / "slices.png").write_bytes(b"no picture")
    browser.open(tmp_path / "broken" / "index.html", width=1280)
    browser.until("document.querySelectorAll('.films img').length === 1")
    browser.until("document.querySelector('.films img').naturalWidth > 0")
    browser.until("document.querySelectorAll('.failed').length === 1")
    assert browser.value("document.querySelector('.failed').getAttribute('src')") == "figures/slices.png"

"""The paper's data sets from an address to packed clips, by Snakemake, at a tiny size: the ledger is right to the row."""

import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from local_server import Server, serving
from published_sources import (
    DRIVING_LEDGER,
    SKY_LEDGER,
    TAICHI_LEDGER,
    brightness,
    number_of,
    write_driving,
    write_sky,
    write_taichi,
)
from workflow_checkout import Workflow

from stylesv.data.ledger import ledger_of
from stylesv.data.packed import PackedClips
from stylesv.files import file_sha256
from stylesv.records.ledger import LedgerRow, count_clips, read_films
from stylesv.records.packed_index import read_packed_index
from stylesv.workflow.plan import load_plan

pytestmark = [pytest.mark.workflow, pytest.mark.slow]


@pytest.fixture
def workflow(tmp_path) -> Workflow:
    (tmp_path / "served").mkdir()
    return Workflow(tmp_path / "checkout")


@pytest.fixture
def server(tmp_path, workflow):
    with serving(tmp_path / "served") as found:
        yield found


def declare(workflow: Workflow, name: str, text: str) -> Path:
    """Give a data set another source; where its packed clips will lie."""
    (workflow.folder / "config" / "datasets" / f"{name}.yaml").write_text(text)
    (data,) = [d for d in load_plan(workflow.folder / "config").data.values() if d.dataset == name]
    return workflow.folder / "results" / "data" / data.name


def pack(workflow: Workflow, packed: Path, *arguments: str) -> None:
    done = workflow.snakemake(str((packed / "index.json").relative_to(workflow.folder)), *arguments)
    assert done.returncode == 0, done.stdout


def rows_of(packed: Path) -> list[LedgerRow]:
    index = read_packed_index(packed / "index.json")
    return ledger_of(index.sources, index.clips, index.dropped)


def ledger(packed: Path) -> dict[str, tuple[str, int]]:
    return {row.name: (row.status, row.got_frames) for row in rows_of(packed)}


def sky(server) -> str:
    return f"""dataset:
  source:
    archive:
      parts: [{{address: "{server.url}/virus/sky_timelapse.zip", sha256: null}}]
      inside: sky_timelapse/sky_train
  leave_out: [z6Yr7KDZhm0]
  max_missing: 0.2
  resolution: 32
  min_frames: 16
  max_frames: null
"""


def test_sky_timelapse_from_its_address_to_packed_clips(workflow, server):
    write_sky(server.root)
    packed = declare(workflow, "sky", sky(server))
    pack(workflow, packed)
    assert ledger(packed) == {f"sky_timelapse/sky_train/{name}": row for name, row in SKY_LEDGER.items()}
    clips = PackedClips(packed)
    (first,) = [number for number, clip in enumerate(clips.index.clips) if "DEF" in clip.name]
    assert [number_of(frame) for frame in clips.read(first, range(0, 40, 13))] == [0, 13, 26, 39]
    # what is there is not fetched again, and more than may be missing is one line
    asked = len(server.asked)
    (workflow.folder / "config" / "datasets" / "sky.yaml").write_text(
        sky(server).replace("0.2", "0.1") + "  crop: squeeze\n"
    )
    (data,) = [d for d in load_plan(workflow.folder / "config").data.values() if d.dataset == "sky"]
    done = workflow.snakemake(f"results/data/{data.name}/index.json")
    assert "1 of 6 videos are missing (1 damaged), more than max_missing 0.1 allows" in done.stdout
    assert len(server.asked) == asked


def taichi(server) -> str:
    return f"""dataset:
  source:
    clip_list:
      table: {server.url}/plain/taichi-metadata.csv
      sha256: {file_sha256(server.root / "taichi-metadata.csv")}
      films: {server.url}/plain/{{id}}.mp4
      film_format: b
      partition: train
      attempt: 1
      num_groups: 2
  max_missing: 0.3
  crop: squeeze
  resolution: 32
  min_frames: 16
  max_frames: null
"""


@dataclass(frozen=True)
class Undisturbed:
    """A packing of the table's clips with which nothing interfered."""

    server: Server
    workflow: Workflow
    packed: Path
    sent: dict[str, int]
    """Bytes that the server sent, by file."""
    sources: Path
    """A copy of what it fetched."""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Iterator[Undisturbed]:
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "served").mkdir()
    write_taichi(folder / "served")
    with serving(folder / "served") as server:
        workflow = Workflow(folder / "checkout")
        packed = declare(workflow, "taichi", taichi(server))
        pack(workflow, packed)
        sources = shutil.copytree(workflow.folder / "results" / "sources", folder / "sources")
        yield Undisturbed(server, workflow, packed, dict(server.sent), sources)


def test_killed_at_random_points_the_bytes_are_the_same_and_nothing_finished_is_fetched_twice(workflow, undisturbed):
    server = undisturbed.server
    packed = declare(workflow, "taichi", taichi(server))
    target = str((packed / "index.json").relative_to(workflow.folder))
    draw, before = random.Random(1), dict(server.sent)
    for _ in range(3):
        running = workflow.start(target)
        time.sleep(draw.uniform(2, 6))
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        workflow.snakemake("--unlock", target)
    pack(workflow, packed)
    assert ledger(packed) == TAICHI_LEDGER
    for name in ("clips.zip", "offsets.npy", "index.json"):
        assert (undisturbed.packed / name).read_bytes() == (packed / name).read_bytes()
    # yt-dlp looks at a film's first bytes before it fetches it
    sizes = {file.name: file.stat().st_size for file in server.root.iterdir()}
    assert all(server.sent[name] - before[name] <= sent + 4 * sizes[name] for name, sent in undisturbed.sent.items())


def test_taichi_from_its_addresses_to_packed_clips(undisturbed):
    server, workflow, packed = undisturbed.server, undisturbed.workflow, undisturbed.packed
    assert ledger(packed) == TAICHI_LEDGER
    clips = PackedClips(packed)
    for number, clip in enumerate(clips.index.clips):
        start = int(clip.source.split("#")[1])
        length = clip.num_frames
        shown = [number_of(frame) for frame in clips.read(number, (0, length - 1))]
        assert shown == [start % 40, (start + length - 1) % 40], clip.source
    counts = count_clips(rows_of(packed))
    assert (counts.asked, counts.got, counts.missing, counts.left_out) == (9, 7, 2, 0)
    # the missing film comes back: only it is asked for, and another attempt has it
    groups = sorted((workflow.folder / "results" / "sources").glob("films-*/groups/*.csv"))
    assert {row.id: row.status for file in groups for row in read_films(file)}["isNotThere6"] == "gone"
    missing = server.root / "isNotThere6.mp4"
    missing.write_bytes((server.root / "halfTheSiz4.mp4").read_bytes())
    server.asked.clear()
    done = workflow.snakemake("repair_taichi")
    assert done.returncode == 0, done.stdout
    assert {path for path, _ in server.asked} == {"/plain/isNotThere6.mp4"}
    again = declare(workflow, "taichi", taichi(server).replace("attempt: 1", "attempt: 2"))
    pack(workflow, again)
    missing.unlink()
    assert again != packed and ledger(again) == TAICHI_LEDGER | {"isNotThere6#000000#000040": ("ok", 40)}
    assert ledger(packed) == TAICHI_LEDGER


def test_too_many_missing_films_stop_with_one_line_before_anything_is_cut(workflow, undisturbed):
    """What was fetched for another data set is there."""
    text = taichi(undisturbed.server).replace("max_missing: 0.3", "max_missing: 0.1")
    packed = declare(workflow, "taichi", text)
    shutil.copytree(undisturbed.sources, workflow.folder / "results" / "sources")
    done = workflow.snakemake(str((packed / "index.json").relative_to(workflow.folder)))
    assert done.returncode != 0
    assert "error: 2 of 9 clips are missing (1 short, 1 gone), more than max_missing 0.1 allows" in done.stdout
    assert not (packed / "cut").exists()


@pytest.mark.long
def test_driving_from_its_parts_to_packed_clips_cut_where_films_change(workflow, server):
    parts = write_driving(server.root)
    ways = ("plain", "cut", "plain")  # a cut connection is tried again after a second
    addresses = ", ".join(
        f'{{address: "{server.url}/{way}/{part.name}", sha256: {file_sha256(part)}}}'
        for way, part in zip(ways, parts, strict=True)
    )
    packed = declare(
        workflow,
        "driving",
        f"dataset:\n  source:\n    archive:\n      parts: [{addresses}]\n      inside: newytb\n  resolution: 32\n"
        "  shots: {detector: transnetv2, threshold: 0.1}\n  crop: squeeze\n  min_frames: 16\n  max_frames: 512\n",
    )
    pack(workflow, packed)
    assert ledger(packed) == DRIVING_LEDGER


def test_the_fixtures_tell_their_numbers():
    assert [brightness(number) for number in (0, 39, 40)] == [20, 215, 20]

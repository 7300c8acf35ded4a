"""Data sets that are fetched: named and planned from what is declared, and what their rules ask; nothing is fetched."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from published_sources import TABLE

from stylesv.errors import ConfigError
from stylesv.records.recipe import read_data_recipe
from stylesv.workflow.plan import load_plan
from stylesv.workflow.planned import DataPlan
from stylesv.workflow.questions import Questions

SHA256 = "ab" * 32


@pytest.fixture
def config(root, tmp_path) -> Path:
    shutil.copytree(root / "config", tmp_path / "config")
    return tmp_path / "config"


def planned(config: Path, name: str) -> tuple[DataPlan, Questions]:
    plan = load_plan(config)
    (data,) = [data for data in plan.data.values() if data.dataset == name]
    return data, Questions(plan)


def wildcards(**values) -> SimpleNamespace:
    return SimpleNamespace(**values)


def change(config: Path, name: str, old: str, new: str) -> None:
    path = config / "datasets" / f"{name}.yaml"
    assert path.read_text().count(old) == 1
    path.write_text(path.read_text().replace(old, new))


def test_the_papers_data_sets_are_planned_offline_at_their_size(config):
    for name in ("sky", "taichi", "driving"):
        data, _ = planned(config, name)
        assert (data.settings.resolution, data.settings.min_frames) == (256, 16)
    assert data.settings.max_frames == 512 and data.settings.shots.detector == "transnetv2"


def test_an_archive_is_known_by_its_hash_or_its_address(config, tmp_path):
    data, ask = planned(config, "sky")
    part = f"results/sources/{data.fetched}/parts/part_000"
    assert ask.raw_videos(wildcards(data=data.name)) == part
    asked = ask.archive_part(wildcards(source=data.fetched, part="part_000"))
    assert asked["address"].startswith("https://drive.google.com/uc?id=") and (asked["sha256"], asked["zip"]) == (
        "",
        "--zip",
    )
    assert ask.fetched_records(wildcards(data=data.name)) == [f"{part}.json"]
    assert ask.max_missing(wildcards(data=data.name)) == "0.05"
    assert ask.shots(wildcards(data=data.name)) is None and ask.cut_ledgers(wildcards(data=data.name)) == []
    (tmp_path / "recipe.yaml").write_text(ask.data_recipe(wildcards(data=data.name)))
    assert read_data_recipe(tmp_path / "recipe.yaml") == data.recipe
    # with a hash, the address is no longer part of the name; the archive is shared by data sets inside it
    change(config, "sky", "sha256: null", f"sha256: {SHA256}")
    known, _ = planned(config, "sky")
    change(config, "sky", "drive.google.com", "mirror.example.org")
    mirrored, _ = planned(config, "sky")
    change(config, "sky", "sky_train", "sky_test")
    other, _ = planned(config, "sky")
    assert data.name != known.name == mirrored.name != other.name and known.fetched == other.fetched != data.fetched


def test_what_is_left_out_is_in_the_name_and_what_may_be_missing_is_not(config):
    first, _ = planned(config, "sky")
    change(config, "sky", "max_missing: 0.05", "max_missing: 0.5")
    assert planned(config, "sky")[0].name == first.name
    change(config, "sky", "[z6Yr7KDZhm0]", "[]")
    assert planned(config, "sky")[0].name != first.name


def test_an_archive_in_parts_is_joined(config):
    parts = "".join(f"        - {{address: https://example.org/{name}, sha256: null}}\n" for name in ("segaa", "segab"))
    change(config, "driving", "        - {address: downloads/youtube_driving/sega*, sha256: null}\n", parts)
    data, ask = planned(config, "driving")
    assert ask.raw_videos(wildcards(data=data.name)) == f"results/sources/{data.fetched}/archive.zip"
    found = ask.archive_parts(wildcards(source=data.fetched))
    assert found == [f"results/sources/{data.fetched}/parts/part_00{number}" for number in (0, 1)]
    assert ask.archive_part(wildcards(source=data.fetched, part="part_001"))["zip"] == ""
    assert ask.shots(wildcards(data=data.name)) == f"results/data/{data.name}/shots.csv"
    with pytest.raises(ConfigError, match="no such source"):
        ask.archive_parts(wildcards(source="archive-00000000"))


def test_films_are_fetched_in_groups_that_decide_no_name(config):
    data, ask = planned(config, "taichi")
    here = wildcards(data=data.name)
    groups = ask.film_groups(here)
    assert len(groups) == 28 and groups[3] == f"results/sources/{data.fetched}/groups/003of028.csv"
    assert ask.raw_videos(here)[3] == f"results/data/{data.name}/cut/003of028.zip"
    assert ask.cut_ledgers(here)[3] == f"results/data/{data.name}/cut/003of028.csv"
    assert ask.clip_table_of_data(here) == f"results/sources/{data.fetched}/clips.csv"
    assert ask.film_folder(here) == f"results/sources/{data.fetched}/films"
    assert ask.fetched_records(here) == [f"results/data/{data.name}/films.csv"]
    assert ask.clip_table(wildcards(source=data.fetched))["sha256"].startswith("1f9dcf5a")
    assert ask.films(wildcards(source=data.fetched))["partition"] == "train"
    assert ask.groups_to_repair("taichi")(None) == groups
    assert ask.films_to_repair("taichi")(None)["folder"] == ask.film_folder(here)
    change(config, "taichi", "num_groups: 28", "num_groups: 5")
    assert planned(config, "taichi")[0].name == data.name
    change(config, "taichi", "attempt: 1", "attempt: 2")
    again, _ = planned(config, "taichi")
    assert again.name != data.name and again.fetched == data.fetched


def test_a_table_that_is_a_file_is_known_by_its_content(config, tmp_path):
    text = (config / "datasets" / "taichi.yaml").read_text().splitlines()
    table = next(line for line in text if line.strip().startswith("table:"))
    sha256 = next(line for line in text if line.strip().startswith("sha256:"))
    change(config, "taichi", table, f"      table: {tmp_path}/clips.csv")
    change(config, "taichi", sha256, "      sha256: null")
    assert "clips.csv: no such file; give the table of clips" in load_plan(config).waiting["taichi"]
    (tmp_path / "clips.csv").write_text(TABLE)
    first = planned(config, "taichi")[0].name
    (tmp_path / "clips.csv").write_text(TABLE.replace(",10,40,", ",11,40,"))
    assert planned(config, "taichi")[0].name != first


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("  leave_out:", "  videos: a\n  leave_out:", "dataset.videos: is called dataset.source.folder now"),
        ("    archive:", "    folder: a\n    archive:", "folder and archive are both given; allowed is one of them"),
        ("sha256: null", "sha256: abc", "sha256: 'abc': string should match"),
        (
            "  leave_out:",
            "  shots: {detector: transnetv2, threshold: 0}\n  leave_out:",
            "threshold: 0: input should be greater",
        ),
        ("  leave_out:", "  shots: {detector: transnetv2, threshold: 1}\n  fps: 5\n  leave_out:", "do not go with fps"),
        ("max_missing: 0.05", "max_missing: 5", "max_missing: 5: input should be less than or equal to 1"),
    ],
)
def test_contradictions_are_one_line(config, old, new, words):
    change(config, "sky", old, new)
    with pytest.raises(ConfigError, match=words):
        load_plan(config)


def test_a_table_of_clips_has_films_with_ids(config):
    change(config, "taichi", "watch?v={id}", "watch?v=id")
    with pytest.raises(ConfigError, match=r"has no \{id\}, so every film would have one address"):
        load_plan(config)

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
    here_source = wildcards(source=data.fetched)
    assert ask.films_to_repair("taichi")(None) == {
        name: ask.films(here_source)[name] for name in ("films", "film_format")
    }
    assert ask.folder_to_repair("taichi")(None) == ask.film_folder(here)
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


# ---- shards ----


def own_films(config: Path, folder: Path, **dataset: float) -> DataPlan:
    """The plan of eight films of 1 GB, which are holes on the disk."""
    folder.mkdir(exist_ok=True)
    for number in range(8):
        with open(folder / f"{number}.mp4", "wb") as film:
            film.truncate(10**9)
    plan = load_plan(config, {"videos": str(folder), "dataset": dataset})
    return plan.experiments["own"].runs[0].data


def test_a_large_folder_is_packed_by_jobs_of_bounded_size_which_decide_no_name(config, tmp_path):
    one = own_films(config, tmp_path / "films")
    assert one.num_shards == 1, "as many small data sets have it"
    for dataset, count in (
        ({"shard_gb": 1}, 8),
        ({"shard_gb": 3}, 3),
        ({"num_shards": 5}, 5),
        ({"shard_gb": 1e-9}, 9999),
    ):
        several = own_films(config, tmp_path / "films", **dataset)
        assert (several.num_shards, several.name) == (count, one.name), dataset
    (tmp_path / "films" / "9.mp4").write_bytes(b"film")
    assert own_films(config, tmp_path / "films").name != one.name


def test_what_is_not_there_yet_is_packed_by_as_many_jobs_as_the_settings_say(config):
    for name, count in (("sky", 1), ("taichi", 1), ("driving", 8), ("demo", 1)):
        assert planned(config, name)[0].num_shards == count
    before = planned(config, "sky")[0].name
    change(config, "sky", "  max_frames: null ", "  num_shards: 4\n  max_frames: null ")
    data, ask = planned(config, "sky")
    assert (data.num_shards, data.name) == (4, before) and data.name in ask.in_shards


def test_rules_are_told_the_files_of_all_shards(config):
    data, ask = planned(config, "driving")
    here, folder = wildcards(data=data.name), f"results/data/{data.name}"
    assert ask.num_shards(here) == "8" and ask.in_shards == [data.name]
    files = ask.shards(here)
    assert len(files) == len(set(files)) == 24
    assert files[:3] == [f"{folder}/shards/0000of0008/{name}" for name in ("index.json", "clips.zip", "offsets.npy")]
    # jobs that read clips wait for the list of shards, which comes last; object storage has to bring them all
    assert ask.packed_clips(here) == [f"{folder}/shards.json"]
    run = next(run for run in ask.plan.runs.values() if run.data.name == data.name)
    assert ask.packed_clips_of_run(wildcards(run=run.name)) == ask.packed_clips(here)
    stored = Questions(ask.plan, in_object_storage=lambda: True).packed_clips(here)
    assert len(stored) == 1 + 2 * 8 and stored[1:3] == [
        f"{folder}/shards/0000of0008/{name}" for name in ("clips.zip", "offsets.npy")
    ]
    sky, _ = planned(config, "sky")
    assert ask.packed_clips(wildcards(data=sky.name)) == [
        f"results/data/{sky.name}/{name}" for name in ("clips.zip", "offsets.npy")
    ]


def whole_shards(*names: str) -> list[str]:
    return [f"{name}/{file}" for name in names for file in ("clips.zip", "offsets.npy", "index.json")]


def test_shards_that_are_there_decide_how_many_there_are(config):
    """So another setting packs nothing again, and a second call goes on where the first stopped."""
    data, ask = planned(config, "driving")
    here, folder = wildcards(data=data.name), f"results/data/{data.name}"

    def asked(there: dict[str, list[str]]) -> Questions:
        return Questions(ask.plan, lambda folder: there.get(folder, []))

    begun = asked({f"{folder}/shards": whole_shards("0002of0004", "0000of0004", "0001of0016")})
    assert begun.num_shards(here) == "4"
    half = asked({f"{folder}/shards": ["0001of0004/clips.zip", "0001of0004/offsets.npy", ".partial/index.json"]})
    assert half.num_shards(here) == "8", "a shard without an index is not whole"
    by_one = asked({"results/data": [f"{data.name}/clips.zip", f"{data.name}/index.json"]})
    assert by_one.num_shards(here) == "1" and by_one.in_shards == []
    assert by_one.packed_clips(here) == [f"{folder}/clips.zip", f"{folder}/offsets.npy"]
    lost = whole_shards("0000of0002", "0001of0002")
    lost.remove("0001of0002/clips.zip")
    known = asked({f"{folder}/shards": lost, "results/data": [f"{data.name}/index.json"]})
    assert known.packed_clips(here) == [f"{folder}/shards.json", f"{folder}/shards/0001of0002/clips.zip"]


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

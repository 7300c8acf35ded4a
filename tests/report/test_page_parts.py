"""Parts of the page: the graph of rules, costs of jobs, provenance, what is said in the summary."""

import subprocess
import xml.etree.ElementTree as ElementTree

import pytest
from experiment_files import LOG, TRAINED, ExperimentFiles
from motion_values import motion
from report_values import row, score

from stylesv.errors import ConfigError, DataError
from stylesv.records.rule_graph import RuleGraph, RuleNode, read_rule_graph, rule_graph_yaml
from stylesv.report.artefact_table import BesideRow
from stylesv.report.figures.sources import Sources
from stylesv.report.page.benchmarks import costs_of_rules, format_seconds
from stylesv.report.page.films import film_groups
from stylesv.report.page.media import PageFolder
from stylesv.report.page.paper_tables import read_paper_table
from stylesv.report.page.provenance import git_commit
from stylesv.report.page.rule_graph import draw_rule_graph, lay_out
from stylesv.report.page.summary import findings, not_run, paper_findings
from stylesv.report.score_table import tabulate_scores

# a parent's best or last snapshot is where another run starts: a circle of rules, though not of jobs
RULES = ("choose", "initialize", "recipe", "report", "score", "train")
DEPTHS = {"recipe": 0, "initialize": 5, "train": 6, "score": 7, "choose": 8, "report": 9}
CIRCLE = RuleGraph(
    rules=tuple(RuleNode(name=name, jobs=2 if name == "train" else 1, depth=DEPTHS[name]) for name in RULES),
    edges=(
        *(("choose", "initialize"), ("choose", "report"), ("initialize", "train"), ("recipe", "initialize")),
        *(("recipe", "train"), ("score", "choose"), ("score", "report"), ("train", "report"), ("train", "score")),
        ("train", "train"),
    ),
)


def test_a_graph_survives_its_file(tmp_path):
    (tmp_path / "graph.yaml").write_text(rule_graph_yaml(CIRCLE))
    assert read_rule_graph(tmp_path / "graph.yaml") == CIRCLE
    (tmp_path / "graph.yaml").write_text("rules: 3\n")
    with pytest.raises(ConfigError, match=r"graph\.yaml: is not a graph of rules"):
        read_rule_graph(tmp_path / "graph.yaml")


def test_makers_stand_above_readers_and_what_is_implied_is_left_out():
    layout = lay_out(CIRCLE)
    level = {name: number for number, layer in enumerate(layout.layers) for name in layer}
    assert sorted(level) == list(RULES)
    assert all(level[maker] < level[reader] for maker, reader in layout.forward)
    assert list(layout.backward) == [("choose", "initialize")]
    # report reads what train and score made, which choose stands for
    assert set(layout.forward) == {
        ("recipe", "initialize"),
        ("initialize", "train"),
        ("train", "score"),
        ("score", "choose"),
        ("choose", "report"),
    }


def test_the_drawing_is_xml_with_a_box_for_every_rule_and_none_on_another():
    drawn = draw_rule_graph(CIRCLE)
    boxes = [node.attrib for node in ElementTree.fromstring(drawn).iter() if node.tag.endswith("rect")]
    assert len(boxes) == 6
    places = [(float(box["x"]), float(box["y"]), float(box["width"]), float(box["height"])) for box in boxes]
    for number, (x, y, width, height) in enumerate(places):
        for other_x, other_y, *_ in places[number + 1 :]:
            assert abs(x - other_x) >= width or abs(y - other_y) >= height
    assert "2 jobs, one after the other" in drawn and drawn.count('class="link back"') == 1


def benchmark(folder, name, seconds, memory):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    head = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time"
    path.write_text(f"{head}\n{seconds}\t0:00:01\t{memory}\t0\t0\t0\t0\t0\t0\t0\n")


def test_costs_are_of_the_experiments_own_jobs(tmp_path):
    benchmark(tmp_path, "train_segment/sky-D-s0-00/4.tsv", 90.5, 500.0)
    benchmark(tmp_path, "train_segment/sky-D-s0-00/8.tsv", 40.5, 700.0)
    benchmark(tmp_path, "train_segment/other-D-s0-00/8.tsv", 999, 9999.0)
    benchmark(tmp_path, "pack_videos/sky-00.tsv", 300, 100.0)
    found = [cost.cells for cost in costs_of_rules(tmp_path, ["sky-D-s0-00", "sky-00"])]
    assert found == [("pack_videos", "1", "5 min", "100 MiB"), ("train_segment", "2", "2 min", "700 MiB")]
    assert costs_of_rules(tmp_path / "none", ["sky-00"]) == []
    assert [format_seconds(each) for each in (9.6, 600.0, 7200.0)] == ["10 s", "10 min", "2.0 h"]


def test_the_commit_is_the_checkouts_own(tmp_path):
    project = tmp_path / "outer" / "project"
    project.mkdir(parents=True)

    def git(folder, *arguments):
        who = ("-c", "user.name=a", "-c", "user.email=a@b")
        command = ["git", "-C", str(folder), *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git(tmp_path / "outer", "init", "-q")
    (tmp_path / "outer" / "a").write_text("a")
    git(tmp_path / "outer", "add", "a")
    git(tmp_path / "outer", "commit", "-q", "-m", "a")
    assert git_commit(project).startswith("not known")  # that of the folder around it is another project's
    assert git_commit(tmp_path / "outer") == f"commit {git(tmp_path / 'outer', 'rev-parse', 'HEAD')}"
    (tmp_path / "outer" / "a").write_text("b")
    assert git_commit(tmp_path / "outer").endswith(", with changes that are not committed")


def test_findings_name_the_best_what_is_like_it_and_what_moves():
    other = {"model": "E", "run": "sky-E-s0-aaaa0000"}
    table = tabulate_scores([row(0, 120.0), row(20, 25.5), row(20, 26.0, **other)])
    shown = row(20, 25.5, dataset="sky-01234567", motion=motion(0.5))
    best, moves, sound = findings([table], {"sky-D": shown}, [])
    assert best == (
        "rFVD16 on sky (lower is better): best is D with 25.50 [22.95, 30.60] at 20 kimg; E cannot be told from it."
    )
    assert moves.startswith("D at 20 kimg on sky: Its clips change 0.5 times as much")
    assert sound.startswith("No measure found")


def test_findings_say_of_the_best_that_all_of_its_clips_are_told_from_real_ones():
    def best(**numbers):
        beside = tuple(BesideRow(name, value, 0.8) for name, value in numbers.items())
        return findings([tabulate_scores([row(20, 25.5, beside=beside)])], {}, [])[0]

    said = "; the measure's network tells all of its clips from real ones (precision and coverage 0)."
    assert best(precision=0.0, coverage=0.0).endswith(said)
    assert said not in best(precision=0.0, coverage=0.1) and said not in best()


def test_a_models_seeds_are_one_model_ranked_by_their_mean():
    """The luckiest seed is D's, the best mean E's; neither is a rival of its own other seeds."""
    values = {"D": (30.0, 70.0, 80.0), "E": (40.0, 44.0, 42.0), "F": (200.0, 210.0, 220.0)}
    table = tabulate_scores(
        [
            row(20 + 20 * seed * (model == "E"), value, model=model, seed=seed, run=f"sky-{model}-s{seed}-00")
            for model, found in values.items()
            for seed, value in enumerate(found)
        ]
    )
    (best,) = findings([table], {}, [])
    assert best == (
        "rFVD16 on sky (lower is better): best is E with 42.00 ± 2.00 [36.00, 52.80] over 3 seeds, each at its best snapshot."
    )
    assert not any("different" in note for note in table.notes)
    (one,) = findings([tabulate_scores([row for row in table.rows if row.model == "D"])], {}, [])
    assert one.endswith("best is D with 60.00 ± 26.46 [27.00, 96.00] over 3 seeds at 20 kimg.")
    near = tabulate_scores([*table.rows, *(row(20, 43.0 + s, model="G", seed=s, run=f"sky-G-s{s}") for s in (0, 1))])
    assert findings([near], {}, [])[0].endswith("snapshot; G cannot be told from it.")
    said = "sky: do not call E over 3 seeds (42.00 ± 2.00) and G over 2 seeds (43.50 ± 0.707) different"
    assert [note.startswith(said) for note in near.notes if "different" in note] == [True]


def test_how_seeds_move_is_said_of_each():
    rows = [row(20, 9.0, seed=seed, run=f"sky-D-s{seed}", motion=motion(0.5)) for seed in (0, 1)]
    said = findings([], {row.run: row for row in rows}, [])
    assert [text.partition(":")[0] for text in said[:2]] == [
        "D, seed 0, at 20 kimg on sky",
        "D, seed 1, at 20 kimg on sky",
    ]


def test_a_film_says_which_of_several_seeds_it_is_of(tmp_path):
    files = ExperimentFiles(tmp_path, tmp_path / "index.json")
    titles = []
    for seed in (0, 1):
        files.add_run(f"sky-D-s{seed}-00", {0: 90.0, 4: 42.0}, TRAINED, seed=seed, logs=[LOG])
        (group,) = film_groups(Sources.of(files.record()), {}, PageFolder(tmp_path / "page"))
        titles.append([film.title for film in group.films])
    assert titles == [["Real clips", "D, generated"], ["Real clips", "D, generated, seed 0"]]


MAIN = "dataset,model,metric,protocol,paper,ours,low,high,difference_percent,not_different_from\n"


def test_paper_findings_say_what_was_reproduced_and_by_how_much_the_rest_differs(tmp_path):
    lines = [
        "sky,D,FVD16,fvd-0,49,50,45,55,2.04,paper",
        "sky,C,FVD16,fvd-0,73.5,90,80,95,22.4,",
        "sky,D,FVD128,fvd-1,135.9,,,,,",
        "sky,D,eFID,efid-0,,12,11,13,,",
    ]
    (tmp_path / "main.csv").write_text(MAIN + "\n".join(lines) + "\n")
    found = paper_findings(tmp_path / "main.csv")
    assert found == [
        "Of 3 numbers of the paper, 2 were measured here: 1 lies in our interval, 1 does not.",
        "Not different from the paper: FVD16 of D on sky, 50.00 where the paper has 49.",
        "Different from the paper: FVD16 of C on sky, 90.00 where the paper has 73.5 (+22 %).",
        "Of the paper and not measured here: FVD128 of D on sky.",
    ]
    (tmp_path / "main.csv").write_text(MAIN + lines[2] + "\n")
    none, missing = paper_findings(tmp_path / "main.csv")
    assert none == "Of 1 numbers of the paper, 0 were measured here." and missing == found[-1]
    (tmp_path / "main.csv").write_text(MAIN + "sky,D,FVD16,fvd-0,49,49,,,0,\n" + lines[0] + "\n")
    assert paper_findings(tmp_path / "main.csv")[0].endswith("1 lies in our interval, 0 do not, 1 of ours has none.")
    assert paper_findings(tmp_path / "main.csv")[2].startswith(
        "Without an interval that says whether they differ from the paper: FVD16 of D"
    )
    (tmp_path / "main.csv").write_text(MAIN + lines[-1] + "\n")
    assert paper_findings(tmp_path / "main.csv") == []


def test_what_was_not_run_is_said(tmp_path):
    files = ExperimentFiles(tmp_path, tmp_path / "index.json")
    files.add_run("sky-D-s0-00", {0: 90.0, 4: 42.0}, TRAINED, logs=[LOG])
    experiment = Sources.of(files.record()).experiment
    said = " ".join(not_run(experiment, [score()]))
    assert "TaiChi-HD, YouTube Driving" in said and "SkyTimelapse" not in said
    assert "A, B, C, E, E-lowrank" in said and "Only seed 0" in said and "FVD and FID" in said
    said = " ".join(not_run(experiment, [score(metric="fvd")]))
    assert "FVD and FID" not in said and "FID with the papers' detectors" in said


def test_a_table_is_taken_from_its_page(tmp_path):
    path = tmp_path / "main.html"
    path.write_text("<!doctype html>\n<html><body><h1>Paper &amp; ours</h1>\n<table></table>\n</body></html>\n")
    found = read_paper_table("main", path)
    assert (found.title, found.body) == ("Paper &amp; ours", "<table></table>\n")
    path.write_text("something else")
    with pytest.raises(DataError, match=r"main\.html: is no page of a table; delete it"):
        read_paper_table("main", path)
    with pytest.raises(DataError, match="none: cannot be read"):
        read_paper_table("main", tmp_path / "none")

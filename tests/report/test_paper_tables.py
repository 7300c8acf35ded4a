"""Tables of a paper: published beside ours over seeds, dashes with their commands, and files that LaTeX and browsers take."""

import html.parser
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from report_values import used
from table_values import Tabled, planned_stage

from stylesv.errors import ConfigError, DataError
from stylesv.records.published import PublishedNumber, read_published
from stylesv.records.score import read_run_scores, write_run_scores
from stylesv.report.ablation_table import ablation_table
from stylesv.report.cost_table import cost_table
from stylesv.report.experiment_tables import write_experiment_table
from stylesv.report.long_video_table import long_video_table
from stylesv.report.main_table import main_table
from stylesv.report.protocols_table import protocols_table
from stylesv.report.table_files import Table, TableFiles, table_html, table_latex, write_table_files
from stylesv.report.tabled_scores import read_tabled_scores

FVD = used("fvd2048_16f", key="11111111")
EVD = used("evd_16f", key="22222222")
LONG = used("evd_16f_long", key="33333333")
C_VALUES, D_VALUES = (80.0, 74.0, 71.0), (50.0, 47.0, 55.0)
FLOOR = {
    **{"value": 12.5, "low": 10.0, "high": 15.0, "error": 0.1, "level": 0.95, "draws": 100, "method": "halves"},
    **{"halves_distance": 20.0, "correction": 1.1, "real_clips": 200, "generated_clips": 256},
}


@pytest.fixture(scope="module")
def published(root):
    return read_published(root / "config" / "published.csv")


@pytest.fixture
def tabled(tmp_path):
    """C has three seeds, D three, E two of three, A none."""
    tabled = Tabled(tmp_path, [FVD, EVD], ("A", "C", "D", "E"))
    for seed in range(3):
        tabled.add("image", seed, None)
        tabled.add("A", seed, None)
        tabled.add("C", seed, {"fvd2048_16f": C_VALUES[seed], "evd_16f": 1.0}, floor=FLOOR)
        tabled.add("D", seed, {"fvd2048_16f": D_VALUES[seed], "evd_16f": 2.0}, floor=FLOOR)
        tabled.add("E", seed, {"fvd2048_16f": 52.0, "evd_16f": 3.0} if seed < 2 else None)
    return tabled


def numbers_of(table: Table, **where: str) -> pd.Series:
    found = table.numbers
    for name, value in where.items():
        found = found[found[name] == value]
    assert len(found) == 1
    return found.iloc[0]


def test_ours_is_mean_and_spread_over_seeds_at_the_chosen_snapshot(tabled, published):
    table = main_table(read_tabled_scores(tabled.plan, tabled.folder), published)
    line = numbers_of(table, model="C", metric="FVD16")
    assert line["ours"] == pytest.approx(np.mean(C_VALUES)) and line["spread"] == pytest.approx(
        np.std(C_VALUES, ddof=1)
    )
    assert (line["low"], line["high"]) == pytest.approx((0.9 * 71, 1.2 * 80)), "the lowest and the highest end"
    assert line["paper"] == 73.5 and line["difference"] == pytest.approx(75 - 73.5)
    assert line["difference_percent"] == pytest.approx(100 * 1.5 / 73.5)
    assert [line[name] for name in ("floor", "floor_low", "floor_high")] == [12.5, 10.0, 15.0]
    cells = table.shown[(table.shown["model"] == "C") & (table.shown["measure"] == "FVD16")].iloc[0]
    assert cells["ours"] == "75.00 ± 4.58" and cells["interval"] == "[63.90, 96.00]"
    assert (cells["difference"], cells["times floor"]) == ("+1.5 (+2 %)", "6.00")


def test_a_number_that_chance_may_have_made_is_called_not_different(tabled, published):
    table = main_table(read_tabled_scores(tabled.plan, tabled.folder), published)
    of = {model: numbers_of(table, model=model, metric="FVD16")["not_different_from"] for model in "CDE"}
    assert of == {"C": "paper", "D": "paper, (best)", "E": "best"}
    assert numbers_of(table, model="D", metric="FVD16")["kimg"] == "20" and not any(
        "0 kimg" in note for note in table.notes
    )
    lines = numbers_of(table, model="C", metric="eVD16")
    assert np.isnan(lines["paper"]) and "paper" not in lines["not_different_from"]


def test_what_nobody_saw_is_not_available_and_other_measures_have_no_paper(tabled, published):
    shown = main_table(read_tabled_scores(tabled.plan, tabled.folder), published).shown
    paper = {(row["model"], row["measure"]): row["paper"] for _, row in shown.iterrows()}
    assert paper["C", "FVD16"] == "73.5" and paper["D", "FVD16"] == "49.0"
    assert paper["A", "FVD16"] == paper["E", "FVD16"] == "not available"
    assert {paper[model, "eVD16"] for model in "ACDE"} == {"–"}


def test_a_missing_run_is_a_dash_with_the_command_that_makes_it(tabled, published):
    table = main_table(read_tabled_scores(tabled.plan, tabled.folder), published)
    line = numbers_of(table, model="A", metric="FVD16")
    assert np.isnan(line["ours"]) and (line["seeds"], line["seeds_asked"]) == (0, 3)
    cells = table.shown[table.shown["model"] == "A"].iloc[0]
    assert (cells["ours"], cells["interval"], cells["difference"], cells["floor"]) == ("–", "–", "–", "–")
    file = "results/runs/sky-E-s2-0123abcd/scores/s.json"
    assert numbers_of(table, model="E", metric="FVD16")["missing"].startswith("snakemake --cores all")
    (note,) = [note for note in table.notes if note.startswith("sky E")]
    assert note.startswith("sky E, seed 2: not there yet; `snakemake --cores all ") and file in note
    assert any(note.startswith("sky A, seed 0, 1, 2: not there yet") for note in table.notes)
    assert not any(note.startswith("sky C") and "not there" in note for note in table.notes)


def test_notes_say_protocol_counts_letters_and_sources(tabled, published):
    notes = "\n".join(main_table(read_tabled_scores(tabled.plan, tabled.folder), published).notes)
    for words in (
        "Letters are inferred",
        "Paper: https://genforce.github.io/StyleSV/",
        "FVD16: Protocol fvd2048_16f-11111111; clips: 16 consecutive frames",
        "sky-00000000, FVD16: 200 real and 256 generated clips.",
        "it is not FVD: do not compare it with published numbers",
        "StyleGAN-V 79.52 (https://github.com/universome/stylegan-v/issues/37 (user quotes the paper); cited)",
    ):
        assert words in notes


def test_scores_of_two_detectors_are_not_joined(tmp_path, published):
    tabled = Tabled(tmp_path, [FVD], ("D",))
    tabled.add("D", 0, {"fvd2048_16f": 50.0})
    tabled.used = [used("fvd2048_16f", key="11111111", sha256="b" * 64)]
    tabled.add("D", 1, {"fvd2048_16f": 50.0})
    with pytest.raises(ConfigError, match="detector's SHA-256"):
        main_table(read_tabled_scores(tabled.plan, tmp_path), published)


def test_a_step_is_the_difference_from_the_model_above(tabled, published):
    table = ablation_table(read_tabled_scores(tabled.plan, tabled.folder), published)
    steps = dict(zip(table.numbers["model"], table.numbers["sky_FVD16_step"], strict=True))
    assert steps["D"] == pytest.approx(np.mean(D_VALUES) - np.mean(C_VALUES))
    assert steps["E"] == pytest.approx(52 - np.mean(D_VALUES)) and np.isnan(steps["A"]) and np.isnan(steps["C"])
    shown = dict(zip(table.shown[("", "", "model")], table.shown[("sky", "FVD16", "step")], strict=True))
    assert shown["E"].startswith("≈ ") and not shown["D"].startswith("≈")
    assert list(table.shown[("sky", "FVD16", "paper")]) == ["not available", "73.5", "49.0", "not available"]


def test_a_step_over_a_row_that_is_missing_is_none(tmp_path, published):
    tabled = Tabled(tmp_path, [EVD], ("C", "D", "E"))
    for model, values in (("C", {"evd_16f": 1.0}), ("D", None), ("E", {"evd_16f": 3.0})):
        tabled.add(model, 0, values)
    shown = ablation_table(read_tabled_scores(tabled.plan, tmp_path), published).shown
    assert list(shown[("sky", "eVD16", "step")]) == ["–", "–", "–"]


def test_two_protocols_of_one_measure_have_columns_and_lines_of_their_own(tmp_path, published):
    other = used("fvd2048_16f", key="44444444").model_copy(update={"name": "fvd_community_16f"})
    tabled = Tabled(tmp_path, [FVD, other, EVD], ("C", "D"))
    tabled.add("C", 0, {"fvd2048_16f": 70.0, "fvd_community_16f": 700.0, "evd_16f": 1.0})
    tabled.add("D", 0, {"fvd2048_16f": 50.0, "fvd_community_16f": 500.0, "evd_16f": 2.0})
    found = read_tabled_scores(tabled.plan, tmp_path)
    both = ["FVD16 (fvd2048_16f)", "FVD16 (fvd_community_16f)"]
    steps = ablation_table(found, published)
    assert [column[1:] for column in steps.shown.columns if column[2] == "ours"] == [
        (label, "ours") for label in (*both, "eVD16")
    ]
    assert list(steps.shown[("sky", both[0], "ours")]) == ["70.00", "50.00"]
    assert list(steps.shown[("sky", both[1], "ours")]) == ["700.0", "500.0"]
    assert (
        list(steps.numbers["sky_fvd2048_16f_step"])[1] == -20
        and list(steps.numbers["sky_fvd_community_16f_step"])[1] == -200
    )
    assert "sky_eVD16_ours" in steps.numbers
    main = main_table(found, published)
    assert list(dict.fromkeys(main.shown["measure"])) == [*both, "eVD16"]
    assert any(
        note.startswith("FVD16 (fvd_community_16f): Protocol fvd_community_16f-44444444;") for note in main.notes
    )


def test_one_checkpoint_stands_under_every_protocol(tmp_path, published):
    tabled = Tabled(tmp_path, [FVD, LONG], ("C", "D"), last=("evd_16f_long",))
    for seed in range(2):
        tabled.add("C", seed, {"fvd2048_16f": 9.0, "evd_16f_long": 9.0})
        tabled.add("D", seed, {"fvd2048_16f": 50.0 + seed, "evd_16f_long": 7.0 + seed})
    table = protocols_table(read_tabled_scores(tabled.plan, tmp_path), published)
    assert list(table.numbers["run"]) == ["sky-D-s0-0123abcd"] * 2 and set(table.numbers["kimg"]) == {40}
    assert list(table.numbers["value"]) == [100.0, 7.0], "the last snapshot, not the best"
    assert any("<=4 clips per video (2069 clips) 49.94" in note for note in table.notes)


def beside(value: float) -> dict:
    """What a protocol of long videos finds beside a score: two late starts of its three, and one artefact."""
    error = {"generated_error": None, "generated_clips": 2, "real_error": None, "real_clips": 2}
    drift = [{"start_time": 0, "generated": value, "generated_clips": 4, "real": 1.5, "real_clips": 4}]
    drift += [{"start_time": 128, "generated": 3 * value, "generated_clips": 4, "real": None, "real_clips": 0}]
    return {"drift": drift, "artefacts": [{"name": "jitter", "generated": value / 2, "real": 1.0} | error]}


def test_long_videos_stand_beside_real_ones(tmp_path, published):
    tabled = Tabled(tmp_path, [LONG], ("A", "E"), last=("evd_16f_long",))
    for seed, value in enumerate((8.0, 10.0)):
        tabled.add("A", seed, {"evd_16f_long": 5.0}, **beside(value))
    tabled.add("E", 0, None)
    table = long_video_table(read_tabled_scores(tabled.plan, tmp_path), published)
    late = numbers_of(table, number="from frame 128")
    assert late["A_mean"] == 27.0 and late["A_spread"] == pytest.approx(np.std([24, 30], ddof=1))
    assert np.isnan(late["real"])
    measured = table.shown[table.shown["A"] != "–"]
    assert list(measured["A"]) == ["9 ± 1.4", "27 ± 4.2", "4.5 ± 0.71"]
    assert list(measured["real clips"]) == ["1.5", "–", "1"] and set(table.shown["E"]) == {"–"}
    assert any(note.startswith("sky E, seed 0: not there yet") for note in table.notes)
    without = Tabled(tmp_path, [FVD], ("A",))
    with pytest.raises(DataError, match="table long_video: no protocol of this experiment has `drift` or `artefacts`"):
        long_video_table(read_tabled_scores(without.plan, tmp_path), published)


def test_without_a_run_every_table_has_its_lines_and_a_head(tmp_path, root):
    tabled = Tabled(tmp_path, [FVD, LONG], ("A", "D"), last=("evd_16f_long",))
    for model in tabled.models:
        tabled.add(model, 0, None)
    files, given = files_in(tmp_path), {"published": root / "config" / "published.csv", "benchmarks": tmp_path}
    lines = {}
    for name in ("main", "ablation", "protocols", "long_video", "cost", "fvd2048_16f"):
        plan = tabled.write_plan()
        write_experiment_table(plan, name, **given, speeds=root / "config" / "speeds.csv", files=files)
        lines[name] = pd.read_csv(files.csv)
        assert len(lines[name].columns) > 1
    assert {name: len(found) for name, found in lines.items() if name in ("main", "ablation", "protocols")} == {
        **{"main": 2, "ablation": 2, "protocols": 2}
    }
    names = list(lines["long_video"]["number"])
    assert names[:3] == [f"from frame {start}" for start in LONG.settings.drift.start_times]
    assert names[3] == "sticking" and names[-2:] == ["still", "repeating"]
    assert lines["long_video"][["A_mean", "D_mean", "real"]].isna().all(axis=None)
    assert "value" in lines["fvd2048_16f"] and len(lines["fvd2048_16f"]) == 0


def test_notes_leave_out_what_only_parents_were_scored_with(tmp_path, published):
    """As in `paper_toy`: the image model, which has no line, is scored by eFID, and the others are not."""
    image = used("efid", key="55555555")
    tabled = Tabled(tmp_path, [EVD, LONG, image], ("C", "D"), last=("evd_16f_long",))
    values = {"evd_16f": 9.0, "evd_16f_long": 8.0, "efid": 7.0}
    for model in ("image", "C", "D"):
        tabled.add(model, 0, values)
    of = {True: (EVD.id, LONG.id), False: (image.id,)}
    tabled.runs = [run.model_copy(update={"protocols": of[run.tabled]}) for run in tabled.runs]
    for run in tabled.runs:
        kept = [score for score in read_run_scores(tmp_path / run.scores) if score.protocol.id in run.protocols]
        write_run_scores(tmp_path / run.scores, kept)
    found = read_tabled_scores(tabled.plan, tmp_path)
    assert len(found.rows(tabled.plan.protocols[2])) == 3, "its own table has them: three snapshots"
    for build in (main_table, ablation_table, protocols_table, long_video_table):
        table = build(found, published)
        assert any("evd_16f" in note for note in table.notes)
        assert not any("eFID" in note or "efficientnet" in note for note in table.notes)


# ---- files ----

HARD = Table(
    "Odd & 100 % <b>_names_</b>",
    pd.DataFrame([{"model": "a_b", "value": 1 / 3}]),
    pd.DataFrame(
        [["a_b & c", "50 % ± 1 ≈ ∞ – ≤ × → …", "<i>#1 $x^2 {y} ~z \\w</i>"]], columns=["model_#", "value", "note ↓"]
    ),
    ("note with `code`, <tags>, 5 % & ±",),
)
TWO_LEVELS = replace(
    HARD,
    shown=pd.DataFrame([["A", "1 ± 2"]], columns=pd.MultiIndex.from_tuples([("", "model"), ("sky_1", "FVD16")])),
)


def files_in(folder) -> TableFiles:
    return TableFiles(**{kind: folder / f"table.{kind}" for kind in ("csv", "markdown", "tex", "html")})


def test_a_table_is_written_four_ways(tmp_path):
    files = files_in(tmp_path)
    write_table_files(HARD, files)
    assert float(pd.read_csv(files.csv)["value"][0]) == pytest.approx(1 / 3, abs=1e-15)
    assert "| model_# | value | note ↓ |\n| --- | --- | --- |\n| a_b & c |" in files.markdown.read_text()
    page = files.html.read_text()
    assert "<td>a_b &amp; c</td>" in page and "&lt;tags&gt;" in page and "<i>" not in page
    assert page.startswith("<!doctype html>") and '<meta charset="utf-8">' in page
    assert "\\toprule" in files.tex.read_text() and "a\\_b \\& c" in files.tex.read_text()


def test_html_is_well_formed():
    opened = []

    class Checker(html.parser.HTMLParser):
        def handle_starttag(self, tag, attrs):
            opened.append(tag)

        def handle_endtag(self, tag):
            assert opened.pop() == tag

    for table in (HARD, TWO_LEVELS):
        Checker().feed(table_html(table))
        assert opened == []


def compiled(tables: list[str], folder: Path) -> str:
    """What pdflatex says of a paper with some tables, each on its own pages, with the width of what it scales (pt)."""
    kpsewhich = ["kpsewhich", "booktabs.sty", "graphicx.sty"]
    if shutil.which("pdflatex") is None or subprocess.run(kpsewhich, capture_output=True).returncode:
        pytest.skip("pdflatex, booktabs or graphicx is not there: install texlive-latex-recommended")
    tell = "\\let\\scaled\\resizebox\\renewcommand\\resizebox[3]{\\typeout{scaled \\the\\wd0}\\scaled{#1}{#2}{#3}}\n"
    head = (
        f"\\documentclass{{article}}\n\\usepackage{{booktabs}}\n\\usepackage{{graphicx}}\n{tell}\\begin{{document}}\n"
    )
    (folder / "all.tex").write_text(head + "\n\\clearpage\n".join(tables) + "\\end{document}\n")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-3000:]
    return (folder / "all.log").read_text(errors="replace")


def test_latex_compiles(tmp_path):
    long = replace(HARD, shown=pd.concat([HARD.shown] * 150))
    said = compiled([table_latex(table) for table in (HARD, TWO_LEVELS, long)], tmp_path)
    assert "Overfull" not in said, "neither over the margin nor over the foot of a page"
    assert (tmp_path / "all.pdf").stat().st_size > 1000


def test_no_latex_table_is_wider_than_a_line_or_taller_than_a_page(tmp_path, root, published):
    """Six models, two seeds and four protocols, two of them of one measure; and without a run, with long commands."""
    tables = []
    for folder, there in ((tmp_path / "made", True), (tmp_path / "missing", False)):
        protocols = [FVD, used("fvd_community_16f", key="44444444"), EVD, LONG]
        tabled = Tabled(folder, protocols, ("A", "B", "C", "D", "E", "E-lowrank"), last=("evd_16f_long",))
        for model in tabled.models:
            for seed in range(2):
                values = {each.name: 123.4 + 10 * seed for each in protocols}
                tabled.add(model, seed, values if there else None, floor=FLOOR, **beside(100.25 + seed))
            stages = ("train_segment", "score_snapshot", "generate_clips")
            tabled.stages += [planned_stage(stage, model=model, jobs=2400, kimg=75_000) for stage in stages]
        found = read_tabled_scores(tabled.plan, folder)
        tables += [main_table(found, published), ablation_table(found, published), protocols_table(found, published)]
        tables += [long_video_table(found, published)]
        tables += [cost_table(tabled.plan, folder, speeds=root / "config" / "speeds.csv", benchmarks=folder)]
    said = compiled([table_latex(table) for table in tables], tmp_path)
    assert "Overfull" not in said
    scaled = [float(width) for width in re.findall(r"^scaled ([0-9.]+)pt", said, re.MULTILINE)]
    assert scaled and max(scaled) < 345 * 8 / 5, "letters of 8 pt are 5 pt or more on a line of 345 pt"


def test_what_is_too_long_for_a_line_of_latex_is_wrapped_and_its_notes_are_printed():
    words = "some long words that say what stands beside the number and do not fit"
    shown = pd.DataFrame([[words, "[1, 2]", *["123.4 ± 5.67"] * 4]], columns=["number", "range", *"ABCD"])
    tex = table_latex(Table("t", pd.DataFrame(), shown, ("see `a --b` in results/runs/sky-A_s0/scores/s.json",)))
    tabular, notes = tex.split("\\bottomrule")
    cell = re.search(r"\\begin\{tabular\}\[t\]\{@\{\}l@\{\}\}(some.*?)\\rule", tabular)[1]
    lines = cell.split(" \\\\ ")
    assert len(lines) > 1 and " ".join(lines) == words and "123.4 $\\pm$ 5.67 & 123.4" in tabular
    assert "{}[1, 2]" in tabular, "a bracket behind the end of a line would be taken for its space"
    assert "\\texttt{a -{}-b}" in notes and "runs/\\allowbreak{}sky-\\allowbreak{}A\\_\\allowbreak{}s0/" in notes
    assert not any(line.startswith("%") for line in notes.splitlines())


def test_blocks_of_columns_that_do_not_fit_stand_below_each_other():
    columns = [
        ("", "", "model"),
        *((data, "FVD16", n) for data in ("sky", "taichi", "driving") for n in ("ours", "step")),
    ]
    shown = pd.DataFrame([["A", *["123.45 ± 67.89 or so"] * 6]], columns=pd.MultiIndex.from_tuples(columns))
    tex = table_latex(Table("t", pd.DataFrame(), shown, ()))
    heads = [line for line in tex.splitlines() if line.startswith("model")]
    assert heads == ["model & ours & step & ours & step \\\\", "model & ours & step \\\\"]
    assert tex.count("\\begin{tabular}") == 2 and "{sky} & \\multicolumn{2}{c}{taichi}" in tex


def test_a_table_is_found_by_name_from_the_files_of_an_experiment(tabled, root):
    plan, files = tabled.write_plan(), files_in(tabled.folder)
    given = {
        "published": root / "config" / "published.csv",
        "speeds": root / "config" / "speeds.csv",
        "benchmarks": tabled.folder / "benchmarks",
        "files": files,
    }
    for name, words in (
        ("main", "paper and ours"),
        ("ablation", "each step"),
        ("evd_16f", "## eVD16"),
        ("cost", "Tried: cost"),
    ):
        write_experiment_table(plan, name, **given)
        assert words in files.markdown.read_text()
    write_experiment_table(plan, "evd_16f", **given)
    assert "sky A, seed 0, 1, 2: not there yet" in files.markdown.read_text()
    with pytest.raises(
        ConfigError, match=r"--table nope: no such table of experiment tried; known: main, .*cost, fvd2048_16f"
    ):
        write_experiment_table(plan, "nope", **given)


def test_a_protocol_without_a_score_is_a_table_of_what_is_missing(tmp_path, root):
    tabled = Tabled(tmp_path, [FVD], ("D",))
    tabled.add("D", 0, None)
    given = {"published": root / "config" / "published.csv", "speeds": root / "config" / "speeds.csv"}
    files = files_in(tmp_path)
    write_experiment_table(tabled.write_plan(), "fvd2048_16f", **given, benchmarks=tmp_path, files=files)
    assert (
        "FVD16: no score yet" in files.markdown.read_text() and "sky D, seed 0: not there" in files.markdown.read_text()
    )


def test_a_published_number_of_one_resolution_is_no_other(tabled):
    number = {"method": "m", "metric": "FVD16", "value": 1.0, "confidence": "verbatim", "source": "s", "place": "paper"}
    other = PublishedNumber(dataset="sky", resolution=128, model="D", **number)
    table = main_table(read_tabled_scores(tabled.plan, tabled.folder), [other])
    assert set(table.shown["paper"]) == {"not available", "–"}


def test_a_published_checkpoint_stands_beside_its_authors_numbers(tmp_path, published):
    tabled = Tabled(tmp_path, [FVD], ("released", "C"))
    tabled.add("released", 0, {"fvd2048_16f": 60.0}, best=0)
    tabled.add("C", 0, {"fvd2048_16f": 70.0}, best=0)
    tabled.runs[0] = tabled.runs[0].model_copy(update={"imported": True, "stands_for": "D"})
    scores = read_tabled_scores(tabled.plan, tabled.folder)
    table = main_table(scores, published)
    assert [numbers_of(table, model=model)["paper"] for model in ("released", "C")] == [49.0, 73.5]
    (note,) = [note for note in table.notes if note.startswith("released: networks as their authors published them")]
    assert "C" not in note.partition(":")[0] and any("as its parent left it" in note for note in table.notes)
    ours = ablation_table(scores, published).numbers
    assert ours[ours["model"] == "released"].filter(like="paper").iloc[0].tolist() == [49.0]
    alone = Tabled(tmp_path / "alone", [FVD], ("released",))
    alone.add("released", 0, {"fvd2048_16f": 60.0}, best=0)
    alone.runs[0] = alone.runs[0].model_copy(update={"imported": True})
    notes = main_table(read_tabled_scores(alone.plan, alone.folder), published).notes
    assert not any("as its parent left it" in note for note in notes)

"""Score tables: sorted, best marked, intervals shown, protocols never mixed."""

import csv
from dataclasses import replace

import pytest
from report_values import row, rows, score, used

from stylesv.errors import ConfigError, DataError
from stylesv.records.floor import Floor, Infinity
from stylesv.report.artefact_table import BesideRow
from stylesv.report.floor_text import explain_floor, explain_infinity
from stylesv.report.page.html import beside_tables
from stylesv.report.protocol_text import caption_protocol, describe_protocol
from stylesv.report.score_row import format_number, format_score, score_row
from stylesv.report.score_table import tabulate_protocols, tabulate_scores
from stylesv.report.table_files import TableFiles
from stylesv.report.tables import format_csv, format_markdown, format_tex, write_score_table


def files_in(folder):
    return TableFiles(**{kind: folder / f"scores.{kind}" for kind in ("csv", "markdown", "tex", "html")})


def test_rows_are_sorted_and_the_lowest_of_each_run_is_best():
    table = tabulate_scores(rows())
    assert [(r.model, r.kimg) for r in table.rows] == [("D", 0), ("D", 20), ("D", 40), ("E", 0), ("E", 20)]
    assert [(r.model, r.kimg, r.value) for r in table.best] == [("D", 20, 25.5), ("E", 20, 31.25)]
    run = "sky-D-s0-7be01d44"
    assert (table.first(run).kimg, table.last(run).kimg) == (0, 40)


def test_of_equal_scores_the_earliest_is_best():
    assert tabulate_scores([row(40, 7.0), row(20, 7.0)]).best[0].kimg == 20


def test_csv_keeps_every_digit_and_the_protocol():
    lines = list(
        csv.DictReader(format_csv(tabulate_scores([row(20, 1 / 3), row(40, 2 / 3, low=None, high=None)])).splitlines())
    )
    assert [float(line["value"]) for line in lines] == [1 / 3, 2 / 3]
    assert [line["best"] for line in lines] == ["true", "false"]
    assert (lines[0]["low"], lines[1]["low"]) == (str(0.9 / 3), "")
    assert {line["protocol"] + line["protocol_key"] for line in lines} == {"rfvd_16f0123abcd"}
    assert lines[0]["metric"] == "rFVD16"


def test_three_files_say_the_same(tmp_path):
    files = files_in(tmp_path)
    table = write_score_table(rows(), files)
    markdown, tex = files.markdown.read_text(), files.tex.read_text()
    assert table.label == "rFVD16"
    assert (
        "| sky | D | sky-D-s0-7be01d44 | **25.50 [22.95, 30.60]** | 20 | 30.00 [27.00, 36.00] | 40 | – | – |"
        in markdown
    )
    assert "| sky-D-s0-7be01d44 | 0 | 120.0 [108.0, 144.0] |" in markdown
    assert "sky & D & sky-D-s0-7be01d44 & 25.50 [22.95, 30.60] & 20 & -- & -- \\\\" in tex
    page = files.html.read_text()
    assert "<td>25.50 [22.95, 30.60]</td>" in page
    plain = tex.replace("\\allowbreak{}", "").replace("\\_", "_")
    for text in (markdown, plain, page):
        assert "Protocol rfvd_16f-0123abcd; clips: 16 consecutive frames; real clips: at most 256" in text
        assert "random weights" in text and "chosen by this very score" in text
        assert "sky: 200 real and 256 generated clips." in text
    assert files.csv.read_text().count("\n") == 6


def test_latex_letters_are_escaped(tmp_path):
    files = files_in(tmp_path)
    write_score_table([row(dataset="my_data & 50%", kimg=None)], files)
    assert "my\\_data \\& 50\\% & D &" in files.tex.read_text()


def test_protocols_are_not_mixed_and_nothing_is_written(tmp_path):
    other = row(60, 10.0, protocol=used(key="89efcdab", generated={"num_clips": 512}))
    with pytest.raises(ConfigError, match=r"at 20 kimg .* at 60 kimg .*generated\.num_clips: 128 and 512"):
        write_score_table([row(), other], files_in(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_an_empty_table_is_refused():
    with pytest.raises(DataError, match="without scores"):
        tabulate_scores([])


def test_few_clips_are_said():
    assert not any("dimensions" in note for note in tabulate_scores([row()]).notes)
    assert any("dimensions" in note for note in tabulate_scores([row(), row(40, few_clips=True)]).notes)


def test_a_trained_detector_needs_no_warning():
    i3d = {
        "name": "i3d_torchscript.pt",
        "kind": "i3d_torchscript",
        "sha256": "b" * 64,
        "resize_px": None,
        "resize_filter": None,
    }
    table = tabulate_scores([row(protocol=used(detector=i3d))])
    assert table.label == "FVD16"
    assert not any("random" in note for note in table.notes)
    assert describe_protocol(table.protocol)["Detector"].endswith("resizes frames itself")


def test_unequal_numbers_of_clips_are_not_mixed():
    with pytest.raises(ConfigError, match="generated clips: 256 and 100; score equally many"):
        tabulate_scores([row(), row(40, num_generated=100)])


def test_what_the_score_misses_stands_below_with_the_real_clips_own():
    beside = (BesideRow("sticking", 0.91234, 0.25), BesideRow("jitter", None, 1.01))
    text = format_markdown(tabulate_scores([row(beside=beside), row(0, 90.0)]))
    assert "### What rFVD16 misses on sky (best" in text
    assert "|  | sky-D-s0-7be01d44 at 20 | real clips |\n| --- | --- | --- |\n| sticking | 0.9123 | 0.25 |" in text
    assert "| jitter | – | 1.01 |" in text
    assert "misses" not in format_markdown(tabulate_scores([row()]))


def test_what_the_score_misses_is_a_table_for_each_data_set_with_its_own_real_clips():
    def of(dataset, seed, *beside):
        run = f"{dataset}-D-s{seed}-00"
        return row(
            20, 50.0 + seed, dataset=dataset, seed=seed, run=run, beside=tuple(BesideRow(*each) for each in beside)
        )

    jitter, late = ("jitter", 2.0, 1.5), ("from frame 128", 90.0, None)
    found = [
        of("sky", 0, ("sticking", 0.9, 0.25), jitter),
        of("sky", 1, jitter, late),
        of("taichi", 0, ("jitter", 4.0, 3.5)),
    ]
    table = tabulate_scores([*found, of("driving", 0)])
    assert beside_tables(table) == {
        "sky": [
            ["", "D, seed 0, at 20 kimg", "D, seed 1, at 20 kimg", "real clips"],
            ["sticking", "0.9", "–", "0.25"],
            ["jitter", "2", "2", "1.5"],
            ["from frame 128", "–", "90", "–"],
        ],
        "taichi": [["", "D, seed 0, at 20 kimg", "real clips"], ["jitter", "4", "3.5"]],
    }
    text = format_markdown(table)
    assert "misses on sky (" in text and "|  | taichi-D-s0-00 at 20 | real clips |" in text and "on driving" not in text


def test_tables_of_one_measure_are_told_apart_by_their_protocols():
    long = used(key="89efcdab").model_copy(update={"name": "rfvd_long"})
    found = tabulate_protocols([row(), row(0, 90.0), row(40, 9.0, protocol=long)])
    assert [(table.label, len(table.rows)) for table in found] == [("rFVD16 (rfvd_16f)", 2), ("rFVD16 (rfvd_long)", 1)]
    assert [table.label for table in tabulate_protocols([row()])] == ["rFVD16"]


def test_the_highest_inception_score_is_best():
    inception = {"metric": "inception_video", "inception": {"splits": 10, "shuffle_seed": 42}}
    table = tabulate_scores([row(0, 3.0, protocol=used(**inception)), row(20, 5.0, protocol=used(**inception))])
    assert (table.label, table.best[0].kimg, table.direction) == ("rISV16", 20, "higher is better")


@pytest.mark.parametrize(
    ("value", "text"), [(12345.6, "12346"), (123.45, "123.5"), (12.345, "12.35"), (0.012345, "0.0123"), (0.0, "0")]
)
def test_numbers_have_about_four_digits(value, text):
    assert format_number(value) == text


def test_a_score_without_interval_is_bare():
    assert format_score(row(low=None, high=None)) == "50.00"


def test_a_caption_tells_frames_and_seeds():
    caption = caption_protocol(
        used(frame_stride=8, real={"first_frames": "random", "seed": 5}, bootstrap={"resamples": 0}, floor=None)
    )
    for words in ("16 frames, 8 apart", "first frames random (seed 5)", "128, seed 0, from time 0, truncation 1"):
        assert words in caption
    assert caption.endswith("interval: none.")


def test_a_score_makes_a_row():
    beside = {
        "artefacts": [
            {"name": "jitter", "generated": 2.0, "generated_error": None, "generated_clips": 1}
            | {"real": 1.0, "real_error": None, "real_clips": 1}
        ],
        "drift": [{"start_time": 128, "generated": 90.0, "generated_clips": 2, "real": None, "real_clips": 0}],
    }
    found = score_row(score(20, 50.0, **beside))
    assert found == row(20, 50.0, beside=(BesideRow("jitter", 2.0, 1.0), BesideRow("from frame 128", 90.0, None)))
    bare = score_row(score(interval=None))
    assert (bare.low, bare.high) == (None, None)


FLOOR = Floor(
    **{"value": 12.5, "low": 10.0, "high": 15.0, "error": 0.1, "level": 0.95, "draws": 100, "method": "halves"},
    **{"halves_distance": 20.0, "correction": 1.1, "real_clips": 200, "generated_clips": 256},
)
INFINITY = Infinity(value=37.5, points=())


def test_every_score_stands_beside_its_floor_and_its_value_at_infinity():
    table = tabulate_scores([row(floor=FLOOR, infinity=INFINITY)])
    assert (
        "**50.00 [45.00, 60.00]** | 20 | 50.00 [45.00, 60.00] | 20 | 12.50 [10.00, 15.00] | 37.50 |"
        in format_markdown(table)
    )
    assert "& 12.50 [10.00, 15.00] & 37.50" in format_tex(table)
    (line,) = csv.DictReader(format_csv(table).splitlines())
    assert [line[name] for name in ("floor", "floor_low", "floor_high", "infinity")] == ["12.5", "10.0", "15.0", "37.5"]
    assert any(
        "sky: floor 12.50, 95 % of a perfect generator's scores between 10.00 and 15.00" in n for n in table.notes
    )
    words = explain_floor(table.best[0])
    assert words.startswith(
        "A perfect generator would not score 0 but about 12.50 (10.00 to 15.00), because only 200 real"
    )
    assert words.endswith("this one scores 4 times as much.")
    assert explain_floor(row(value=14.0, floor=FLOOR)).endswith("this score cannot be told from perfect.")
    assert "about 37.50" in explain_infinity(table.best[0])


def test_scores_within_each_others_interval_are_not_called_different():
    other = {"run": "sky-E-s0-6ac1", "model": "E"}
    close, far = row(20, 55.0, **other), row(20, 75.0, **other)
    said = "sky: do not call D at 20 kimg (50.00) and E at 20 kimg (55.00) different"
    assert any(note.startswith(said) for note in tabulate_scores([row(), close]).notes)
    assert not any("different" in note for note in tabulate_scores([row(), far]).notes)
    unsure = row(20, 62.0, low=40.0, high=80.0, **other)  # holds 50, which does not hold it
    assert not any("different" in note for note in tabulate_scores([row(), unsure]).notes)
    table = tabulate_scores([row(0, 90.0), row(20, 50.0), row(40, 54.0), row(60, 61.0)])
    text = format_markdown(table)
    assert "| 20 | **50.00 [45.00, 60.00]** |" in text and "| 40 | ≈ 54.00 [48.60, 64.80] |" in text
    assert "| 60 | 61.00 [" in text and "≈: each score lies in the interval of the other" in text
    lines = csv.DictReader(format_csv(table).splitlines())
    assert [line["like_best"] for line in lines] == ["false", "true", "true", "false"]
    bare = {"low": None, "high": None}
    assert not tabulate_scores([row(20, 50.0, **bare), row(40, 51.0, **bare)]).notes[-1].startswith("≈")


def test_scores_that_were_computed_in_different_ways_are_told_apart_in_every_file(tmp_path):
    """The runs on each side, where backends, versions or threads differ; nothing where all are alike."""
    alike = {"torch": "2.13.0", "operations": "cpp", "threads": "1"}
    seeds = [f"sky-D-s{seed}-0000000{seed}" for seed in range(6)]
    made = [alike, alike | {"operations": "definition"}, *([alike] * 4)]
    mixed = [
        row(20, 30.0 + n, run=run, computed_with=way) for n, (run, way) in enumerate(zip(seeds, made, strict=True))
    ]
    files = files_in(tmp_path)
    write_score_table(mixed, files)
    first, other, more = seeds[0], seeds[1], "sky-D-s2-00000002, sky-D-s3-00000003 and 2 more"
    said = f"Not all computed alike: operations cpp ({first}, {more}) and definition ({other}). Such scores differ"
    for text in (files.markdown.read_text(), files.html.read_text()):
        assert said in text and "torch 2.13.0" not in text
    assert "Not all computed alike" in files.tex.read_text()
    write_score_table([replace(one, computed_with=alike) for one in mixed], files)
    assert all("computed alike" not in getattr(files, kind).read_text() for kind in ("markdown", "tex", "html"))

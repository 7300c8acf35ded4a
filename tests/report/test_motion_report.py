"""Motion in tables and in words."""

from dataclasses import replace

import pytest
from motion_values import motion
from report_values import score

from stylesv.records.warning import ScoreWarning
from stylesv.report.motion_table import CSV_COLUMNS, csv_values, motion_cells, motion_sentence
from stylesv.report.page.summary import findings
from stylesv.report.score_row import score_row

MANY = [
    motion(ratio, 0.5, still) for ratio, still in ((0.25, 1.0), (0.5, 0.25), (1, 0), (1, 0), (1, 0), (1, 0), (2.5, 0))
]
STILL = ScoreWarning(code="still", sentence="They stand still.")


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (
            motion(0.9, 0.8, cosine=0.9),
            "Its clips change 0.9 times as much from frame to frame as real ones, and what is in them moves 0.8 times as far, "
            "the same way. None of them stands still.",
        ),
        (
            motion(0.01, 0.002, 0.75, cosine=-0.6, repeating=0.25),
            "Its clips change 0.01 times as much from frame to frame as real ones, and what is in them moves 0.002 times as far, "
            "the opposite way. 75 % stand still and 25 % repeat themselves.",
        ),
        (
            motion(2.5, 1.0),
            "Its clips change 2.5 times as much from frame to frame as real ones, and what is in them moves 1.0 times as far. "
            "None of them stands still.",
        ),
        (None, None),
    ],
)
def test_motion_in_a_sentence(found, sentence):
    assert motion_sentence(found) == sentence


def test_the_motion_of_many_runs_in_a_sentence():
    row = replace(score_row(score(4)), dataset="sky-00")
    rows = {f"r{number}": replace(row, motion=found) for number, found in enumerate(MANY)}
    (sentence,) = [said for said in findings([], rows, []) if said.startswith("Of 7 runs")]
    assert sentence == (
        "Of 7 runs, clips of the chosen snapshots change 0.25 to 2.50 times as much from frame to frame as real ones; of 1 most "
        "stand still. Films and cards say it of each."
    )
    assert sum("D at 4 kimg on sky: Its clips" in said for said in findings([], dict(list(rows.items())[:6]), [])) == 6


def test_csv_has_all_of_it_and_nothing_where_it_was_not_measured():
    found = dict(zip(CSV_COLUMNS, csv_values(motion(0.5, 0.25, 0.75, cosine=0.5), [STILL]), strict=True))
    assert (found["difference_1_generated"], found["difference_1_real"]) == (2.0, 4.0)
    assert (found["flow_px_generated"], found["still_generated"], found["collapsed_real"]) == (0.125, 0.75, None)
    assert (found["direction_cosine"], found["warnings"]) == (0.5, "still")
    assert csv_values(None, []) == [None] * (len(CSV_COLUMNS) - 1) + [""]


def test_the_table_has_a_line_for_every_snapshot():
    lines = motion_cells([("a at 0", motion(0.5, 0.5, 1.0), [STILL]), ("a at 4", None, [])])
    assert lines[1] == ["a at 0", "2.00", "4.00", "0.75", "1.50", "–", "100 %", "0 %", "–", "still"]
    assert lines[2] == ["a at 4", *["–"] * 9] and {len(line) for line in lines} == {10}
    assert motion_cells([("a at 0", None, [])]) == []

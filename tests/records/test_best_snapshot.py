"""The best snapshot: the best score among those that move, and what becomes of runs none of whose snapshots does."""

import pytest
from motion_values import REAL, motion
from report_values import used

from stylesv.records.best_snapshot import Candidate, best_snapshot
from stylesv.records.warning import ScoreWarning


def best(*snapshots, **changes):
    found = [
        Candidate(kimg=4 * place, value=value, motion=moves, warnings=tuple(warnings))
        for place, (value, moves, *warnings) in enumerate(snapshots)
    ]
    return best_snapshot(found, used(**changes).settings)


@pytest.mark.parametrize(
    ("found", "likeness"),
    [
        (motion(), 1.0),
        (motion(change=0.8, flow=0.6), 0.6),
        (motion(change=4.0), 0.25),
        (motion(flow=0.02), 0.02),
        (motion(still=0.75), 0.25),
        (motion(change=0.0), 0.0),
        (motion(flow=9.0, real=REAL | {"flow_relative": 0.01, "flow_px": 0.003}), 1.0),  # nothing flows in real clips
    ],
)
def test_likeness_is_the_least_of_change_flow_and_clips_that_move(found, likeness):
    assert found.likeness == pytest.approx(likeness)


def test_a_better_score_of_clips_that_do_not_move_is_passed_over():
    still = ScoreWarning(code="still", sentence="They stand still.")
    chosen = best((20.0, motion(0.01, 0.0, 1.0), still), (30.0, motion(0.9, 0.7)), (25.0, motion(1.2, 0.5)))
    assert (chosen.place, chosen.moving, chosen.by_motion) == (2, (False, True, True), True)
    assert chosen.reason == (
        "the lowest rFVD16 of the snapshots whose clips move about as much as real ones; that of kimg 0 is better (20), "
        "but its clips stand still"
    )


def test_flicker_that_changes_as_much_as_real_clips_is_no_motion():
    chosen = best((20.0, motion(1.3, 0.02)), (30.0, motion(0.9, 0.6)))
    assert chosen.place == 1 and "but its clips move less like real ones" in chosen.reason


def test_where_none_moves_enough_those_that_come_nearest_are_compared():
    chosen = best(
        (20.0, motion(1.3, 0.02)), (26.0, motion(0.7, 0.25)), (25.0, motion(0.6, 0.2)), (21.0, motion(0.5, 0.1))
    )
    assert (chosen.place, chosen.moving, chosen.by_motion) == (2, (False,) * 4, True)
    assert "there is none whose clips move about as much as real ones" in chosen.reason


def test_the_best_of_all_needs_no_word_where_it_moves():
    chosen = best((20.0, motion()), (30.0, motion()))
    assert (chosen.place, chosen.by_motion) == (0, False)


def test_scores_alone_decide_where_motion_is_not_asked_or_not_measured():
    still, moving = (20.0, motion(0.0, 0.0, 1.0)), (30.0, motion())
    idle = best(still, moving, motion={"decides": False})
    assert (idle.place, idle.moving, idle.reason) == (0, None, "the lowest rFVD16 of all snapshots")
    assert best((20.0, None), moving).place == 0

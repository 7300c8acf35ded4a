"""Which segments are run, judged by the files that exist (each case worked out by hand)."""

import pytest

from stylesv.workflow.segments import Snapshots, previous_snapshot, segments_to_run, states_done_with


def snapshots(networks, states=()):
    return Snapshots(frozenset(networks), frozenset(states))


@pytest.mark.parametrize(
    ("grid", "networks", "states", "expected"),
    [
        ((0, 2, 4), (), (), {0, 2, 4}),
        ((0, 2, 4), (0, 2, 4), (4,), set()),
        ((0, 2, 4), (0, 2, 4), (), set()),  # a finished run whose last state was cleaned up
        ((0, 2, 4, 6, 8), (0, 2, 4), (4,), {6, 8}),  # longer: from the last state
        ((0, 2), (0, 2, 4), (4,), set()),  # shorter
        ((0, 2, 4, 6), (0, 2, 6), (6,), {0, 2, 4}),  # one lost in the middle: from 0, and not beyond it
        ((0, 2, 4, 6), (0, 2), (2,), {4, 6}),  # interrupted
        ((0, 1, 2, 3, 4), (0, 2, 4), (4,), {0, 1, 2, 3}),  # smaller segments: what lies between
        ((0, 4), (0, 2, 4), (4,), set()),  # larger segments
        ((0, 2, 4, 5), (0, 2, 4, 5), (5,), set()),
        ((0, 2, 4, 6), (0, 2, 4, 5), (5,), {6}),  # goes on from the odd end of the shorter run
    ],
)
def test_only_what_is_needed_is_run(grid, networks, states, expected):
    assert segments_to_run(snapshots(networks, states), grid) == expected


@pytest.mark.parametrize(
    ("grid", "networks", "states", "expected"),
    [
        ((0, 2, 4), (0, 2, 4), (0, 2, 4), [0, 2]),
        ((0, 2, 4), (0, 2, 4), (4,), []),
        ((0, 2, 4), (0, 2), (0, 2), []),  # not done yet
        ((0, 2, 4), (0, 2, 4), (0, 2), []),  # its last state is lost
        ((0, 2, 4, 6), (0, 2, 4), (2,), []),  # stopped while a lost one is made again
        ((0, 2, 4, 6, 8), (0, 2, 4, 8), (2, 8), []),
        ((0, 2, 4, 6), (0, 2, 4, 5, 6), (5, 6), []),  # another call's grid
        ((0, 4, 8), (0, 1, 2, 4, 8), (2, 8), []),  # one with smaller segments was stopped at 2
        ((0, 2), (0, 2, 4), (2, 4), []),  # now shorter: a longer one goes on from 4
        ((0, 2, 4), (0, 4), (0, 4), []),  # 2 is lost and is made from 0
    ],
)
def test_states_are_done_with_when_their_run_is_done(grid, networks, states, expected):
    assert states_done_with(snapshots(networks, states), grid) == expected


def test_snapshots_are_found_by_the_names_of_files():
    files = ["0/networks.safetensors", "0/samples.png", "recipe.yaml"]
    files += ["2/networks.safetensors", "2/state.safetensors", "2/log.jsonl", "2/samples.png"]
    others = ["best/2/networks.safetensors", "2/.state.safetensors.17.partial", "partial/4/77.safetensors"]
    others += ["4/networks.safetensors", "4/samples.png"]  # its log was lost
    assert Snapshots.among([*files, *others]) == snapshots((0, 2), (2,))


def test_a_segment_starts_from_the_nearest_state_off_the_grid():
    run = snapshots((0, 2, 4, 5), (5,))
    assert previous_snapshot(run, (0, 2, 4, 6, 8), 6) == 5
    assert previous_snapshot(run, (0, 2, 4, 6, 8), 8) == 6

"""Which segments are run, judged by the files that exist (each case worked out by hand)."""

import pytest

from stylesv.config.chain import previous_snapshot, segments_to_run


def make_run(folder, networks, states=()):
    for kimg in networks:
        (folder / str(kimg)).mkdir(parents=True, exist_ok=True)
        (folder / str(kimg) / "networks.safetensors").touch()
    for kimg in states:
        (folder / str(kimg)).mkdir(parents=True, exist_ok=True)
        (folder / str(kimg) / "state.safetensors").touch()
    return folder


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
def test_only_what_is_needed_is_run(tmp_path, grid, networks, states, expected):
    assert segments_to_run(make_run(tmp_path, networks, states), grid) == expected


def test_a_segment_starts_from_the_nearest_state_off_the_grid(tmp_path):
    run = make_run(tmp_path, (0, 2, 4, 5), (5,))
    assert previous_snapshot(run, (0, 2, 4, 6, 8), 6) == 5
    assert previous_snapshot(run, (0, 2, 4, 6, 8), 8) == 6

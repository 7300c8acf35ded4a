"""Numbers of motion against motion that is known: exact shifts, still, shuffled, repeated and fading clips."""

import math

import numpy as np
import pytest
import torch
from moving_pictures import fading, shifting

from stylesv.metrics.motion import ClipMotion, frame_difference, measure_motion
from stylesv.metrics.optical_flow import measure_flow
from stylesv.records.motion import LAGS, NUMBERS

DIRECTIONS = [(math.cos(angle), math.sin(angle)) for angle in np.arange(8) * math.pi / 4]


def motion_of(*clips):
    return ClipMotion.from_rows(measure_motion(torch.stack(clips)))


@pytest.mark.parametrize("speed", [0.25, 1.0, 2.0])
@pytest.mark.parametrize("size", [32, 64, 200])  # enlarged, as it is, reduced
def test_the_flow_of_a_shifted_texture_is_its_shift(size, speed):
    for seed, (x, y) in enumerate(DIRECTIONS):
        clip = shifting(3, size, (speed * x, speed * y), seed=seed, channels=1)
        flow = measure_flow(clip[:, 0].numpy())
        found = np.median(flow, axis=(0, 1, 2))  # at the edges something new comes in
        np.testing.assert_allclose(found, (speed * x, speed * y), atol=0.08 * speed)
        relative = motion_of(clip.expand(-1, 3, -1, -1)).of("flow_relative")[0]
        assert relative == pytest.approx(100 * speed / size, rel=0.15)


def test_differences_are_those_of_a_loop_over_pairs():
    clip = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (18, 3, 8, 8), np.uint8))
    frames = clip.numpy().astype(float)
    for lag in LAGS:
        pairs = [np.abs(frames[i + lag] - frames[i]).mean() for i in range(len(frames) - lag)]
        assert frame_difference(clip, lag) == pytest.approx(np.mean(pairs))
    assert math.isnan(frame_difference(clip[:16], 16))


def test_a_still_clip_has_none_of_it():
    found = motion_of(shifting(1, 32, (0, 0)).expand(32, -1, -1, -1))
    assert all(found.of(f"difference_{lag}")[0] == 0 for lag in LAGS)
    assert found.of("flow_px")[0] < 0.01 and math.isnan(found.of("flow_change")[0])


def test_a_level_of_noise_on_a_flat_picture_is_no_flow():
    noise = torch.from_numpy(np.random.default_rng(0).integers(127, 130, (8, 3, 32, 32), np.uint8))
    found = motion_of(noise)
    assert found.of("difference_1")[0] > 0.5 and found.of("flow_relative")[0] < 0.05


def test_shuffled_frames_flow_unevenly():
    clip = shifting(16, 32, (0.5, 0.2))
    order = np.random.default_rng(0).permutation(16)
    found = motion_of(clip, clip[order])
    even, shuffled = found.of("flow_change")
    assert even < 0.3 and shuffled > 1


def test_a_clip_that_begins_again_repeats_and_one_that_goes_on_does_not():
    half, on = shifting(16, 32, (1, 0)), shifting(32, 32, (1, 0))
    found = motion_of(torch.cat([half, half]), torch.cat([half, half.flip(0)]), on)
    assert found.of("repetition")[0] > 0.99 and found.of("repetition")[2] < 0.5
    back_and_forth = torch.cat([half[:8], half[:8].flip(0)])
    assert motion_of(torch.cat([back_and_forth, back_and_forth])).of("repetition")[0] > 0.99


def test_a_fade_changes_but_hardly_flows():
    fade, moving = fading(32, 32), shifting(32, 32, (0.4, 0))
    found = motion_of(fade, moving)
    change, flow = found.of("difference_1"), found.of("flow_px")
    assert change[0] > 0.3 * change[1]
    assert flow[0] / change[0] < 0.5 * flow[1] / change[1]


def test_the_field_points_where_things_go():
    size = 64
    middle = (size - 1) / 2
    y, x = np.mgrid[:size, :size] - middle
    waves = np.random.default_rng(0).normal(size=(40, 4))

    def picture(zoom):
        phase = waves[:, :1, None] * x / zoom / 6 + waves[:, 1:2, None] * y / zoom / 6 + 6 * waves[:, 2:3, None]
        return np.clip(np.rint(128 + 12 * (np.cos(phase) * waves[:, 3:, None]).sum(axis=0)), 0, 255).astype(np.uint8)

    clip = np.stack([picture(1.02**time) for time in range(12)])
    field = motion_of(torch.from_numpy(clip)[:, None].expand(-1, 3, -1, -1)).field[0]
    cells = np.stack(np.meshgrid(*[np.arange(16) - 7.5] * 2), axis=-1)
    cosine = (field * cells).sum(-1) / np.linalg.norm(field, axis=-1) / np.linalg.norm(cells, axis=-1)
    assert cosine.mean() > 0.95


def test_rows_hold_everything_and_do_not_depend_on_the_batch():
    clips = torch.stack([shifting(9, 32, (1, 0), seed=seed) for seed in range(3)])
    rows = measure_motion(clips)
    np.testing.assert_array_equal(rows, np.concatenate([measure_motion(clips[:1]), measure_motion(clips[1:])]))
    found = ClipMotion.from_rows(rows)
    assert found.num_frames == 9 and found.numbers.shape == (3, len(NUMBERS))
    np.testing.assert_array_equal(found.as_rows(), rows)
    assert np.isnan(found.of("difference_16")).all() and not np.isnan(found.of("difference_4")).any()


def test_clips_of_two_frames_are_measured():
    found = motion_of(shifting(2, 32, (1, 0)))
    assert found.of("flow_px")[0] == pytest.approx(1, rel=0.1)
    assert math.isnan(found.of("flow_change")[0]) and math.isnan(found.of("repetition")[0])

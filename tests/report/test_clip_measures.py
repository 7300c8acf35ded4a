"""What figures of clips are drawn from, against computations of another kind."""

import numpy as np
import pytest
import torch

from stylesv.metrics.clip_measures import (
    drift_from_start,
    frame_differences,
    likeness_by_lag,
    radial_spectrum,
    still_detail,
)


def clip(frames=20, size=16, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (frames, 3, size, size), np.uint8))


def waves(cycles, size=32, frames=3):
    """Pictures of one spatial frequency along the width."""
    row = 128 + 60 * np.sin(2 * np.pi * cycles * np.arange(size) / size)
    return torch.from_numpy(np.broadcast_to(row.round().astype(np.uint8), (frames, 3, size, size)).copy())


def test_differences_are_those_of_a_loop():
    frames = clip().numpy().astype(float)
    expected = [np.abs(frames[i + 1] - frames[i]).mean() for i in range(19)]
    assert frame_differences(clip()) == pytest.approx(expected, rel=1e-6)


def test_motion_that_repeats_has_its_peak_at_its_period():
    once = clip(7, seed=1)
    found = likeness_by_lag(torch.cat([once] * 5), 17)
    assert found[0] == pytest.approx(1) and found[7] == pytest.approx(1) and found[14] == pytest.approx(1)
    assert max(found[1:7]) < 0.5
    assert likeness_by_lag(once[:1].repeat(9, 1, 1, 1), 4) == pytest.approx(np.ones(5))


def test_drift_is_mean_and_deviation_of_every_frame():
    frames = clip().numpy().astype(np.float32).mean(axis=1)
    brightness, contrast, detail = drift_from_start(clip())
    assert brightness == pytest.approx(frames.mean(axis=(1, 2)), rel=1e-5)
    assert contrast == pytest.approx(frames.std(axis=(1, 2)), rel=1e-5)
    inner = [
        frames[0, y, x] - frames[0, y - 1 : y + 2, x - 1 : x + 2].mean() for y in range(1, 15) for x in range(1, 15)
    ]
    assert detail[0] == pytest.approx(np.sqrt(np.square(inner).mean()), rel=1e-4)


def test_detail_that_stays_is_seen_and_detail_that_moves_averages_out():
    stuck = clip(1).repeat(16, 1, 1, 1)
    moving = torch.stack([torch.roll(stuck[0], step, dims=2) for step in range(16)])
    assert np.std(still_detail(stuck)) > 3 * np.std(still_detail(moving)[:, 1:-1])  # a mean of 16: a quarter


def test_a_spectrum_has_its_power_at_the_waves_frequency():
    for cycles in (3, 8):
        found = radial_spectrum(waves(cycles))
        assert len(found) == 16 and int(np.argmax(found)) + 1 == cycles
    noise = radial_spectrum(clip(400, 32, seed=3))
    # white noise has the same power everywhere: its variance over the number of frequencies
    expected = clip(400, 32, seed=3).numpy().astype(float).mean(axis=1).var() / 32**2
    assert noise[2:] == pytest.approx(np.full(14, expected), rel=0.2)

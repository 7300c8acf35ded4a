"""What FVD misses: numbers that tell sticking textures, jumps at motion codes and loops from clean motion."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from stylesv.metrics.artefacts import (
    ARTEFACT_NAMES,
    SPECTRUM_NAMES,
    boundary_jitter,
    measure_artefacts,
    repetition,
    slice_spectrum,
    texture_sticking,
)

FRAMES, SIZE = 48, 32


def texture(seed=0, size=SIZE + FRAMES):
    """A picture with coarse and fine detail, wider than a frame."""
    random = torch.Generator().manual_seed(seed)
    fine = torch.randn(1, 1, SIZE, size, generator=random)
    coarse = F.interpolate(torch.randn(1, 1, 4, 10, generator=random), size=(SIZE, size), mode="bicubic")
    return (128 + 20 * fine + 40 * coarse)[0, 0]


def clip_of(frames):
    return frames.clamp(0, 255).to(torch.uint8)[:, None].expand(-1, 3, -1, -1).contiguous()


def moving(seed=0, step=1):
    """Everything moves to the left, `step` pixels a frame."""
    whole = texture(seed)
    return torch.stack([whole[:, (step * t) % FRAMES :][:, :SIZE] for t in range(FRAMES)])


def sticking(seed=0):
    """The same motion under a texture that stays at its pixels."""
    smooth = F.avg_pool2d(moving(seed)[:, None], 5, 1, 2)[:, 0]
    fine = texture(seed + 1)[:, :SIZE] - 128
    return smooth + fine


def measured(frames, **changes):
    values = measure_artefacts(clip_of(frames), **({"motion_distance": 16} | changes))
    return dict(zip(ARTEFACT_NAMES, values, strict=True))


def test_sticking_textures_are_told_from_moving_ones():
    clean, stuck = measured(moving()), measured(sticking())
    assert clean["sticking"] < 0.1 < 0.8 < stuck["sticking"]
    assert clean["spectrum_to_0"] < 0.2 < 0.6 < stuck["spectrum_to_0"]
    assert abs(stuck["jitter"] - 1) < 0.15 > abs(clean["jitter"] - 1)


def test_sticking_does_not_depend_on_the_length_of_a_clip():
    noise = 20 * torch.randn(64, SIZE, SIZE, generator=torch.Generator().manual_seed(0)) + 128
    for length in (4, 16, 64):
        assert abs(texture_sticking(noise[:length])) < 0.03
    still = noise[:1].expand(16, -1, -1)
    assert texture_sticking(still) == pytest.approx(1, abs=1e-6)


def test_half_of_the_energy_at_its_pixels_is_one_half():
    random = torch.Generator().manual_seed(0)
    changing = torch.randn(40, 64, 64, generator=random)
    stays = torch.randn(1, 64, 64, generator=random)
    assert texture_sticking(10 * changing + 10 * stays) == pytest.approx(0.5, abs=0.02)


def test_the_spectrum_finds_the_frequency_of_a_moving_grating():
    # 1 cycle in 3 pixels, moving v pixels a frame, has v / 3 cycles a frame at every pixel.
    x, y = torch.arange(SIZE), torch.arange(SIZE)
    for speed, band in ((0, 0), (0.1, 1), (0.3, 2), (0.6, 3), (1.2, 4)):
        frames = torch.stack(
            [128 + 50 * torch.sin(2 * np.pi * (x[None] + 0 * y[:, None] - speed * t) / 3) for t in range(FRAMES)]
        )
        shares = slice_spectrum(frames)
        assert int(np.argmax(shares)) == band, (speed, shares)
        assert sum(shares) == pytest.approx(1)
    assert len(SPECTRUM_NAMES) == 5


def test_a_jump_at_motion_codes_is_told_from_even_motion():
    whole = texture(size=SIZE + 200)
    offsets = np.cumsum([1 + (t % 16 == 0) * 5 * (t > 0) for t in range(FRAMES)])
    jumping = torch.stack([whole[:, o : o + SIZE] for o in offsets])
    smooth = F.avg_pool2d(jumping[:, None], 5, 1, 2)[:, 0]
    even = torch.stack([whole[:, o : o + SIZE] for o in range(FRAMES)])
    assert measured(smooth)["jitter"] > 1.3
    assert measured(F.avg_pool2d(even[:, None], 5, 1, 2)[:, 0])["jitter"] == pytest.approx(1, abs=0.1)
    # the same jumps are ordinary motion where motion codes lie elsewhere
    assert measured(smooth, motion_distance=11)["jitter"] < 1.2


def test_jitter_counts_frames_from_the_start_of_the_video():
    frames = torch.zeros(12, 3, 4, 4)
    frames[5:] = 100  # the jump is from time 4 to 5, or from 7 to 8 in a clip that starts at 3
    frames += torch.arange(12)[:, None, None, None]
    clip = frames.to(torch.uint8)
    assert boundary_jitter(clip, motion_distance=5, first_time=0) > 3
    assert boundary_jitter(clip, motion_distance=8, first_time=3) > 3
    assert boundary_jitter(clip, motion_distance=8, first_time=0) < 1
    by_hand = np.array([1.0] * 4 + [101] + [1] * 6)
    at_code = [4, 5, 9, 10]  # differences that touch times 5 and 10
    expected = by_hand[at_code].mean() / np.delete(by_hand, at_code).mean()
    assert boundary_jitter(clip, motion_distance=5, first_time=0) == pytest.approx(expected, rel=1e-6)


def test_motion_that_comes_again_is_repetition():
    whole = texture(size=SIZE + 400)
    looping = torch.stack([whole[:, 6 * (t % 12) :][:, :SIZE] for t in range(FRAMES)])
    onward = torch.stack([whole[:, 6 * t :][:, :SIZE] for t in range(FRAMES)])
    assert repetition(looping) == pytest.approx(1, abs=1e-6)
    assert repetition(onward) < 0.6
    assert repetition(looping[:1].expand(FRAMES, -1, -1)) == 1


def test_numbers_without_a_meaning_are_left_out():
    flat = measured(torch.full((FRAMES, SIZE, SIZE), 90.0))
    assert np.isnan([flat["sticking"], flat["spectrum_to_0"], flat["jitter"]]).all()
    assert flat["repetition"] == 1
    assert np.isnan(measured(moving(), motion_distance=500)["jitter"])

"""Training learns motion: stripes that drift by exactly 1 px a frame, at the smallest size. `make learn` has all models."""

import numpy as np
import pytest
import torch
from drifting_stripes import SPEED_PX, contrast, draw_clip, steps_px
from small_models import IMAGE_STEPS, motion_of, pack_stripes, recipes, train

from stylesv.training.state import TrainState


@pytest.mark.parametrize("speed", [-1.5, 0.0, SPEED_PX, 2.5])
def test_the_phase_of_the_stripes_says_how_far_they_move(speed):
    clips = np.stack([draw_clip(np.random.default_rng(seed), 6, speed) for seed in range(3)])
    np.testing.assert_allclose(steps_px(clips), speed, atol=0.01)
    assert contrast(clips) > 30


@pytest.mark.long
def test_a_small_model_learns_to_move_as_far_and_in_the_direction_of_the_world(tmp_path):
    """Size within a factor of two and direction right, where the untrained network and image pretraining stand still."""
    packed = pack_stripes(tmp_path)
    made = recipes(tmp_path)
    untrained = motion_of(TrainState(made["D"], torch.device("cpu")).generator_ema)
    parent = train(made["image"], packed, IMAGE_STEPS)
    still = motion_of(parent.generator_ema)
    moving = motion_of(train(made["D"], packed, 400, parent=parent).generator_ema)
    for other in (untrained, still):
        assert abs(other.speed_px) < SPEED_PX / 4 and other.right_share < 0.1
    assert SPEED_PX / 2 < moving.speed_px < SPEED_PX * 2
    assert moving.right_share > 0.5
    assert moving.contrast > 15

"""What a step does and how its numbers change."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stylesv.training.ema import update_ema
from stylesv.training.schedule import adapt_probability, ema_beta, lazy_adam, lazy_gain, linear_probability


@pytest.mark.parametrize("interval", [1, 4, 16])
def test_a_regulariser_has_every_so_many_steps_and_makes_up_for_those_between(interval):
    gains = [lazy_gain(step, interval) for step in range(48)]
    assert sum(gains) == 48
    assert [step for step, gain in enumerate(gains) if gain] == list(range(0, 48, interval))


def test_a_regulariser_that_is_off_has_no_step():
    assert not any(lazy_gain(step, None) for step in range(48))


def test_lazy_adam_forgets_as_fast_per_interval_as_the_plain_one_per_interval_and_one():
    lr, betas = lazy_adam(0.002, (0.5, 0.99), 16)
    assert lr * 17 == pytest.approx(0.002 * 16)
    assert betas[1] ** 17 == pytest.approx(0.99**16)
    assert lazy_adam(0.002, (0.5, 0.99), None) == (0.002, (0.5, 0.99))


@given(st.sampled_from([1, 8, 64]), st.integers(1, 50))
def test_the_average_has_forgotten_half_after_its_half_life(batch_size, half_life_steps):
    half_life = batch_size * half_life_steps / 1000
    beta = ema_beta(batch_size, half_life_kclips=half_life, frames_shown=10**9, ramp_up=None)
    assert beta**half_life_steps == pytest.approx(0.5)


def test_ramp_up_shortens_the_half_life_to_a_share_of_the_frames_shown():
    options = {"half_life_kclips": 20.0, "ramp_up": 0.05}
    assert ema_beta(64, frames_shown=0, **options) == 0
    assert ema_beta(64, frames_shown=64000, **options) == pytest.approx(0.5 ** (64 / 3200))
    assert ema_beta(64, frames_shown=10**7, **options) == pytest.approx(0.5 ** (64 / 20000))


def test_the_probability_rises_from_0_to_1_in_the_given_clips_and_stays_within_bounds():
    probability = 0.0
    options = {"target_sign": 0.6, "num_clips": 250, "rise_kclips": 10.0}
    for _ in range(39):
        probability = adapt_probability(probability, mean_sign=0.9, **options)
    assert probability == pytest.approx(0.975)
    for _ in range(3):
        probability = adapt_probability(probability, mean_sign=0.9, **options)
    assert probability == 1.0
    for _ in range(45):
        probability = adapt_probability(probability, mean_sign=-0.2, **options)
    assert probability == 0.0
    assert adapt_probability(0.3, mean_sign=0.6, **options) == 0.3


def test_a_mean_sign_that_is_not_a_number_leaves_the_probability_alone():
    options = {"target_sign": 0.6, "num_clips": 250, "rise_kclips": 10.0}
    assert adapt_probability(0.3, mean_sign=math.nan, **options) == 0.3


def test_the_linear_probability_reaches_its_end_and_can_be_held_there():
    assert linear_probability(0.6, clips_shown=5000, rise_kclips=10.0) == pytest.approx(0.3)
    assert linear_probability(0.6, clips_shown=20000, rise_kclips=10.0, upper_bound=0.6) == 0.6


def test_parameters_are_averaged_and_buffers_copied():
    average, network = torch.nn.BatchNorm1d(3), torch.nn.BatchNorm1d(3)
    torch.nn.init.constant_(network.weight, 3.0)
    network.running_mean.fill_(7.0)
    network.num_batches_tracked.fill_(5)
    update_ema(average, network, 0.75)
    assert average.weight.tolist() == [1.5] * 3
    assert average.running_mean.tolist() == [7.0] * 3
    assert average.num_batches_tracked == 5
    assert network.weight.tolist() == [3.0] * 3
    assert average.weight.requires_grad

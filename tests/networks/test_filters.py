"""Layer design and filters of the alias-free generator, for any size."""

import numpy as np
import pytest
import scipy.signal
import torch
from tiny_models import generator_settings

from stylesv.networks.filters import design_synthesis, low_pass, radial_low_pass

SIZES = [(resolution, layers) for resolution in (16, 32, 128, 1024) for layers in (3, 5, 14, 25)]


def design(resolution: int, **changes):
    settings = generator_settings(synthesis=changes).synthesis
    return design_synthesis(settings, resolution=resolution, image_channels=3, channel_base=16384, channel_max=512)


@pytest.mark.parametrize(("resolution", "num_layers"), SIZES)
def test_layers_fit_together(resolution, num_layers):
    plan = design(resolution, num_layers=num_layers)
    assert len(plan.layers) == num_layers + 1
    assert plan.layers[0].in_channels == plan.input.channels
    for before, after in zip(plan.layers, plan.layers[1:], strict=False):
        assert (after.in_channels, after.in_size, after.in_rate) == (
            before.out_channels,
            before.out_size,
            before.out_rate,
        )
    last = plan.layers[-1]
    assert (last.out_channels, last.out_size, last.out_rate) == (3, resolution, resolution)
    for layer in plan.layers:
        # convolution, up, filters, down: what is left of the samples is the output's size
        size = (layer.in_size + layer.conv_kernel - 1) * layer.up + sum(layer.padding[:2])
        size = (size - (layer.up_taps - 1) - (layer.down_taps - 1) - 1) // layer.down + 1
        assert size == layer.out_size
        assert layer.up * layer.in_rate == layer.down * layer.out_rate == layer.tmp_rate


def test_frequencies_grow_geometrically_and_stay_below_what_the_rate_carries():
    layers = design(256, num_layers=14).layers
    cutoffs = np.array([layer.out_cutoff for layer in layers])
    ratios = cutoffs[1:13] / cutoffs[:12]
    np.testing.assert_allclose(ratios, ratios[0])
    assert cutoffs[0] == 2
    assert cutoffs[-1] == 128
    assert all(2 * layer.out_cutoff <= layer.out_rate for layer in layers)


def test_low_pass_filters_are_scipys_to_the_last_bit():
    rng = np.random.default_rng(0)
    for _ in range(300):
        taps, rate = int(rng.integers(2, 60)), int(2 ** rng.integers(3, 11))
        cutoff, width = rng.uniform(0.01, 0.49) * rate, rng.uniform(0.001, 0.6) * rate
        expected = scipy.signal.firwin(numtaps=taps, cutoff=cutoff, width=width, fs=rate).astype(np.float32)
        assert np.array_equal(low_pass(taps, cutoff=cutoff, width=width, rate=rate).numpy(), expected)


def test_low_pass_filters_pass_what_is_low_and_stop_what_is_high():
    taps = low_pass(48, cutoff=4.0, width=8.0, rate=64).double().numpy()
    frequencies, response = scipy.signal.freqz(taps, fs=64)
    assert taps.sum() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(np.abs(response[frequencies < 0.5]), 1, atol=0.01)
    assert np.abs(response[frequencies > 9]).max() < 0.02
    np.testing.assert_allclose(taps, taps[::-1], atol=1e-8)


def test_radial_filters_look_the_same_from_all_sides():
    taps = radial_low_pass(12, cutoff=4.0, width=8.0, rate=64)
    for turned in (taps.T, taps.flip(0), taps.flip(1)):
        torch.testing.assert_close(turned, taps)
    assert taps.sum() == pytest.approx(1, abs=1e-6)
    response = np.abs(np.fft.fft2(taps.double().numpy(), (256, 256)))
    along, diagonal = response[16, 0], response[11, 11]  # 4 cycles along x, and 4 between x and y
    assert along == pytest.approx(diagonal, rel=0.1)


def test_one_tap_is_no_filter():
    assert low_pass(1, cutoff=2.0, width=6.0, rate=16) is None
    assert radial_low_pass(1, cutoff=2.0, width=6.0, rate=16) is None

"""Motion: codes at anchors, blending and time encoding, against loops and float64."""

import math

import numpy as np
import pytest
import torch
from tiny_models import draw_noise, make_generator

from stylesv.networks.motion import ConvolvedCodes, RecurrentCodes
from stylesv.networks.time_encoding import FourierFeatures

SPLINE, PLAIN = {"bspline": True}, {"time_enc": None}


def encoder_and_noise(num_clips: int, max_time: float | int, class_dim: int = 0, **motion):
    generator = make_generator(class_dim=class_dim, motion=motion)
    return generator.synthesis.motion_encoder, draw_noise(generator, num_clips, max_time)[1]


def numpy_motion_code(encoder, codes: np.ndarray, time: float, *, spline: bool, blend_waves: bool) -> np.ndarray:
    """Motion code at one time from the codes of all anchors, in float64, by docs/model.md 2.3 and 2.4 word for word."""
    features, d = encoder.time_encoder, encoder.distance
    predict = lambda layer, code: (layer.weight.detach().double().numpy() * layer.weight_gain) @ code  # noqa: E731
    freqs = features.freqs.double().numpy()
    scales = features.phase_scales.double().numpy()
    anchor, u = int(time // d), (time % d) / d

    def waves(tau: float, periods: np.ndarray, phases: np.ndarray) -> np.ndarray:
        raw = freqs * periods * tau + phases
        return np.concatenate([np.sin(raw), np.cos(raw)])

    neighbours = [codes[anchor + k] for k in range(3 if spline else 2)]
    periods = [np.tanh(predict(features.periods_predictor, code)) + 1 for code in neighbours]
    phases = [predict(features.phase_predictor, code) * scales for code in neighbours]
    aligners = [predict(features.aligners_predictor, code) for code in neighbours]
    weights = [(1 - u) ** 2 / 2, (1 + 2 * u - 2 * u * u) / 2, u * u / 2] if spline else [1 - u, u]
    learnt = sum(w * a for w, a in zip(weights, aligners, strict=True))
    if blend_waves:
        period, phase = (sum(w * v for w, v in zip(weights, values, strict=True)) for values in (periods, phases))
        return waves(time, period, phase) + learnt
    left, right = (waves(tau, periods[0], phases[0]) for tau in (anchor * d, anchor * d + d))
    return waves(time, periods[0], phases[0]) - ((1 - u) * left + u * right) + learnt


@pytest.mark.parametrize("options", [{}, {"bspline": True}, {"bspline": True, "bs_emb": True}])
@pytest.mark.parametrize("start", [0.0, 1_000_000.0])
@torch.no_grad()
def test_motion_codes_agree_with_float64_up_to_a_million_frames(options, start):
    encoder, _ = encoder_and_noise(1, 64, motion_z_distance=50_000, **options)
    times = start + torch.tensor([0.0, 0.25, 17.0, 40.125, 99.9], dtype=torch.float64)[None]
    noise = torch.randn(1, encoder.noise_length(start + 100), 5)
    anchors = torch.arange(noise.shape[1] - encoder.anchor_codes.reach)[None]
    codes = encoder.anchor_codes(noise, anchors, count=1)[0, :, 0].double().numpy()
    ours = encoder(times, noise)[0].double().numpy()
    spline, blend_waves = options.get("bspline", False), options.get("bs_emb", False)
    for time, code in zip(times[0].tolist(), ours, strict=True):
        expected = numpy_motion_code(encoder, codes, time, spline=spline, blend_waves=blend_waves)
        # what is left is the rounding of the periods to float32, which the published code has, too
        angle = float(encoder.time_encoder.freqs.max()) * 2 * time
        np.testing.assert_allclose(code, expected, rtol=0, atol=2e-6 + angle * 2**-23)


@torch.no_grad()
def test_angles_are_reduced_without_loss():
    """Given periods and phases, sines and cosines are those of float64; computed in float32 they are off by 0.01."""
    features = FourierFeatures(4, dim=32, periods=(16.0, 1024.0))
    times = torch.rand(2, 5, dtype=torch.float64) * 1e6 + 1e5
    periods, phases = torch.rand(2, 5, 32) * 2, torch.randn(2, 5, 32) * 100
    raw = features.freqs.double() * periods.double() * times[..., None] + phases.double()
    exact = torch.cat([raw.sin(), raw.cos()], dim=-1)
    assert float((features.waves(times, periods, phases).double() - exact).abs().max()) < 1e-6
    naive = features.freqs * periods * times[..., None].float() + phases
    assert float((torch.cat([naive.sin(), naive.cos()], dim=-1).double() - exact).abs().max()) > 1e-2


@torch.no_grad()
def test_convolved_codes_are_those_of_the_whole_trajectory():
    codes = ConvolvedCodes(5, 6, class_dim=2, kernel_size=3)
    noise, labels = torch.randn(2, 20, 5), torch.randn(2, 2)
    whole = codes.conv(torch.cat([noise, labels[:, None].expand(-1, 20, -1)], dim=2).transpose(1, 2)).transpose(1, 2)
    assert whole.shape == (2, 20 - codes.reach, 6)
    first = torch.tensor([[0, 3, 13], [7, 0, 2]])
    ours = codes(noise, first, count=3, labels=labels)
    for clip in range(2):
        for t in range(3):
            begin = first[clip, t]
            torch.testing.assert_close(ours[clip, t], whole[clip, begin : begin + 3])


@torch.no_grad()
def test_recurrent_codes_are_the_states_of_the_lstm():
    codes = RecurrentCodes(5, class_dim=0)
    noise = torch.randn(2, 20, 5)
    states = codes.rnn(noise)[0]
    ours = codes(noise, torch.tensor([[4], [18]]), count=2)
    torch.testing.assert_close(ours[0, 0], states[0, 4:6])
    torch.testing.assert_close(ours[1, 0], states[1, 18:20])


@pytest.mark.parametrize(
    "options", [{}, SPLINE, PLAIN, {"gen_strategy": "autoregressive", "kernel_size": None, "v_dim": 5}]
)
@pytest.mark.parametrize("max_time", [0, 15, 15.9, 16, 100.5])
def test_the_noise_length_is_just_enough(options, max_time):
    encoder, noise = encoder_and_noise(2, max_time, **options)
    times = torch.full((2, 1), float(max_time))
    encoder(times, noise)
    with pytest.raises(ValueError, match="motion_noise_length"):
        encoder(times, noise[:, :-1])


def test_times_before_the_start_are_refused():
    encoder, noise = encoder_and_noise(1, 10)
    with pytest.raises(ValueError, match="times start at 0"):
        encoder(torch.tensor([[-1.0]]), noise)


@pytest.mark.parametrize("options", [{}, SPLINE, {"bspline": True, "time_enc": None}, PLAIN])
@torch.no_grad()
def test_motion_is_continuous_at_anchors(options):
    encoder, noise = encoder_and_noise(2, 100, **options)
    anchors = torch.tensor([16.0, 48.0, 64.0], dtype=torch.float64).expand(2, -1)
    before, after = encoder(anchors - 1e-6, noise), encoder(anchors, noise)
    torch.testing.assert_close(before, after, rtol=0, atol=1e-4)


@torch.no_grad()
def test_spline_motion_has_no_kink_at_anchors_and_linear_motion_has():
    speeds = {}
    for name, options in (("spline", {"bspline": True, "time_enc": None}), ("linear", PLAIN)):
        encoder, noise = encoder_and_noise(2, 100, **options)
        encoder.time_encoder.mapping = _Identity()
        t = torch.tensor([32.0 - 2**-5, 32.0, 32.0 + 2**-5], dtype=torch.float64).expand(2, -1)
        codes = encoder(t, noise).double()
        before, after = codes[:, 1] - codes[:, 0], codes[:, 2] - codes[:, 1]
        speeds[name] = float((after - before).norm() / before.norm())
    assert speeds["spline"] < 0.02
    assert speeds["linear"] > 0.5


class _Identity(torch.nn.Module):
    def forward(self, x, labels):
        return x


@torch.no_grad()
def test_a_time_offset_shifts_the_encoding_but_not_the_anchors():
    encoder, noise = encoder_and_noise(2, 100, bspline=True)
    times = torch.tensor([[3.0, 40.0], [5.0, 90.0]])
    still = encoder(times, noise)
    torch.testing.assert_close(encoder(times, noise, time_offset=torch.zeros(2)), still)
    shifted = encoder(times, noise, time_offset=torch.tensor([0, 7]))
    torch.testing.assert_close(shifted[0], still[0])
    assert not torch.allclose(shifted[1], still[1])


def test_frequencies_run_from_the_longest_period_to_the_shortest():
    features = FourierFeatures(4, dim=5, periods=(16.0, 1024.0))
    periods = 2 * math.pi / features.freqs
    assert periods[0].item() == pytest.approx(1024)
    assert periods[-1].item() == pytest.approx(16)
    torch.testing.assert_close(periods[1:] / periods[:-1], (periods[1] / periods[0]).expand(4))


@torch.no_grad()
def test_whole_numbers_fractions_and_double_precision_are_times():
    encoder, noise = encoder_and_noise(1, 100)
    whole = encoder(torch.tensor([[0, 20, 99]]), noise)
    torch.testing.assert_close(encoder(torch.tensor([[0.0, 20.0, 99.0]]), noise), whole)
    torch.testing.assert_close(encoder(torch.tensor([[0.0, 20.0, 99.0]], dtype=torch.float64), noise), whole)

"""The generator: every size and option works, and says what cannot."""

import pytest
import torch
from tiny_models import assert_nothing_is_rounded, draw_noise, generator_settings, make_generator

from stylesv.errors import ConfigError
from stylesv.networks import Generator

TIMES = torch.tensor([[0.0, 3.5, 40.0], [16.0, 31.75, 33.0]])

OPTIONS = {
    "conv": {},
    "autoregressive": {"motion": {"gen_strategy": "autoregressive", "kernel_size": None, "v_dim": 5}},
    "plain mapping": {"motion": {"time_enc": None}},
    "plain mapping, autoregressive": {
        "motion": {"gen_strategy": "autoregressive", "kernel_size": None, "time_enc": None}
    },
    "spline": {"motion": {"bspline": True}},
    "spline with embedding": {"motion": {"bspline": True, "bs_emb": True}},
    "spline, plain mapping": {"motion": {"bspline": True, "time_enc": None}},
    "sum": {
        "w_dim": 18,
        "channel_max": 18,
        "synthesis": {"fuse_w": "add", "learnable_motion_mask": False, "init_motion_mask": "ones"},
    },
    "low rank": {"synthesis": {"low_rank": 2, "freezesyn": 2}},
    "low rank in frozen layers": {"synthesis": {"low_rank": 2, "freezesyn": 2, "always_lr": True}},
    "radial filters, 1x1 kernels": {"synthesis": {"use_radial_filters": True, "conv_kernel": 1}},
    "no clamp": {"conv_clamp": None},
    "stylegan2": {"architecture": "stylegan2", "synthesis": None},
}


@pytest.fixture(params=OPTIONS)
def options(request) -> dict:
    return OPTIONS[request.param]


@torch.no_grad()
def test_every_option_makes_finite_frames_with_and_without_classes(options):
    for class_dim in (0, 3):
        generator = make_generator(class_dim=class_dim, **options)
        z, noise = draw_noise(generator, 2, 40)
        labels = torch.eye(3)[:2] if class_dim else None
        frames = generator(z, TIMES, noise, labels)
        assert frames.shape == (2, 3, 3, 16, 16)
        assert frames.isfinite().all()


@torch.no_grad()
def test_with_float64_as_the_default_nothing_is_rounded_to_less(options, double_precision):
    generator = make_generator(**options)
    z, noise = draw_noise(generator, 2, 40)
    times = TIMES.double()
    generator(z, times, noise, update_emas=True)
    assert_nothing_is_rounded(lambda z: generator(z, times, noise), z)
    assert_nothing_is_rounded(lambda noise: generator(z, times, noise), noise)
    inside = times + torch.tensor([0.25, 0.5, 0.75])  # not at an anchor, where linear motion has a kink
    assert_nothing_is_rounded(lambda times: generator(z, times, noise), inside)


@torch.no_grad()
def test_a_single_frame_is_the_same_as_within_a_clip(options):
    generator = make_generator(**options)
    z, noise = draw_noise(generator, 2, 40)
    frames = generator(z, TIMES, noise)
    alone = generator(z[1:], TIMES[1:, 2:], noise[1:])
    torch.testing.assert_close(alone[0, 0], frames[1, 2], rtol=1e-4, atol=1e-4 * float(frames.abs().max()))


@torch.no_grad()
def test_a_long_clip_in_chunks_is_the_clip_at_once(options):
    generator = make_generator(**options)
    z, noise = draw_noise(generator, 1, 63)
    times = torch.arange(64.0)[None]
    whole = generator(z, times, noise)
    chunks = torch.cat([generator(z, chunk, noise) for chunk in times.split(24, dim=1)], dim=1)
    torch.testing.assert_close(chunks, whole, rtol=1e-4, atol=1e-4 * float(whole.abs().max()))


@torch.no_grad()
def test_frames_are_a_function_of_the_inputs_alone(options):
    generator = make_generator(**options)
    z, noise = draw_noise(generator, 2, 40)
    first = generator(z, TIMES, noise)
    torch.manual_seed(123)
    torch.testing.assert_close(generator(z, TIMES, noise), first, rtol=0, atol=0)
    more = torch.cat([noise, torch.randn_like(noise)], dim=1)
    torch.testing.assert_close(generator(z, TIMES, more), first)
    torch.testing.assert_close(generator(z, TIMES.double(), noise), first)


def test_every_trained_weight_gets_a_gradient_and_every_frozen_one_is_a_buffer(options):
    generator = make_generator(freezemap=True, **options)
    if "low rank" in str(options):
        pytest.skip("covered by the tests of low rank")
    z, noise = draw_noise(generator, 2, 40)
    generator(z, TIMES, noise).square().sum().backward()
    missing = [name for name, p in generator.named_parameters() if p.grad is None]
    assert not missing
    assert not [name for name, _ in generator.mapping.named_parameters()]


@pytest.mark.parametrize("resolution", [16, 32, 64, 128])
@pytest.mark.parametrize("num_layers", [3, 4, 14])
@torch.no_grad()
def test_every_resolution_and_number_of_layers(resolution, num_layers):
    changes = {"channel_base": 1024, "channel_max": 8, "synthesis": {"num_layers": num_layers}}
    generator = make_generator(resolution=resolution, **changes)
    z, noise = draw_noise(generator, 1, 0)
    frames = generator(z, torch.zeros(1, 1), noise)
    assert frames.shape == (1, 1, 3, resolution, resolution)
    assert frames.isfinite().all()
    assert frames.std() > 0


@pytest.mark.slow
@pytest.mark.parametrize("resolution", [256, 512, 1024])
@pytest.mark.parametrize("architecture", ["stylegan3", "stylegan2"])
@torch.no_grad()
def test_large_resolutions(resolution, architecture):
    changes = {"channel_base": 1024, "channel_max": 4}
    if architecture == "stylegan2":
        changes |= {"architecture": architecture, "synthesis": None}
    generator = make_generator(resolution=resolution, **changes)
    z, noise = draw_noise(generator, 1, 0)
    frames = generator(z, torch.zeros(1, 1), noise)
    assert frames.shape == (1, 1, 3, resolution, resolution)
    assert frames.isfinite().all()


@torch.no_grad()
def test_grey_images():
    generator = Generator(generator_settings(), resolution=16, image_channels=1)
    z, noise = draw_noise(generator, 2, 5)
    assert generator(z, torch.zeros(2, 1), noise).shape == (2, 1, 1, 16, 16)


@torch.no_grad()
def test_content_may_change_from_frame_to_frame(options):
    generator = make_generator(**options)
    z, noise = draw_noise(generator, 2, 40)
    first, second = generator.mapping(z), generator.mapping(z.flip(0))
    weight = torch.tensor([1.0, 0.5, 0.0])[None, :, None]
    frames = generator.synthesis(weight * first[:, None] + (1 - weight) * second[:, None], TIMES, noise)
    close = {"rtol": 1e-4, "atol": 1e-4 * float(frames.abs().max())}
    torch.testing.assert_close(frames[:, :1], generator.synthesis(first, TIMES[:, :1], noise), **close)
    torch.testing.assert_close(frames[:, 2:], generator.synthesis(second, TIMES[:, 2:], noise), **close)


@torch.no_grad()
def test_w_may_differ_from_place_to_place(options):
    generator = make_generator(**options)
    z, noise = draw_noise(generator, 2, 40)
    w = generator.mapping(z)
    num_ws = generator.synthesis.num_ws
    by_place = w[:, None, None].repeat(1, 1, num_ws, 1)
    frames = generator.synthesis(w, TIMES, noise)
    close = {"rtol": 1e-4, "atol": 1e-4 * float(frames.abs().max())}
    torch.testing.assert_close(generator.synthesis(by_place, TIMES, noise), frames, **close)
    torch.testing.assert_close(generator.synthesis(by_place.repeat(1, 3, 1, 1), TIMES, noise), frames, **close)
    for place in range(num_ws):
        changed = by_place.clone()
        changed[:, :, place] += 0.5
        assert not torch.allclose(generator.synthesis(changed, TIMES, noise), frames, **close), place


@torch.no_grad()
def test_truncation_moves_w_towards_its_mean():
    generator = make_generator()
    generator.mapping.w_avg.copy_(torch.randn(12))
    z, _ = draw_noise(generator, 3, 0)
    w, mean = generator.mapping(z), generator.mapping.w_avg
    torch.testing.assert_close(generator.mapping(z, truncation=0.5), (w + mean) / 2)
    torch.testing.assert_close(generator.mapping(z, truncation=0), mean.expand(3, -1))


@torch.no_grad()
def test_running_means_move_only_when_asked_to():
    generator = make_generator()
    z, noise = draw_noise(generator, 2, 40)
    before = {name: value.clone() for name, value in generator.named_buffers()}
    generator(z, TIMES, noise)
    changed = [name for name, value in generator.named_buffers() if not torch.equal(value, before[name])]
    assert changed == []
    w = generator.mapping(z)
    generator(z, TIMES, noise, update_emas=True)
    changed = [name for name, value in generator.named_buffers() if not torch.equal(value, before[name])]
    assert len([name for name in changed if name.endswith("magnitude_ema")]) == len(generator.synthesis.layers)
    torch.testing.assert_close(generator.mapping.w_avg, 0.002 * w.mean(dim=0))


def test_low_rank_starts_as_the_network_without_it_and_then_every_factor_learns():
    plain = make_generator()
    modulated = make_generator(synthesis={"low_rank": 2, "freezesyn": 2, "always_lr": True})
    unchanged = modulated.load_state_dict(plain.state_dict(), strict=False)
    assert not unchanged.unexpected_keys
    assert all(key.split(".")[-1] in ("w1", "w2", "low_rank_gain", "weight", "bias") for key in unchanged.missing_keys)
    z, noise = draw_noise(plain, 2, 40)
    torch.testing.assert_close(modulated(z, TIMES, noise), plain(z, TIMES, noise))

    added = {name: p for name, p in modulated.named_parameters() if name in unchanged.missing_keys}
    assert {name.split(".")[2] for name in added} == set(modulated.synthesis.layers)
    optimizer = torch.optim.Adam(added.values(), lr=0.01)
    start = {name: p.detach().clone() for name, p in added.items()}
    for _ in range(3):
        optimizer.zero_grad()
        modulated(z, TIMES, noise).square().mean().backward()
        optimizer.step()
    still = [name for name, p in added.items() if torch.equal(p, start[name])]
    assert still == []


def test_frozen_layers_keep_their_names_and_are_not_trained():
    trained, frozen = make_generator(), make_generator(freezemap=True, synthesis={"freezesyn": 2})
    assert trained.state_dict().keys() == frozen.state_dict().keys()
    frozen.load_state_dict(trained.state_dict())
    names = {name for name, _ in trained.named_parameters()} - {name for name, _ in frozen.named_parameters()}
    last = list(trained.synthesis.layers)[-2:]
    weights = ("weight", "bias", "affine.weight", "affine.bias")
    expected = {f"synthesis.layers.{layer}.{weight}" for layer in last for weight in weights}
    expected |= {f"mapping.fc{i}.{weight}" for i in range(2) for weight in ("weight", "bias")}
    assert names == expected


@torch.no_grad()
def test_a_zero_mask_hides_motion():
    generator = make_generator(synthesis={"learnable_motion_mask": False})
    generator.synthesis.fusion.motion_mask.zero_()
    z, noise = draw_noise(generator, 2, 40)
    frames = generator(z, TIMES, noise)
    torch.testing.assert_close(frames[:, 0], frames[:, 2])
    torch.testing.assert_close(generator(z, TIMES, noise + 1), frames)


@torch.no_grad()
def test_the_input_follows_the_users_transform():
    """A shift of the Fourier features by a whole number of samples shifts them in the image, too (StyleGAN3)."""
    features = make_generator().synthesis.input
    w = torch.randn(2, 12)
    still = features(w)
    features.transform[0, 2] = 2 / features.sampling_rate
    torch.testing.assert_close(features(w)[..., :-2], still[..., 2:], rtol=1e-4, atol=1e-4)


def test_labels_are_asked_for():
    generator = make_generator(class_dim=3)
    z, noise = draw_noise(generator, 2, 40)
    with pytest.raises(ValueError, match="network of 3 classes needs labels of 3 numbers; given: none"):
        generator(z, TIMES, noise)
    with pytest.raises(ValueError, match="given: 2 numbers each"):
        generator(z, TIMES, noise, torch.eye(2))


@pytest.mark.parametrize("resolution", [0, 8, 24, 100])
def test_a_resolution_that_cannot_be_made_is_refused(resolution):
    with pytest.raises(ConfigError, match=f"resolution {resolution}: must be a power of two from 16 up"):
        Generator(generator_settings(), resolution=resolution)


def test_channels_that_vanish_are_refused():
    with pytest.raises(ConfigError, match="channel_base 256 leaves no channel"):
        Generator(generator_settings(), resolution=1024)


@pytest.mark.parametrize("architecture", ["stylegan3", "stylegan2"])
@torch.no_grad()
def test_the_highest_resolutions_are_computed_in_half_precision_where_asked_for(architecture):
    changes = {"num_fp16_res": 1}
    if architecture == "stylegan2":
        changes |= {"architecture": architecture, "synthesis": None}
    full = make_generator(resolution=32, **changes)
    half = make_generator(resolution=32, half_dtype=torch.bfloat16, **changes)
    layers = half.synthesis.layers if architecture == "stylegan3" else half.synthesis.blocks
    dtypes = {name: layer.dtype for name, layer in layers.items()}
    assert set(dtypes.values()) == {torch.float32, torch.bfloat16}
    assert next(iter(dtypes.values())) == torch.float32
    z, noise = draw_noise(full, 2, 40)
    frames = full(z, TIMES, noise)
    assert half(z, TIMES, noise).dtype == torch.float32
    torch.testing.assert_close(half(z, TIMES, noise), frames, rtol=0, atol=0.1 * float(frames.std()))
    assert not torch.equal(half(z, TIMES, noise), frames)

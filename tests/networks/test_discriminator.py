"""The discriminator: every size and option works, and says what cannot."""

import pytest
import torch
from tiny_models import assert_nothing_is_rounded, discriminator_settings, make_discriminator

from stylesv.errors import ConfigError
from stylesv.networks import Discriminator
from stylesv.networks.blocks import append_minibatch_std, temporal_shift
from stylesv.networks.time_difference import TimeDifferenceEncoder

OPTIONS = {
    "shift, mean": {},
    "shift, concatenation": {"tmean": False, "num_frames_div_factor": 2},
    "mean": {"tsm": False},
    "concatenation": {"tsm": False, "tmean": False, "num_frames_div_factor": 3},
    "merged early": {"concat_res": 8},
    "hidden times": {"dummy_c": True},
    "few frequencies": {"skip_small_t_freqs": 4},
    "plain blocks": {"architecture": "orig"},
    "frozen": {"freeze_layers": 5},
    "frozen, updated": {"freeze_layers": 5, "always_update": True},
    "no statistic": {"mbstd_num_channels": 0},
    "whole batch": {"mbstd_group_size": None},
    "no clamp": {"conv_clamp": None},
}


def clips(num_clips: int, num_frames: int, resolution: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(2)
    frames = torch.rand([num_clips, num_frames, 3, resolution, resolution], generator=random) * 2 - 1
    return frames, torch.arange(num_frames)[None] * torch.tensor([1, 5, 2, 7])[:num_clips, None]


@pytest.fixture(params=OPTIONS)
def options(request) -> dict:
    return OPTIONS[request.param]


@pytest.mark.parametrize("num_frames", [1, 2, 3, 4])
@pytest.mark.parametrize("class_dim", [0, 2])
def test_every_option_scores_each_clip(options, num_frames, class_dim):
    if num_frames == 1:
        options = options | {"tsm": False}
    discriminator = make_discriminator(num_frames=num_frames, class_dim=class_dim, **options)
    frames, times = clips(4, num_frames)
    labels = torch.eye(2).repeat(2, 1) if class_dim else None
    scores = discriminator(frames, times, labels)
    assert scores.shape == (4,)
    assert scores.isfinite().all()
    scores.sum().backward()
    assert not [name for name, p in discriminator.named_parameters() if p.grad is None]


@pytest.mark.parametrize("resolution", [16, 64, 128, pytest.param(1024, marks=pytest.mark.slow)])
@pytest.mark.parametrize("num_frames", [1, 3])
@torch.no_grad()
def test_every_resolution(resolution, num_frames):
    changes = {"concat_res": 8, "channel_base": 2048, "channel_max": 4}
    discriminator = make_discriminator(resolution=resolution, num_frames=num_frames, **changes)
    frames, times = clips(2, num_frames, resolution)
    assert discriminator(frames, times).isfinite().all()


@torch.no_grad()
def test_images_at_every_resolution_of_a_skip_discriminator():
    discriminator = make_discriminator(num_frames=1, architecture="skip", tsm=False)
    frames, times = clips(4, 1)
    scores = discriminator(frames, times)
    assert scores.isfinite().all()
    for block in [*discriminator.blocks.values(), discriminator.b4]:
        block.fromrgb.weight.zero_()
    assert not torch.allclose(discriminator(frames, times), scores)


@torch.no_grad()
def test_clips_are_scored_in_any_order_of_the_same_groups():
    discriminator = make_discriminator(mbstd_group_size=None)
    frames, times = clips(4, 3)
    scores = discriminator(frames, times)
    order = torch.tensor([2, 0, 3, 1])
    torch.testing.assert_close(discriminator(frames[order], times[order]), scores[order])


@torch.no_grad()
def test_times_count_unless_they_are_hidden():
    frames, times = clips(4, 3)
    for hidden in (False, True):
        discriminator = make_discriminator(dummy_c=hidden)
        same = torch.allclose(discriminator(frames, times), discriminator(frames, times * 2))
        assert same == hidden


@torch.no_grad()
def test_the_order_of_frames_counts_with_the_shift_or_concatenation_alone():
    frames, times = clips(4, 3)
    mean_only = {"tsm": False}
    for options, counts in ((mean_only, False), ({}, True), (mean_only | OPTIONS["concatenation"], True)):
        discriminator = make_discriminator(**options)
        same = torch.allclose(discriminator(frames, times), discriminator(frames.flip(1), times), atol=1e-5)
        assert same != counts


def test_uniform_times_are_encoded_once():
    settings = discriminator_settings()
    arguments = {"resolution": 32, "num_frames": 4, "max_num_frames": 64}
    uniform = Discriminator(settings, uniform_times=True, **arguments)
    assert uniform.time_encoder.dim * 3 == Discriminator(settings, **arguments).time_encoder.dim
    frames, times = clips(4, 4)
    assert uniform(frames, times).shape == (4,)


def test_frozen_layers_keep_their_names_and_are_not_trained():
    trained, frozen = make_discriminator(), make_discriminator(freeze_layers=5)
    assert trained.state_dict().keys() == frozen.state_dict().keys()
    names = {name for name, _ in trained.named_parameters()} - {name for name, _ in frozen.named_parameters()}
    layers = {name.removeprefix("blocks.").rsplit(".", 1)[0] for name in names}
    assert layers == {"b32.fromrgb", "b32.conv0", "b32.conv1", "b32.skip", "b16.conv0"}


@torch.no_grad()
def test_blocks_with_a_frozen_layer_do_not_shift():
    frames, times = clips(4, 3, 64)
    for freeze_layers, shifted in ((0, [3, 3, 0, 0]), (1, [0, 3, 0, 0]), (4, [0, 3, 0, 0]), (5, [0, 0, 0, 0])):
        for always_update in {False, freeze_layers > 0}:
            discriminator = make_discriminator(resolution=64, freeze_layers=freeze_layers, always_update=always_update)
            assert [block.design.shifted_frames for block in discriminator.blocks.values()] == shifted
    assert discriminator(frames, times).shape == (4,)


def test_temporal_shift_is_that_of_a_loop():
    x = torch.randn(2 * 3, 19, 4, 5)
    shifted = temporal_shift(x, 3).reshape(2, 3, 19, 4, 5)
    x = x.reshape(2, 3, 19, 4, 5)
    for clip in range(2):
        for t in range(3):
            for channel in range(19):
                source = t + 1 if channel < 2 else t - 1 if channel < 4 else t
                expected = x[clip, source, channel] if 0 <= source < 3 else torch.zeros(4, 5)
                assert torch.equal(shifted[clip, t, channel], expected)


def test_minibatch_deviation_is_that_of_a_loop():
    x = torch.randn(6, 4, 3, 2)
    ours = append_minibatch_std(x, group_size=2, num_channels=2)
    assert torch.equal(ours[:, :4], x)
    for clip in range(6):
        group = x[[clip % 3, clip % 3 + 3]]  # clips three apart
        for channel in range(2):
            part = group[:, 2 * channel : 2 * channel + 2]
            expected = (part.var(dim=0, correction=0) + 1e-8).sqrt().mean()
            torch.testing.assert_close(ours[clip, 4 + channel], expected.expand(3, 2))


def test_a_batch_that_does_not_split_in_groups_is_refused():
    discriminator = make_discriminator(mbstd_group_size=2)
    frames, times = clips(3, 3)
    with pytest.raises(ValueError, match=r"3 clips .* groups of 2 \(mbstd_group_size\)"):
        discriminator(frames, times)


def test_clips_of_another_shape_are_refused():
    discriminator = make_discriminator()
    frames, times = clips(2, 2)
    with pytest.raises(ValueError, match="clips of 2 frames"):
        discriminator(frames, times)


@pytest.mark.parametrize("times", [[[0, 64]], [[5, 4]]])
def test_times_too_far_apart_or_backwards_are_refused(times):
    encoder = TimeDifferenceEncoder(num_frames=2, max_num_frames=64, embed_dim=4)
    with pytest.raises(ValueError, match="distances from 0 to 63"):
        encoder(torch.tensor(times))


def test_fractional_times_far_from_the_start_keep_their_distance():
    encoder = TimeDifferenceEncoder(num_frames=2, max_num_frames=64, embed_dim=4)
    near = torch.tensor([[0.3, 20.3]], dtype=torch.float64)
    torch.testing.assert_close(encoder(near + 1e6), encoder(near))


@pytest.mark.parametrize(
    ("changes", "arguments", "message"),
    [
        ({}, {"resolution": 16, "num_frames": 3}, "concat_res 16 must be below the resolution 16"),
        ({}, {"resolution": 48, "num_frames": 3}, "resolution 48: must be a power of two"),
        ({}, {"resolution": 32, "num_frames": 0}, "a clip of 0 frames"),
        ({"architecture": "skip"}, {"resolution": 32, "num_frames": 2}, "skip judges single images, not 2 frames"),
        ({}, {"resolution": 1024, "num_frames": 1}, "channel_base 512 leaves no channel at 1024 px"),
        (
            {"tmean": False, "num_frames_div_factor": 20},
            {"resolution": 32, "num_frames": 3},
            "num_frames_div_factor 20 leaves none of the 16 channels",
        ),
    ],
)
def test_shapes_that_cannot_work_are_refused(changes, arguments, message):
    with pytest.raises(ConfigError, match=message):
        Discriminator(discriminator_settings(**changes), **arguments)


@torch.no_grad()
def test_with_float64_as_the_default_nothing_is_rounded_to_less(options, double_precision):
    discriminator = make_discriminator(**options)
    discriminator.mapping.embed.bias.fill_(1)  # or hidden times multiply every score by 0
    frames, times = (values.double() for values in clips(4, 3))
    assert_nothing_is_rounded(lambda frames: discriminator(frames, times), frames)
    if not options.get("dummy_c"):
        assert_nothing_is_rounded(lambda times: discriminator(frames, times), times + 0.25 * times / 7)


def test_the_highest_resolutions_are_computed_in_half_precision_where_asked_for():
    settings = discriminator_settings(num_fp16_res=2)
    arguments = {"resolution": 64, "num_frames": 3, "max_num_frames": 64}
    full = Discriminator(settings, **arguments)
    half = Discriminator(settings, half_dtype=torch.bfloat16, **arguments)
    half.load_state_dict(full.state_dict())
    dtypes = [block.design.dtype for block in half.blocks.values()]
    assert dtypes == [torch.bfloat16, torch.bfloat16, torch.float32, torch.float32]
    frames, times = clips(4, 3, 64)
    scores = half(frames, times)
    assert scores.dtype == torch.float32
    torch.testing.assert_close(scores, full(frames, times), rtol=0, atol=0.1)

"""Options and names of published networks: translated, or refused by name."""

import copy

import pytest
import torch

from stylesv.errors import CheckpointError
from stylesv.networks import Discriminator, Generator
from stylesv.networks.published import (
    discriminator_from_published,
    generator_from_published,
    rename_published_keys,
)

GENERATOR_INIT = {
    "c_dim": 0,
    "w_dim": 12,
    "img_resolution": 16,
    "img_channels": 3,
    "mapping_kwargs": {"num_layers": 2},
    "synthesis_kwargs": {"channel_base": 256, "channel_max": 24, "num_layers": 4, "num_fp16_res": 4, "conv_clamp": 256},
}
GENERATOR = {
    "source": "networks",
    "use_noise": False,
    "z_dim": 7,
    "w_dim": 12,
    "c_dim": 0,
    "motion": {
        "z_dim": 5,
        "v_dim": 6,
        "motion_z_distance": 16,
        "gen_strategy": "conv",
        "kernel_size": 3,
        "fourier": True,
    },
    "time_enc": {"dim": 9, "min_period_len": 16, "max_period_len": 512, "cond_type": "concat_const"},
    "fuse_w": "concat",
    "freezesyn": 0,
    "freezemap": False,
    "bspline": False,
    "bs_emb": False,
    "offset": 0,
    "low_rank": None,
    "learnable_motion_mask": True,
    "init_motion_mask": "zeros",
}
DISCRIMINATOR_INIT = {
    "c_dim": 0,
    "img_resolution": 32,
    "img_channels": 3,
    "channel_base": 512,
    "channel_max": 16,
    "block_kwargs": {"freeze_layers": 0},
    "mapping_kwargs": {"num_layers": 2},
    "epilogue_kwargs": {"mbstd_group_size": 2},
}
DISCRIMINATOR = {
    "sampling": {"num_frames_per_video": 3, "max_num_frames": 64, "type": "random"},
    "concat_res": 16,
    "num_frames_div_factor": 2,
    "dummy_c": False,
}


def without(options: dict, *names: str) -> dict:
    return {name: value for name, value in copy.deepcopy(options).items() if name not in names}


def test_options_of_no_effect_there_are_normalised():
    cfg = GENERATOR | {"low_rank": -1, "bs_emb": True, "offset": 7}
    settings, arguments = generator_from_published(cfg, GENERATOR_INIT)
    assert settings == generator_from_published(GENERATOR, GENERATOR_INIT)[0]
    assert arguments == {"resolution": 16, "image_channels": 3, "class_dim": 0}
    assert (settings.synthesis.low_rank, settings.motion.bs_emb, settings.motion.offset) == (0, False, 0)
    always = copy.deepcopy(GENERATOR_INIT)
    always["synthesis_kwargs"]["always_lr"] = True
    assert not generator_from_published(GENERATOR, always)[0].synthesis.always_lr


def test_the_distance_of_anchors_is_the_shortest_period_if_it_is_not_given():
    cfg = copy.deepcopy(GENERATOR)
    cfg["motion"]["motion_z_distance"] = None
    assert generator_from_published(cfg, GENERATOR_INIT)[0].motion.motion_z_distance == 16


def test_an_unknown_option_is_refused_by_name():
    unknown = copy.deepcopy(GENERATOR_INIT)
    unknown["synthesis_kwargs"]["magnitude_ema_beta"] = 0.5
    with pytest.raises(
        CheckpointError, match=r"synthesis_kwargs: option magnitude_ema_beta \(0.5\) has no counterpart"
    ):
        generator_from_published(GENERATOR, unknown)
    with pytest.raises(CheckpointError, match=r"option cmap_dim \(64\) has no counterpart"):
        discriminator_from_published(DISCRIMINATOR, DISCRIMINATOR_INIT | {"cmap_dim": 64})


def test_options_that_are_missing_or_contradict_each_other_are_refused():
    with pytest.raises(CheckpointError, match="generator options cannot be used: z_dim is missing"):
        generator_from_published(without(GENERATOR, "z_dim"), GENERATOR_INIT)
    with pytest.raises(CheckpointError, match="fuse_w add sums motion codes"):
        generator_from_published(GENERATOR | {"fuse_w": "add"}, GENERATOR_INIT)
    with pytest.raises(CheckpointError, match="concat_res 6 must be a power of two"):
        discriminator_from_published(DISCRIMINATOR | {"concat_res": 6}, DISCRIMINATOR_INIT)


def published_name(name: str) -> str:
    """The published name of one of our weights, written down independently of the rules under test."""
    for ours, theirs in (
        ("synthesis.layers.", "synthesis."),
        ("synthesis.fusion.", "synthesis."),
        (".anchor_codes.", "."),
        (".time_encoder.mapping.", ".mapping."),
        ("synthesis.const", "synthesis.b4.input.input.const"),
        ("synthesis.blocks.", "synthesis."),
        ("blocks.", ""),
    ):
        name = name.replace(ours, theirs)
    return name


@pytest.mark.parametrize("motion", [{}, {"fourier": False}, {"gen_strategy": "autoregressive", "v_dim": 5}])
@pytest.mark.parametrize("low_rank", [0, 2])
def test_every_weight_finds_its_place(motion, low_rank):
    cfg = copy.deepcopy(GENERATOR) | {"low_rank": low_rank}
    cfg["motion"] |= motion
    settings, arguments = generator_from_published(cfg, GENERATOR_INIT)
    generator = Generator(settings, **arguments)
    weights = {published_name(name): torch.randn_like(value) for name, value in generator.state_dict().items()}
    weights = {name: value for name, value in weights.items() if not name.endswith("low_rank_gain")}
    weights["synthesis.L0_36_24.up_filter"] = torch.ones(12)  # left out: ours computes it
    generator.load_state_dict(rename_published_keys(weights))
    for name, value in generator.state_dict().items():
        expected = torch.ones([]) if name.endswith("low_rank_gain") else weights[published_name(name)]
        assert torch.equal(value, expected), name


def test_every_weight_of_a_discriminator_finds_its_place():
    settings, arguments = discriminator_from_published(DISCRIMINATOR | {"tsm": True}, DISCRIMINATOR_INIT)
    assert (settings.tsm, settings.tmean, settings.num_frames_div_factor) == (True, False, 2)
    discriminator = Discriminator(settings, **arguments)
    weights = {published_name(name): torch.randn_like(value) for name, value in discriminator.state_dict().items()}
    assert {"b4.out.weight", "b16.conv0.bias", "time_encoder.const_embed.weight", "mapping.fc0.weight"} <= set(weights)
    discriminator.load_state_dict(rename_published_keys(weights))
    for name, value in discriminator.state_dict().items():
        assert torch.equal(value, weights[published_name(name)]), name


def test_a_stylegan_v_generator_is_recognised_and_its_upsampling_weights_are_mirrored():
    cfg = without(GENERATOR, *("fuse_w", "freezesyn", "freezemap", "bspline", "bs_emb", "offset", "low_rank"))
    init = copy.deepcopy(GENERATOR_INIT)
    del init["synthesis_kwargs"]["num_layers"]
    settings, arguments = generator_from_published(cfg, init)
    assert settings.architecture == "stylegan2"
    assert settings.synthesis is None
    generator = Generator(settings, **arguments)
    weights = {published_name(name): torch.randn_like(value) for name, value in generator.state_dict().items()}
    assert {"synthesis.b4.conv1.affine.weight", "synthesis.b4.input.input.const", "synthesis.b16.torgb.bias"} <= set(
        weights
    )
    generator.load_state_dict(rename_published_keys(weights))
    for name, value in generator.state_dict().items():
        expected = weights[published_name(name)]
        assert torch.equal(value, expected.flip([2, 3]) if name.endswith("conv0.weight") else expected), name
    with pytest.raises(CheckpointError, match=r"use_noise \(True\) has no counterpart"):
        generator_from_published(cfg | {"use_noise": True}, init)

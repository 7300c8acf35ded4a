"""Small networks for tests: the values of config/config.yaml with few channels, and whatever a test changes."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor

from stylesv.config.model import DiscriminatorSettings, GeneratorSettings
from stylesv.networks import Discriminator, Generator

CONFIG = Path(__file__).resolve().parents[2] / "config"
MODEL: dict[str, Any] = yaml.safe_load((CONFIG / "config.yaml").read_text())["model"]

SMALL_GENERATOR = {
    "z_dim": 7,
    "w_dim": 12,
    "channel_base": 256,
    "channel_max": 24,
    "motion": {
        "z_dim": 5,
        "v_dim": 6,
        "motion_z_distance": 16,
        "kernel_size": 3,
        "time_enc": {"dim": 9, "min_period_len": 16, "max_period_len": 512},
    },
    "synthesis": {"num_layers": 5},
}
SMALL_DISCRIMINATOR = {"channel_base": 512, "channel_max": 16, "mbstd_group_size": 2, "time_embed_dim": 6}


def overridden(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A copy with changes, key by key, as one settings file on top of another."""
    values = copy.deepcopy(values)
    for key, value in changes.items():
        deeper = isinstance(value, dict) and isinstance(values.get(key), dict)
        values[key] = overridden(values[key], value) if deeper else value
    return values


def generator_settings(**changes: Any) -> GeneratorSettings:
    """Settings of a small generator."""
    values = overridden(overridden(MODEL["generator"], SMALL_GENERATOR), changes)
    return GeneratorSettings.model_validate_json(json.dumps(values))


def discriminator_settings(**changes: Any) -> DiscriminatorSettings:
    """Settings of a small discriminator."""
    values = overridden(overridden(MODEL["discriminator"], SMALL_DISCRIMINATOR), changes)
    return DiscriminatorSettings.model_validate_json(json.dumps(values))


def make_generator(
    *, resolution: int = 16, class_dim: int = 0, half_dtype: torch.dtype | None = None, **changes: Any
) -> Generator:
    """A small generator whose motion mask is 1 and whose input turns with w, so that both show."""
    torch.manual_seed(0)
    settings = generator_settings(**changes)
    generator = Generator(settings, resolution=resolution, class_dim=class_dim, half_dtype=half_dtype)
    if generator.settings.synthesis is not None:
        generator.synthesis.fusion.motion_mask.data.fill_(1)
        generator.synthesis.input.affine.weight.data.normal_()
    return generator


def make_discriminator(
    *, resolution: int = 32, num_frames: int = 3, class_dim: int = 0, **changes: Any
) -> Discriminator:
    """A small discriminator."""
    torch.manual_seed(0)
    settings = discriminator_settings(**changes)
    return Discriminator(settings, resolution=resolution, num_frames=num_frames, class_dim=class_dim, max_num_frames=64)


def assert_nothing_is_rounded(function: Callable[[Tensor], Tensor], x: Tensor) -> None:
    """A function computed in float64 throughout answers to changes of a thousand-millionth, and twice as much to twice."""
    change = 1e-9 * torch.randn(x.shape, generator=torch.Generator().manual_seed(3))
    y = function(x)
    assert y.dtype == torch.float64
    once, twice = function(x + change) - y, function(x + 2 * change) - y
    assert once.norm() > 0
    assert (twice - 2 * once).norm() < 1e-3 * once.norm()


def draw_noise(generator: Generator, num_clips: int, max_time: float | int, seed: int = 1) -> tuple[Tensor, Tensor]:
    """Content noise, and motion noise for frames up to `max_time`."""
    random = torch.Generator().manual_seed(seed)
    z = torch.randn([num_clips, generator.z_dim], generator=random)
    shape = [num_clips, generator.motion_noise_length(max_time), generator.motion_noise_dim]
    return z, torch.randn(shape, generator=random)

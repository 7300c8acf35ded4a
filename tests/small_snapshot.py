"""A snapshot of a small generator, for tests that sample."""

import json
from pathlib import Path
from typing import Any

import torch
import yaml

from stylesv.checkpoint import write_networks
from stylesv.config.model import GeneratorSettings
from stylesv.networks import Generator
from stylesv.records.snapshot import Snapshot

SIZE = 32
SMALL = {
    **{"z_dim": 7, "w_dim": 12, "channel_base": 256, "channel_max": 16},
    "motion": {"z_dim": 5, "v_dim": 6, "motion_z_distance": 8, "kernel_size": 3},
    "synthesis": {"num_layers": 3, "margin_size": 4},
}


def merged(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    for key, value in changes.items():
        deeper = isinstance(value, dict) and isinstance(values.get(key), dict)
        values[key] = merged(dict(values[key]), value) if deeper else value
    return values


def write_snapshot(path: Path, root: Path, **facts: Any) -> Path:
    """Networks whose clips move, with random weights; `facts` change their record."""
    model = yaml.safe_load((root / "config" / "config.yaml").read_text())["model"]
    settings = GeneratorSettings.model_validate_json(json.dumps(merged(model["generator"], SMALL)))
    torch.manual_seed(0)
    generator = Generator(settings, resolution=SIZE, class_dim=facts.get("class_dim", 0))
    generator.synthesis.fusion.motion_mask.data.fill_(1)
    write_networks(path, {"generator_ema": generator.state_dict()}, snapshot(settings, **{"resolution": SIZE} | facts))
    return path


def snapshot(generator: GeneratorSettings, **facts: Any) -> Snapshot:
    """The record of a file that holds a generator alone."""
    usual = {"discriminator": None, "class_dim": 0, "num_frames": 3, "max_num_frames": None, "uniform_times": False}
    return Snapshot(generator=generator, **usual | {"kimg": 0} | facts)

"""Small generators with every kind of motion, whose clips move visibly, with random weights."""

import json
from pathlib import Path
from typing import Any

import torch
import yaml
from small_snapshot import SIZE, SMALL, merged

from stylesv.config.model import GeneratorSettings
from stylesv.networks import Generator

ROOT = Path(__file__).resolve().parents[2]
FAST = {"time_enc": {"min_period_len": 16}}  # the shortest period published, where rounding of phases tells most
LSTM = {"v_dim": 5, "gen_strategy": "autoregressive", "kernel_size": None, "motion_z_distance": 64}
KINDS: dict[str, dict[str, Any]] = {
    "linear": {"motion": FAST},
    "spline": {"motion": FAST | {"bspline": True}},
    "blended waves": {"motion": FAST | {"bspline": True, "bs_emb": True}},
    "lstm": {"motion": FAST | LSTM},
    "no waves": {"motion": {"v_dim": 5, "time_enc": None, "bspline": True}},
    "constant input": {"architecture": "stylegan2", "synthesis": None, "motion": FAST},
}


def build(kind: str, *, size: int = SIZE, seed: int = 0, **changes: Any) -> Generator:
    """A generator of a kind, ready to sample."""
    values = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())["model"]["generator"]
    values = merged(merged(merged(values, SMALL), KINDS[kind]), changes)
    torch.manual_seed(seed)
    generator = Generator(GeneratorSettings.model_validate_json(json.dumps(values)), resolution=size)
    if kind != "constant input":
        generator.synthesis.fusion.motion_mask.data.fill_(1)
    return generator.eval().requires_grad_(False)

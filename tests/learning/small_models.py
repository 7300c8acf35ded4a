"""The project's models at the smallest size, trained straight through, without files between steps."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import torch
import yaml
from drifting_stripes import SIZE_PX, SPEED_PX, contrast, steps_px, write_clips

from stylesv.data.packed import PackedClips
from stylesv.data.packing import pack_videos
from stylesv.generation.clips import generate_clips
from stylesv.networks import Generator
from stylesv.records.recipe import TrainedRecipe
from stylesv.training.batches import RealClips
from stylesv.training.state import NETWORKS, TrainState
from stylesv.training.step import TrainingStep
from stylesv.training.transfer import transfer_networks
from stylesv.workflow.plan import load_plan

ROOT = Path(__file__).resolve().parents[2]
MODELS = ("A", "C", "D", "E", "E-lowrank")
IMAGE_STEPS = 60

SETTINGS = {
    "title": "Learning at the smallest size",
    "datasets": ["stripes"],
    "models": list(MODELS),
    "seeds": [0],
    "protocols": {"image": ["rfid"], "video": ["rfvd_16f"]},
    "model": {
        "generator": {
            "z_dim": 16, "w_dim": 24, "channel_base": 192, "channel_max": 24,
            "motion": {
                "z_dim": 16, "v_dim": 16, "kernel_size": 3, "motion_z_distance": 32,
                "time_enc": {"dim": 8, "min_period_len": 8, "max_period_len": 32},
            },
        },
        "discriminator": {
            "channel_base": 384, "channel_max": 32, "concat_res": 8, "time_embed_dim": 8,
            "tmean": False, "num_frames_div_factor": 2,  # a mean over frames hides motion for hundreds of steps
        },
        "training": {
            "batch_size": 8, "max_num_frames": 16, "mirror": False,
            "frame_sampling": {"distances": [2], "max_distance": 2},
            "loss": {"r1_gamma": 4},
            "generator_optimizer": {"lr": 0.01},  # weights are N(0, 1): with 0.0025, 400 steps move one by 1
            "discriminator_optimizer": {"lr": 0.005},
            "ema": {"half_life_kclips": 0.2},
            "augment": {"mode": "none"},
        },
    },
    "per_model": {
        model: {"generator": {"synthesis": {"num_layers": 3, "margin_size": 2, "init_motion_mask": "ones"}}}
        for model in ("image", "C", "D", "E", "E-lowrank")
    },
}  # fmt: skip


def recipes(folder: Path) -> dict[str, TrainedRecipe]:
    """Recipes of the models and of the image pretraining, by name, as the workflow makes them from settings."""
    config = folder / "config"
    shutil.copytree(ROOT / "config", config, dirs_exist_ok=True)
    (config / "datasets" / "stripes.yaml").write_text(
        yaml.safe_dump(
            {"dataset": {"source": {"folder": str(folder / "frames")}, "resolution": SIZE_PX, "min_frames": 16}}
        )
    )
    (config / "experiments" / "learning.yaml").write_text(yaml.safe_dump(SETTINGS))
    return {run.model: run.recipe for run in load_plan(config).experiments["learning"].runs}


def pack_stripes(folder: Path) -> PackedClips:
    """The world's clips, packed."""
    write_clips(folder / "frames")
    packing = recipes(folder)["D"].data.packing
    pack_videos(folder / "frames", folder / "packed", settings=packing)
    return PackedClips(folder / "packed")


def train(recipe: TrainedRecipe, packed: PackedClips, steps: int, *, parent: TrainState | None = None) -> TrainState:
    """A run's networks after so many steps; `parent` is where they start from."""
    state = TrainState(recipe, torch.device("cpu"))
    if parent is not None:
        transfer_networks(state, {part: getattr(parent, part).state_dict() for part in NETWORKS}, mismatched="new")
    real = RealClips(packed, state.settings, recipe.seed)
    step = TrainingStep(state, real)
    for batch in real.batches(0, steps, num_workers=0):
        step(batch)
    return state


@dataclass(frozen=True)
class Motion:
    """How clips of a generator move."""

    speed_px: float
    """Mean distance from frame to frame, px to the right; the world's is 1."""
    right_share: float
    """Share of clips whose own mean is between half and twice the world's."""
    contrast: float
    """Size of the stripes, grey levels."""


def motion_of(generator: Generator, *, num_clips: int = 32, num_frames: int = 9) -> Motion:
    """Measure clips of a generator from time 0 on."""
    times = torch.arange(num_frames).float()
    clips = torch.cat(list(generate_clips(generator, seed=0, clip_numbers=range(num_clips), times=times))).numpy()
    steps = steps_px(clips).mean(1)
    right = (steps > SPEED_PX / 2) & (steps < SPEED_PX * 2)
    return Motion(float(steps.mean()), float(right.mean()), contrast(clips))

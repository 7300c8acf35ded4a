"""Networks and training steps of the paper's model at 64 and 256 pixels, on random frames."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import torch
import yaml
from measure import Case, Work

from stylesv.config.model import DiscriminatorSettings, GeneratorSettings
from stylesv.networks.discriminator import Discriminator
from stylesv.networks.generator import Generator
from stylesv.records.recipe import TrainedRecipe
from stylesv.training.batches import ClipBatch
from stylesv.training.speed import RandomClips
from stylesv.training.state import TrainState
from stylesv.training.step import TrainingStep
from stylesv.workflow.plan import load_plan

CONFIG = Path(__file__).resolve().parents[2] / "config"
# At 64 px as many channels in proportion to the image; with more, the convolutions, which both forms share, outweigh
# everything else even sooner.
CHANNEL_BASE = {256: 16384, 64: 1024}


@cache
def config_values() -> dict[str, Any]:
    """config.yaml: the paper's values."""
    return yaml.safe_load((CONFIG / "config.yaml").read_text())


@cache
def model_settings() -> dict[str, Any]:
    """Settings of the paper's generator and discriminator."""
    model = config_values()["model"]
    kinds = {"generator": GeneratorSettings, "discriminator": DiscriminatorSettings}
    return {name: kind.model_validate_json(json.dumps(model[name])) for name, kind in kinds.items()}


def recipe(resolution: int, num_clips: int, num_frames: int) -> TrainedRecipe:
    """The recipe of model D, with the paper's settings but for its size."""
    paper = next(run.recipe for run in load_plan(CONFIG).experiments["driving"].runs if run.model == "D")
    packing = paper.data.packing.model_copy(update={"resolution": resolution})
    base = {"channel_base": CHANNEL_BASE[resolution]}
    return paper.model_copy(
        update={
            "data": paper.data.model_copy(update={"packing": packing}),
            "generator": paper.generator.model_copy(update=base),
            "discriminator": paper.discriminator.model_copy(update=base | {"mbstd_group_size": min(num_clips, 4)}),
            "training": paper.training.model_copy(update={"batch_size": num_clips, "num_frames": num_frames}),
        }
    )


def demo_recipe(model: str) -> TrainedRecipe:
    """The recipe of one of the demo's models."""
    return next(run.recipe for run in load_plan(CONFIG).experiments["demo"].runs if run.model == model)


def clip_batch(resolution: int, num_clips: int, num_frames: int) -> ClipBatch:
    """Random frames, one apart."""
    frames = torch.randint(256, (num_clips, num_frames, 3, resolution, resolution), dtype=torch.uint8)
    return ClipBatch(frames, torch.arange(num_frames).float().repeat(num_clips, 1))


def training_step(resolution: int, num_clips: int, num_frames: int, device: torch.device) -> TrainingStep:
    """A step on fresh networks."""
    state = TrainState(recipe(resolution, num_clips, num_frames), device)
    return TrainingStep(state, RandomClips(64))


def step_case(name: str, phase: str | None, size: tuple[int, int, int]) -> Case:
    """One phase of a step, or the whole step without R1; size is resolution, clips, frames."""

    def prepare(device: torch.device) -> Work:
        step, batch = training_step(*size, device), clip_batch(*size)
        phases = {
            None: lambda: step(batch),
            "generator": step._update_generator,
            "discriminator": lambda: step._update_discriminator(batch),
            "r1": lambda: step._update_r1(batch, 1),
        }

        def work() -> None:
            step.state.step = 1  # R1 comes with step 0
            phases[phase]()

        return work

    return Case(name, prepare)


def generator_case(name: str, resolution: int, num_clips: int, num_frames: int) -> Case:
    """Frames from noise, without gradients."""

    def prepare(device: torch.device) -> Work:
        settings = model_settings()["generator"].model_copy(update={"channel_base": CHANNEL_BASE[resolution]})
        generator = Generator(settings, resolution=resolution).to(device)
        z = torch.randn(num_clips, generator.z_dim, device=device)
        times = torch.arange(num_frames, device=device).float().repeat(num_clips, 1)
        motion = torch.randn(
            num_clips, generator.motion_noise_length(num_frames), generator.motion_noise_dim, device=device
        )
        return torch.no_grad()(lambda: generator(z, times, motion))

    return Case(name, prepare)


def discriminator_case(name: str, resolution: int, num_clips: int, num_frames: int) -> Case:
    """Scores of frames, without gradients."""

    def prepare(device: torch.device) -> Work:
        settings = model_settings()["discriminator"].model_copy(update={"channel_base": CHANNEL_BASE[resolution]})
        discriminator = Discriminator(settings, resolution=resolution, num_frames=num_frames).to(device)
        frames = torch.randn(num_clips, num_frames, 3, resolution, resolution, device=device)
        times = torch.arange(num_frames, device=device).float().repeat(num_clips, 1)
        return torch.no_grad()(lambda: discriminator(frames, times))

    return Case(name, prepare)


def network_cases() -> list[Case]:
    """All of them: at 64 px 4 clips of 3 frames, at 256 px single clips."""
    small, large = (64, 4, 3), (256, 1, 1)
    return [
        generator_case("generator_64_forward", *small),
        generator_case("generator_256_forward", 256, 1, 3),
        discriminator_case("discriminator_64_forward", *small),
        discriminator_case("discriminator_256_forward", 256, 1, 3),
        step_case("generator_step_64", "generator", small),
        step_case("discriminator_step_64", "discriminator", small),
        step_case("r1_step_64", "r1", small),
        step_case("step_64", None, small),
        step_case("generator_step_256", "generator", large),
        step_case("discriminator_step_256", "discriminator", large),
        step_case("r1_step_256", "r1", large),
        step_case("step_256", None, large),
    ]

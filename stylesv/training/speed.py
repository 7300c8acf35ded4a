"""How fast a run would train here: a few steps of its recipe on random frames."""

import os
import platform
import time
from collections.abc import Iterable
from pathlib import Path

import torch

from stylesv.records.recipe import TrainedRecipe, read_trained_recipe
from stylesv.records.speed import MeasuredSpeed
from stylesv.training.batches import ClipBatch, RealClips
from stylesv.training.state import TrainState
from stylesv.training.step import TrainingStep

_WHOLE_BATCH_PIXELS = 2**22
"""Largest batch that is measured as it is, in pixels of all its frames; of larger ones one group of clips is."""
NUM_STEPS = 3


class RandomClips(RealClips):
    """In place of packed clips: all that a step asks of them."""

    def __init__(self, length: int):
        self.length = length

    def generated_lengths(self, numbers: list[int]) -> list[int]:
        """Lengths of videos, in frames."""
        return [self.length] * len(numbers)

    def generated_labels(self, numbers: list[int]) -> None:
        """Classes of the same videos: none."""


def measure_speed(recipe_file: Path, *, run: str, model: str) -> MeasuredSpeed:
    """Train `NUM_STEPS` steps of a recipe on random frames, and one with R1; on a GPU where there is one.

    Not in it: reading clips, which happens beside training, and writing snapshots.

    Raises:
        ConfigError: the recipe cannot be read.
    """
    recipe = _small_enough(read_trained_recipe(recipe_file))
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    state = TrainState(recipe, device)
    settings, resolution = recipe.training, state.resolution
    shape = (settings.batch_size, settings.num_frames, 3, resolution, resolution)
    times = torch.arange(settings.num_frames, device=device).float().repeat(settings.batch_size, 1)
    clips = ClipBatch(torch.randint(256, shape, dtype=torch.uint8).to(device), times)
    step = TrainingStep(state, RandomClips(settings.max_num_frames))
    step(clips)  # the first step, with everything that is made once
    started = _seconds_since_start()
    plain = min(_seconds(step, clips, device) for _ in range(NUM_STEPS))
    state.step = 0
    with_r1 = _seconds(step, clips, device) if state.r1_interval else plain
    mean = plain + max(with_r1 - plain, 0) / (state.r1_interval or 1)
    kept = (state.generator, state.generator_ema, state.discriminator)
    networks = sum(_megabytes(network.state_dict().values()) for network in kept)
    moments = 2 * sum(_megabytes(network.parameters()) for network in (state.generator, state.discriminator))
    return MeasuredSpeed(
        run=run,
        model=model,
        resolution=resolution,
        device=torch.cuda.get_device_name()
        if device.type == "cuda"
        else f"{_processor()}, {torch.get_num_threads()} threads",
        gpus=int(device.type == "cuda"),
        start_seconds=started,
        seconds_per_kimg=mean * 1000 / (settings.batch_size * settings.num_frames),
        clips=settings.batch_size,
        snapshot_mb=networks,
        state_mb=networks + moments,
    )


def _small_enough(recipe: TrainedRecipe) -> TrainedRecipe:
    """The recipe with as few clips in a step as a processor takes in reasonable time."""
    settings, resolution = recipe.training, recipe.data.packing.resolution
    pixels = settings.batch_size * settings.num_frames * resolution**2
    if pixels <= _WHOLE_BATCH_PIXELS or torch.cuda.is_available():
        return recipe
    group = min(recipe.discriminator.mbstd_group_size or settings.batch_size, settings.batch_size)
    return recipe.model_copy(update={"training": settings.model_copy(update={"batch_size": group})})


def _seconds(step: TrainingStep, clips: ClipBatch, device: torch.device) -> float:
    before = time.perf_counter()
    step(clips)
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - before


def _seconds_since_start() -> float:
    """Seconds that this process has lived (Linux)."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[19])  # starttime, the 22nd field of all; in clock ticks after boot
    return float(Path("/proc/uptime").read_text().split()[0]) - ticks / os.sysconf("SC_CLK_TCK")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _megabytes(tensors: Iterable[torch.Tensor]) -> float:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors) / 1e6

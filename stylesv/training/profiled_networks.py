"""The networks of a snapshot or a recipe, profiled as a step of training calls them, as a table."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from stylesv.checkpoint import read_networks
from stylesv.errors import ConfigError
from stylesv.networks import Discriminator, Generator
from stylesv.networks.profile import LayerCost, profile, total_cost
from stylesv.records.recipe import Recipe, TrainedRecipe
from stylesv.training.state import build_discriminator, build_generator

COLUMNS = ("layer", "kind", "output", "parameters", "buffers", "MFLOP", "ms", "kept MB")


@dataclass(frozen=True)
class BuiltNetworks:
    """Networks to be profiled; the frames of a clip."""

    generator: Generator
    discriminator: Discriminator | None
    num_frames: int


def networks_of_snapshot(networks: Path) -> BuiltNetworks:
    """Networks as the record of a snapshot describes them.

    Raises:
        CheckpointError: it is missing or damaged.
    """
    _, snapshot = read_networks(networks)
    frames = snapshot.num_frames or 1
    generator = Generator(snapshot.generator, resolution=snapshot.resolution, class_dim=snapshot.class_dim)
    discriminator = None
    if snapshot.discriminator is not None:
        discriminator = Discriminator(
            snapshot.discriminator,
            resolution=snapshot.resolution,
            num_frames=frames,
            class_dim=snapshot.class_dim,
            uniform_times=snapshot.uniform_times,
            max_num_frames=snapshot.max_num_frames or 1024,
        )
    return BuiltNetworks(generator, discriminator, frames)


def networks_of_recipe(recipe: Recipe) -> BuiltNetworks:
    """Networks that a recipe would train, without classes.

    Raises:
        ConfigError: it trains none: its snapshot is imported.
    """
    if not isinstance(recipe, TrainedRecipe):
        raise ConfigError("this run's snapshot is imported: give the snapshot's file")
    return BuiltNetworks(build_generator(recipe), build_discriminator(recipe), recipe.training.num_frames)


def profile_networks(
    built: BuiltNetworks, *, device: torch.device, num_clips: int, passes: int
) -> dict[str, list[LayerCost]]:
    """The costs of generator and discriminator for a batch of clips.

    Raises:
        ConfigError: the discriminator's groups of clips do not fit that many.
    """
    times = torch.arange(built.num_frames, dtype=torch.float32, device=device).repeat(num_clips, 1)
    generator = built.generator.to(device)
    length = generator.motion_noise_length(float(times.max()))
    z = torch.randn(num_clips, generator.z_dim, device=device)
    noise = torch.randn(num_clips, length, generator.motion_noise_dim, device=device)
    labels = None
    if generator.class_dim:
        labels = torch.eye(generator.class_dim, device=device)[[0] * num_clips]
    calls: dict[str, tuple[torch.nn.Module, Callable[[], object]]] = {
        "generator": (generator, lambda: generator(z, times, noise, labels))
    }
    if built.discriminator is not None:
        discriminator, size = built.discriminator.to(device), built.generator.resolution
        group = discriminator.settings.mbstd_group_size
        if group is not None and num_clips > group and num_clips % group:
            raise ConfigError(f"--clips {num_clips}: the discriminator's groups are of {group}; give a multiple of it")
        shape = (num_clips, built.num_frames, generator.image_channels, size, size)
        frames = torch.randn(shape, device=device, requires_grad=True)
        calls["discriminator"] = (discriminator, lambda: discriminator(frames, times, labels))
    return {name: profile(network, call, passes=passes) for name, (network, call) in calls.items()}


def table_text(name: str, rows: list[LayerCost]) -> str:
    """The costs of a network as a table of text."""
    cells = [COLUMNS, *(_cells(row) for row in [*rows, total_cost(rows)])]
    widths = [max(len(row[place]) for row in cells) for place in range(len(COLUMNS))]
    lines = []
    for row in cells:
        aligned = [
            cell.ljust(w) if place < 3 else cell.rjust(w)
            for place, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(aligned).rstrip())
    rule = "-" * max(map(len, lines))
    return "\n".join([name, lines[0], rule, *lines[1:-1], rule, lines[-1]])


def _cells(row: LayerCost) -> tuple[str, ...]:
    shape = " x ".join(map(str, row.shape))
    numbers = (f"{row.num_parameters:,}", f"{row.num_buffers:,}", f"{row.flops / 1e6:,.2f}")
    return (row.name, row.kind, shape, *numbers, f"{1000 * row.seconds:,.2f}", f"{row.kept_bytes / 1e6:,.2f}")

"""A glance at a snapshot: the same few clips of every one."""

from pathlib import Path

import torch

from stylesv.generation.clips import generate_clips, load_generator
from stylesv.networks.generator import Generator
from stylesv.report.clip_grids import draw_samples

NUM_CLIPS = 8
TIMES = (0.0, 16.0)  # frames


def draw_snapshot_samples(networks: Path, out: Path) -> None:
    """PNG with eight clips of seed 0 from left to right, two frames of each.

    Raises:
        CheckpointError: the snapshot is missing or damaged.
    """
    generator, _ = load_generator(networks)
    draw_generator_samples(generator, out)


def draw_generator_samples(generator: Generator, out: Path) -> None:
    """The same of a generator."""
    clips = generate_clips(generator, seed=0, clip_numbers=range(NUM_CLIPS), times=torch.tensor(TIMES))
    draw_samples(out, torch.cat(list(clips)).numpy())

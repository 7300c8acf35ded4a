"""Snapshots that know classes: labels are drawn with the latents, and what is generated depends on them."""

import json
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from imageio.v3 import imread
from script_here import run_here
from small_snapshot import snapshot

from stylesv.checkpoint import write_networks
from stylesv.config.model import GeneratorSettings
from stylesv.generation.classes import draw_class
from stylesv.generation.clips import load_generator, synthesize
from stylesv.generation.latents import Latents, draw_latents
from stylesv.generation.samples import draw_snapshot_samples
from stylesv.networks import Generator
from stylesv.scoring.clip_sources import SnapshotClips

SMALL = {"z_dim": 4, "w_dim": 8, "channel_base": 64, "channel_max": 8}
SMALL_MOTION = {"z_dim": 4, "v_dim": 4, "kernel_size": 3, "motion_z_distance": 16}


def write_snapshot(path: Path, root: Path, *, num_classes: int) -> Path:
    """A small generator on which labels and motion show."""
    values = yaml.safe_load((root / "config" / "config.yaml").read_text())["model"]["generator"]
    values |= {**SMALL, "motion": values["motion"] | SMALL_MOTION, "synthesis": values["synthesis"] | {"num_layers": 4}}
    settings = GeneratorSettings.model_validate_json(json.dumps(values))
    torch.manual_seed(0)
    generator = Generator(settings, resolution=16, class_dim=num_classes)
    generator.synthesis.fusion.motion_mask.data.fill_(1)
    made = snapshot(settings, resolution=16, class_dim=num_classes)
    write_networks(path, {"generator_ema": generator.state_dict()}, made)
    return path


@pytest.fixture
def networks(tmp_path, root) -> Path:
    return write_snapshot(tmp_path / "networks.safetensors", root, num_classes=3)


def test_classes_come_up_alike_and_depend_on_seed_and_clip_alone(networks):
    generator, _ = load_generator(networks)
    labels = draw_latents(generator, 0, clip_numbers=range(600), max_time=0.0).labels
    assert (
        labels.shape == (600, 3) and set(labels.unique().tolist()) == {0, 1} and set(labels.sum(dim=1).tolist()) == {1}
    )
    assert all(abs(count - 200) < 5 * np.sqrt(600 * 2 / 9) for count in Counter(labels.argmax(dim=1).tolist()).values())
    some = draw_latents(generator, 0, clip_numbers=[7, 500], max_time=90.0)
    assert torch.equal(some.labels, labels[[7, 500]])
    assert not torch.equal(draw_latents(generator, 1, clip_numbers=range(600), max_time=0.0).labels, labels)
    assert draw_latents(generator, 0, clip_numbers=[7], max_time=0.0, class_number=2).labels.tolist() == [[0, 0, 1]]


def test_a_class_changes_neither_content_nor_motion_noise(networks, root, tmp_path):
    generator, _ = load_generator(networks)
    plain, _ = load_generator(write_snapshot(tmp_path / "plain.safetensors", root, num_classes=0))
    ours, theirs = (draw_latents(g, 3, clip_numbers=[0, 5], max_time=40.0) for g in (generator, plain))
    assert torch.equal(ours.content, theirs.content) and torch.equal(ours.motion, theirs.motion)
    assert theirs.labels is None


def test_scored_clips_of_a_snapshot_with_classes_are_the_same_for_any_batch(networks):
    generator, _ = load_generator(networks)
    common = {"num_frames": 4, "frame_stride": 2, "start_time": 3, "seed": 0, "truncation": 1.0}
    clips = SnapshotClips(generator, count=10, clips_per_video=2, **common)
    whole = torch.cat(list(clips.batches(0, 10)))
    parts = torch.cat([batch for start in range(10) for batch in clips.batches(start, start + 1)])
    assert (whole.int() - parts.int()).abs().max() <= 1


def test_samples_are_drawn_of_a_snapshot_with_classes(networks, tmp_path):
    draw_snapshot_samples(networks, tmp_path / "samples.png")
    assert imread(tmp_path / "samples.png").std() > 0


def script(root: Path, networks: Path, out: Path, *options: str) -> subprocess.CompletedProcess:
    common = ("--networks", networks, "--out", out, "--frames", "2", "--save", "jpg", "--cpu-threads", "1")
    return run_here(root / "workflow_scripts" / "generate.py", *common, *options)


def pictures(folder: Path) -> np.ndarray:
    return np.stack([imread(path) for path in sorted(folder.glob("*.jpg"))])


@pytest.mark.slow
def test_generate_draws_a_class_for_each_video_or_takes_the_one_asked_for(networks, root, tmp_path):
    for out, options in {"drawn": (), "0": ("--class", "0"), "1": ("--class", "1"), "2": ("--class", "2")}.items():
        done = script(root, networks, tmp_path / out, "--num-videos", "4", *options)
        assert done.returncode == 0, done.stderr
    generator, _ = load_generator(networks)
    for number in range(4):
        films = [pictures(tmp_path / str(c) / f"{number:06d}") for c in range(3)]
        assert not np.array_equal(films[0], films[1]) and not np.array_equal(films[1], films[2])
        drawn = films[draw_class(generator, 0, number)]
        assert np.array_equal(pictures(tmp_path / "drawn" / f"{number:06d}"), drawn)


@pytest.mark.slow
def test_decomposition_is_of_one_class_so_that_rows_share_their_motion(networks, root, tmp_path):
    out = tmp_path / "films"
    done = script(root, networks, out, "--num-videos", "4", "--grid", "2x2", "--decomposition", "--seed", "1")
    assert done.returncode == 0, done.stderr
    generator, _ = load_generator(networks)
    options = {"max_time": 1.0, "class_number": draw_class(generator, 1, 0)}
    first, second = (draw_latents(generator, 1, clip_numbers=[n], **options) for n in (0, 1))
    latents = Latents(second.content, first.motion, second.labels)  # video 1: column 1, row 0
    (frames,) = synthesize(generator, latents, torch.arange(2.0))
    found = pictures(out / "000001").transpose(0, 3, 1, 2)
    assert np.abs(found.astype(int) - frames[0].numpy()).mean() < 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("num_classes", "words"), [(3, "--class 3: {} has classes 0 to 2"), (0, "--class 3: {} knows no classes; leave")]
)
def test_a_class_that_is_not_there_is_refused_in_one_line(root, tmp_path, num_classes, words):
    networks = write_snapshot(tmp_path / "networks.safetensors", root, num_classes=num_classes)
    done = script(root, networks, tmp_path / "films", "--class", "3")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert words.format(networks) in done.stderr and not (tmp_path / "films").exists()

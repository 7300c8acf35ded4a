"""Training on videos with classes: both networks see them, real and generated alike, and what is sampled depends on them."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from recipe_values import changed
from segment_run import TINY, Run, recipes_of

from stylesv.checkpoint import read_networks
from stylesv.data.packed import PackedClips
from stylesv.data.packing import pack_videos
from stylesv.errors import CheckpointError, ConfigError
from stylesv.generation.clips import load_generator
from stylesv.generation.latents import draw_latents
from stylesv.media.frame_files import write_frames
from stylesv.records.choice import Choice, write_choice
from stylesv.training.batches import RealClips
from stylesv.training.draws import StepDraws
from stylesv.training.state import TrainState
from stylesv.training.step import TrainingStep

LABELLED = {"data": {"packing": {"labels": "folders"}}}
CLASSES = ("dark", "dark", "dark", "light")
CHOSEN = {"run": "r", "kimg": 0, "metric": "rFID", "value": 1.5, "protocol": "rfid-0123abcd", "of_kimgs": (0,)}
CHOSEN |= {"moving_kimgs": None, "reason": "the lowest rFID of all snapshots"}


@pytest.fixture(scope="module")
def recipes() -> dict:
    return {name: changed(recipe, LABELLED) for name, recipe in recipes_of(TINY).items()}


@pytest.fixture(scope="module")
def data(tmp_path_factory, recipes) -> Path:
    """Three dark videos and a light one."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for number, name in enumerate(CLASSES):
        frames = rng.integers(0, 60, (12, 3, 16, 16)) + 180 * (name == "light")
        write_frames(folder / "videos" / name / f"v{number}", frames.astype(np.uint8), first_number=0)
    pack_videos(folder / "videos", folder / "packed", settings=recipes["D"].data.packing)
    return folder / "packed"


def step_of(recipe, data: Path) -> TrainingStep:
    packed = PackedClips(data)
    state = TrainState(recipe, torch.device("cpu"), class_counts=packed.index.class_counts)
    return TrainingStep(state, RealClips(packed, state.settings, 0))


def test_real_clips_come_with_their_class_and_generated_ones_have_classes_as_often(recipes, data):
    real = RealClips(PackedClips(data), recipes["D"].training, 0)
    batch = real.read(list(range(100)))
    light = batch.frames.float().mean(dim=(1, 2, 3, 4)) > 150
    assert torch.equal(batch.labels, torch.stack([~light, light], dim=1).float())
    drawn = real.generated_labels(list(range(400)))
    assert set(drawn.sum(dim=1).tolist()) == {1}
    assert abs(drawn[:, 1].mean().item() - 1 / 4) < 5 * np.sqrt(3 / 16 / 400)


@pytest.mark.parametrize("model", ["image", "D"])
def test_every_phase_gives_both_networks_the_labels(recipes, data, model):
    """Turning one label over changes the gradients of the layers that take labels, in each phase and network."""
    step = step_of(recipes[model], data)
    state, real = step.state, next(iter(step.draws.real.batches(0, 1, num_workers=0)))
    inputs = step.draws.of_generator("generator")
    assert torch.equal(inputs.labels, step.draws.real.generated_labels(list(range(20))))
    step(real)
    assert state.generator.mapping.embed.weight.grad.abs().sum() > 0, "the generator's phase, or the last one that ran"
    other = step_of(recipes[model], data)
    turned = dataclasses.replace(real, labels=1 - real.labels)
    other(turned)
    weights = [s.discriminator.mapping.embed.weight for s in (state, other.state)]
    assert not torch.equal(*weights), "real labels reach the discriminator"
    assert torch.equal(state.generator.mapping.embed.weight, other.state.generator.mapping.embed.weight), (
        "the generator's step comes first and sees no real clip"
    )


def test_generated_labels_reach_the_discriminator(recipes, data, monkeypatch):
    once, again = step_of(recipes["D"], data), step_of(recipes["D"], data)
    real = next(iter(once.draws.real.batches(0, 1, num_workers=0)))
    of_generator = StepDraws.of_generator
    once(real)

    def turned(self, purpose):
        inputs = of_generator(self, purpose)
        return dataclasses.replace(inputs, labels=1 - inputs.labels)

    monkeypatch.setattr(StepDraws, "of_generator", turned)
    again(real)
    for network in ("generator", "discriminator"):
        first, second = (getattr(s.state, network).mapping.embed.weight for s in (once, again))
        assert not torch.equal(first, second), network


@pytest.mark.slow
def test_a_run_with_classes_goes_the_whole_way(recipes, data, tmp_path):
    """Snapshots say what they know; finetuning takes all from its parent; films of a class are of it."""
    index = data / "index.json"
    image_recipe, video_recipe = (changed(recipes[m], {"training": {"batch_size": 100}}) for m in ("image", "D"))
    image = Run(tmp_path / "image", image_recipe, data)
    with pytest.raises(ConfigError, match="its videos have classes: give --data"):
        image.start()
    image.start(data=index).train(0, 1)
    write_choice(tmp_path / "image" / "best" / "c.json", Choice(networks="1/networks.safetensors", **CHOSEN))
    video = Run(tmp_path / "video", video_recipe, data).start(tmp_path / "image" / "best" / "c.json", data=index)
    video.train(0, 1)
    snapshot = read_networks(video.file(1, "networks.safetensors"))[1]
    assert (snapshot.class_dim, snapshot.class_counts) == (2, (3, 1))
    came_over = read_networks(video.file(0, "networks.safetensors"))[1].transfer
    assert not any("generator" in name for name in came_over.new)
    assert "discriminator.mapping.embed.weight" in came_over.new, "it takes time differences now, too"
    generator, _ = load_generator(video.file(1, "networks.safetensors"))
    labels = draw_latents(generator, 0, clip_numbers=range(600), max_time=0.0).labels
    assert abs(labels[:, 1].mean().item() - 1 / 4) < 5 * np.sqrt(3 / 16 / 600), "as often as in the data"


def test_a_parent_that_knows_other_classes_is_refused(recipes, data, tmp_path):
    plain = Run(tmp_path / "plain", recipes_of(TINY)["image"], data).start()
    write_choice(tmp_path / "best" / "c.json", Choice(networks=str(plain.file(0, "networks.safetensors")), **CHOSEN))
    with pytest.raises(CheckpointError, match="knows 0 classes, and the data here has 2; take another"):
        Run(tmp_path / "video", recipes["D"], data).start(tmp_path / "best" / "c.json", data=data / "index.json")

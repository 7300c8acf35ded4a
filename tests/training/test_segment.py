"""Training is a function of (recipe, data, seed): segments, workers and restarts change no byte."""

import json
import math
from pathlib import Path

import pytest
import torch
from recipe_values import changed
from segment_run import TINY, Run, make_clips, recipes_of
from small_snapshot import merged

from stylesv.checkpoint import read_networks, read_tensors, write_networks
from stylesv.errors import CheckpointError, StyleSVError
from stylesv.files import load_json
from stylesv.networks import Discriminator, Generator
from stylesv.records.choice import Choice, write_choice
from stylesv.records.recipe import TrainedRecipe, recipe_yaml
from stylesv.training import step as step_module
from stylesv.training.segment import initialize_run
from stylesv.training.state import NETWORKS, TrainState
from stylesv.training.transfer import transfer_networks

pytestmark = pytest.mark.slow

# ten steps a kimg; the target is one that so few reach
AUGMENTED = {"training": {"augment": {"mode": "adaptive", "rise_kclips": 0.1, "target_sign": -1}}}
FEW_STEPS = {
    **TINY,
    "model": {**TINY["model"], "training": {"batch_size": 100, "max_num_frames": 16}},
    "per_model": {**TINY["per_model"], "image": AUGMENTED},
}
CHOSEN = {"run": "r", "kimg": 2, "metric": "rFID", "value": 1.5, "protocol": "rfid-0123abcd", "of_kimgs": (2,)}
CHOSEN |= {"moving_kimgs": None, "reason": "the lowest rFID of all snapshots"}


@pytest.fixture(scope="module")
def recipes() -> dict:
    return recipes_of(FEW_STEPS)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return make_clips(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def image_run(tmp_path_factory, recipes, data) -> Run:
    return Run(tmp_path_factory.mktemp("image"), recipes["image"], data).start().train(0, 2)


def test_one_segment_equals_two_bit_for_bit(tmp_path, recipes, data, image_run):
    halves = Run(tmp_path, recipes["image"], data).start().train(0, 1).train(1, 2, num_workers=2)
    for name in ("networks.safetensors", "state.safetensors"):
        assert halves.file(2, name).read_bytes() == image_run.file(2, name).read_bytes()
    lines = [json.loads(line) for line in halves.file(2, "log.jsonl").read_text().splitlines()]
    clips = [line["clips_per_second"] * line["seconds"] for line in lines]
    assert clips == pytest.approx([100] * len(lines)), "each tick counts its own clips"


def test_training_moves_the_networks_the_average_and_the_augmentation(image_run):
    before, _ = read_networks(image_run.file(0, "networks.safetensors"))
    after, header = read_networks(image_run.file(2, "networks.safetensors"))
    for part in before:
        assert any(not torch.equal(before[part][name], after[part][name]) for name in before[part]), part
    assert (header.kimg, header.step) == (2, 20)
    assert read_tensors(image_run.file(2, "state.safetensors"))[1]["augment_probability"] > 0


def adam_steps(run: Run, kimg: int, network: str) -> set[float]:
    """How often Adam has stepped the parameters of a network."""
    tensors, _ = read_tensors(run.file(kimg, "state.safetensors"))
    prefix = f"{network}_optimizer."
    return {tensor.item() for name, tensor in tensors.items() if name.startswith(prefix) and name.endswith(".step")}


def test_adam_steps_every_parameter_for_every_loss(image_run):
    """Also the last bias, which R1 does not depend on: its moments go on as those of the others."""
    assert adam_steps(image_run, 2, "generator") == {20}
    assert adam_steps(image_run, 2, "discriminator") == {20 + 2}, "R1 at steps 0 and 16"


def test_the_log_has_a_line_a_tick_with_what_a_person_asks(image_run):
    lines = [json.loads(line) for line in image_run.file(2, "log.jsonl").read_text().splitlines()]
    assert [round(line["kimg"], 3) for line in lines] == pytest.approx([0.1 * n for n in range(1, 21)])
    wanted = {"loss_generator", "loss_discriminator", "r1_penalty", "clips_per_second", "wait_share", "logits_real"}
    assert wanted <= lines[0].keys()


def test_finetuning_starts_from_the_chosen_snapshot(tmp_path, recipes, data, image_run):
    choice = tmp_path / "best.json"
    networks = str(image_run.file(2, "networks.safetensors"))
    write_choice(choice, Choice(networks=networks, **CHOSEN))
    video = Run(tmp_path / "video", recipes["D"], data).start(choice)
    parts, header = read_networks(video.file(0, "networks.safetensors"))
    parent, _ = read_networks(image_run.file(2, "networks.safetensors"))
    assert torch.equal(parts["generator_ema"]["mapping.fc0.weight"], parent["generator_ema"]["mapping.fc0.weight"])
    last = "b4.out.weight"
    assert torch.equal(
        parts["discriminator"][last], parent["discriminator"][last].expand_as(parts["discriminator"][last])
    )
    assert header.transfer.repeated == (f"discriminator.{last}", "discriminator.b4.out.bias")
    assert all("time_encoder" in name or "mapping" in name for name in header.transfer.new)
    video.train(0, 1)
    trained, _ = read_networks(video.file(1, "networks.safetensors"))
    assert not torch.equal(
        trained["generator"]["synthesis.fusion.motion_mask"], parts["generator"]["synthesis.fusion.motion_mask"]
    )


def test_finetuning_may_start_from_the_last_snapshot(tmp_path, recipes, data, image_run):
    """Without a choice; what is given has to be what the recipe says."""
    from_last = {"parent_snapshot": "last", "length": {"total_kimg": 2, "segment_kimg": 1}}
    last = recipes_of(merged(FEW_STEPS, {"model": from_last}))["D"]
    (recipe := tmp_path / "recipe.yaml").write_text(recipe_yaml(last))
    networks = image_run.file(2, "networks.safetensors")
    made = {"networks_out": tmp_path / "n.safetensors", "state_out": tmp_path / "s.safetensors"}
    initialize_run(recipe, parent_networks=networks, **made)
    parts, header = read_networks(made["networks_out"])
    parent, _ = read_networks(networks)
    assert torch.equal(parts["generator_ema"]["mapping.fc0.weight"], parent["generator_ema"]["mapping.fc0.weight"])
    assert header.transfer.kimg == 2 and last.parent.by is None and last.parent.of_kimgs == (2,)
    for wrong in (
        {},
        {"parent_choice": tmp_path / "best.json"},
        {"parent_networks": networks, "parent_choice": recipe},
    ):
        with pytest.raises(
            CheckpointError, match=r"starts from the last snapshot of demo-image.*: give --parent-networks,"
        ):
            initialize_run(recipe, **wrong, **made)
    with pytest.raises(
        CheckpointError, match=r"is of kimg 0 of recipe .*; the recipe here starts from kimg 2 of demo-image"
    ):
        initialize_run(recipe, parent_networks=image_run.file(0, "networks.safetensors"), **made)
    other = Run(tmp_path / "other", changed(recipes["image"], {"seed": 5}), data).start().train(0, 2)
    with pytest.raises(
        CheckpointError, match=r"is of kimg 2 of recipe .*; the recipe here starts from kimg 2 of demo-image"
    ):
        initialize_run(recipe, parent_networks=other.file(2, "networks.safetensors"), **made)


@pytest.mark.parametrize(
    ("chosen", "said", "value"),
    [("parent", "taken from the parent, root mean square 0", 0.0), ("new", "started anew, root mean square 1", 1.0)],
)
def test_the_motion_mask_is_the_parents_or_starts_anew_and_the_log_says_which(recipes, chosen, said, value):
    """A parent's fixed mask of zeros would win over init_motion_mask ones without the setting."""
    parts = {
        part: getattr(TrainState(image_of(recipes, "zeros"), torch.device("cpu")), part).state_dict()
        for part in NETWORKS
    }
    child = changed(recipes["D"], {"generator": {"synthesis": {"init_motion_mask": "ones"}}})
    state = TrainState(child, torch.device("cpu"))
    report = transfer_networks(state, parts, motion_mask=chosen)
    assert f"motion mask: {said}" in report.lines()
    for part in ("generator", "generator_ema"):
        name = "synthesis.fusion.motion_mask"
        assert (getattr(state, part).state_dict()[name] == value).all()
        assert (f"{part}.{name}" in report.new) == (f"{part}.{name}" in report.left) == (chosen == "new")


def image_of(recipes: dict, mask: str) -> TrainedRecipe:
    return changed(recipes["image"], {"generator": {"synthesis": {"init_motion_mask": mask}}})


@pytest.mark.parametrize("part", ["generator", "generator_ema", "discriminator"])
def test_a_parent_whose_weights_are_not_finite_is_refused_by_name(tmp_path, recipes, data, image_run, part):
    parts, header = read_networks(image_run.file(2, "networks.safetensors"))
    name = next(name for name in parts[part] if name.endswith("weight"))
    parts[part][name][0] = math.inf
    write_networks(tmp_path / "networks.safetensors", parts, header)
    write_choice(tmp_path / "best" / "best.json", Choice(networks="networks.safetensors", **CHOSEN))
    run = Run(tmp_path / "video", recipes["D"], data)
    with pytest.raises(CheckpointError, match=rf"networks.safetensors: {part}\.{name} is not finite"):
        run.start(tmp_path / "best" / "best.json")
    assert not run.file(0, "networks.safetensors").exists()


def test_a_parent_of_another_width_is_refused_by_name(recipes):
    other = changed(recipes["image"], {"generator": {"w_dim": 16}})
    parts = {
        part: getattr(TrainState(other, torch.device("cpu")), part).state_dict()
        for part in ("generator", "generator_ema", "discriminator")
    }
    with pytest.raises(CheckpointError, match=r"generator\.\S+: shape .* must have the same resolution, widths"):
        transfer_networks(TrainState(recipes["image"], torch.device("cpu")), parts)


def with_classes(networks: Path, recipe: TrainedRecipe, num_classes: int) -> Path:
    """A snapshot of the recipe's networks, but built for classes."""
    generator = Generator(recipe.generator, resolution=16, class_dim=num_classes)
    parts, header = read_networks(networks)
    parts["generator"] = parts["generator_ema"] = generator.state_dict()
    write_networks(networks, parts, header.model_copy(update={"class_dim": num_classes}))
    return networks


def test_a_parent_that_depends_on_classes_is_refused_or_starts_anew_where_labels_came_in(tmp_path, recipes, data):
    parent = Run(tmp_path / "parent", recipes["image"], data).start()
    choice = tmp_path / "best.json"
    networks = with_classes(parent.file(0, "networks.safetensors"), recipes["image"], 5)
    write_choice(choice, Choice(networks=str(networks), **CHOSEN))
    child = Run(tmp_path / "child", recipes["D"], data)
    with pytest.raises(CheckpointError, match=r"knows 5 classes, and the data here has 0; take another"):
        child.start(choice)
    assert not child.file(0, "networks.safetensors").exists()
    anew = changed(recipes["D"], {"parent": {"mismatched": "new"}})
    header = read_networks(Run(tmp_path / "anew", anew, data).start(choice).file(0, "networks.safetensors"))[1]
    assert header.class_dim == 0
    assert "generator_ema.mapping.fc0.weight" in header.transfer.new
    assert "generator_ema.mapping.embed.weight" in header.transfer.left


def test_a_flipped_byte_in_a_state_is_found(tmp_path, recipes, data, image_run):
    run = Run(tmp_path, recipes["image"], data).start()
    state = run.file(0, "state.safetensors")
    content = bytearray(state.read_bytes())
    content[-100] ^= 1
    state.write_bytes(content)
    with pytest.raises(CheckpointError, match="does not match its SHA-256"):
        run.train(0, 1)
    assert not run.file(1, "networks.safetensors").exists()


def test_a_state_of_another_recipe_is_refused(tmp_path, recipes, data, image_run):
    run = Run(tmp_path, changed(recipes["image"], {"seed": 5}), data).start()
    run.file(0, "state.safetensors").write_bytes(image_run.file(0, "state.safetensors").read_bytes())
    with pytest.raises(CheckpointError, match="is of recipe"):
        run.train(0, 1)


def test_a_state_at_another_kimg_is_refused(tmp_path, recipes, data):
    run = Run(tmp_path, recipes["image"], data).start()
    (run.folder / "1").mkdir()
    run.file(0, "state.safetensors").rename(run.file(1, "state.safetensors"))
    with pytest.raises(CheckpointError, match="is the state at kimg 0, but --kimg begins at 1"):
        run.train(1, 2)


def test_a_loss_that_is_not_finite_stops_and_names_the_last_good_snapshot(tmp_path, recipes, data):
    exploding = changed(recipes["image"], {"training": {"generator_optimizer": {"lr": 1e30}}})
    run = Run(tmp_path, exploding, data).start()
    with pytest.raises(StyleSVError, match=r"training stopped at kimg .* the snapshot at kimg 0 is the last good one"):
        run.train(0, 1)
    assert not run.file(1, "networks.safetensors").exists()


def test_weights_that_the_last_step_makes_infinite_are_no_snapshot(tmp_path, recipes, data):
    """The step's loss is of the weights before it."""
    one_step = {"batch_size": 1000, "discriminator_optimizer": {"lr": 1e39}, "loss": {"r1_gamma": 0}}
    run = Run(tmp_path, changed(recipes["image"], {"training": one_step}), data).start()
    words = r"training stopped at kimg 1\.000: discriminator\..* is not finite \(.* numbers\); the snapshot at kimg 0 is the last"
    with pytest.raises(StyleSVError, match=words):
        run.train(0, 1)
    assert not run.file(1, "networks.safetensors").exists()


def test_a_number_of_the_log_that_is_not_finite_and_no_loss_is_null(tmp_path, recipes, data, monkeypatch):
    """Norms of float32 gradients that are finite may still sum to infinity."""
    whole = step_module._step_with

    def step_with(optimizer, gradients):
        norm, bad = whole(optimizer, gradients)
        return norm * math.inf, bad

    monkeypatch.setattr(step_module, "_step_with", step_with)
    run = Run(tmp_path, recipes["image"], data).start().train(0, 1, partial_every=0.0)
    text = run.file(1, "log.jsonl").read_text()
    lines = [load_json(line) for line in text.splitlines()]
    assert [line["gradient_norm_generator"] for line in lines] == [None] * 10
    assert all(math.isfinite(line["loss_generator"]) for line in lines)


def test_gradients_that_are_not_finite_are_counted_and_training_goes_on(tmp_path, recipes, data):
    steep = changed(recipes["image"], {"training": {"loss": {"r1_gamma": 1e38}}})
    run = Run(tmp_path, steep, data).start().train(0, 1)
    lines = [json.loads(line) for line in run.file(1, "log.jsonl").read_text().splitlines()]
    assert max(line.get("nonfinite_gradients_r1", 0) for line in lines) > 0
    assert all(math.isfinite(value) for line in lines for value in line.values() if isinstance(value, float))


def test_clips_of_equal_distances_have_a_discriminator_that_sees_one_of_them(tmp_path, data):
    sampling = {"training": {"frame_sampling": {"kind": "uniform", "max_distance": 4}}}
    recipe = changed(recipes_of({**FEW_STEPS, "per_model": {"D": sampling}})["D"], {"parent": None})
    run = Run(tmp_path, recipe, data).start().train(0, 1)
    state = TrainState(recipe, torch.device("cpu"))
    assert state.discriminator.time_encoder.num_differences == 1
    state.load(run.file(1, "state.safetensors"))
    parts, header = read_networks(run.file(1, "networks.safetensors"))
    facts = ("resolution", "num_frames", "max_num_frames", "class_dim", "uniform_times")
    read = Discriminator(header.discriminator, **{fact: getattr(header, fact) for fact in facts})
    read.load_state_dict(parts["discriminator"])
    frames, times = torch.rand(4, 3, 3, 16, 16) * 2 - 1, torch.tensor([0.0, 2.0, 4.0]).expand(4, -1)
    assert torch.equal(read(frames, times), state.discriminator(frames, times))
    # the distance of the first two frames decides, since all are equal
    assert torch.equal(read(frames, times), read(frames, times + torch.tensor([0.0, 0.0, 1.0])))
    assert not torch.equal(read(frames, times), read(frames, times * 2))


@pytest.mark.parametrize(
    "change",
    [
        {"loss": {"path_length": {"weight": 2.0}}},
        {"loss": {"style_mixing_probability": 0.9}},
        {"latent_interpolation": {"probability": 1.0}},
        {"augment": {"mode": "fixed", "probability": 0.5}},
        {"augment": {"mode": "linear", "probability": 0.5, "rise_kclips": 0.01}},
        {"mirror": True},
    ],
    ids=["path length", "style mixing", "moving content", "fixed augmentation", "linear augmentation", "mirror"],
)
def test_every_option_of_training_trains(tmp_path, data, change, image_run):
    recipe = recipes_of({**FEW_STEPS, "per_model": {"image": {"training": change}}})["image"]
    run = Run(tmp_path, recipe, data).start().train(0, 1)
    parts, _ = read_networks(run.file(1, "networks.safetensors"))
    plain, _ = read_networks(image_run.file(0, "networks.safetensors"))
    assert not torch.equal(parts["generator"]["mapping.fc0.weight"], plain["generator"]["mapping.fc0.weight"])
    assert len(adam_steps(run, 1, "generator")) == 1, "each loss steps every parameter"

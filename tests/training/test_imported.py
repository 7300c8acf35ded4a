"""Imported checkpoints: what is refused, with which words, and what a user sees."""

import os
import pickle

import numpy as np
import pytest
import torch
from PIL import Image
from script_here import run_here

from stylesv.checkpoint import read_networks
from stylesv.checkpoint.published_snapshot import PublishedNetwork, PublishedSnapshot
from stylesv.errors import CheckpointError
from stylesv.generation.clips import load_generator
from stylesv.generation.samples import draw_snapshot_samples
from stylesv.networks import Generator
from stylesv.networks.published import generator_from_published
from stylesv.training import imported
from stylesv.training.imported import import_checkpoint, translate_networks

SAMPLING = {"num_frames_per_video": 3, "max_num_frames": 64, "type": "random"}
OPTIONS = {
    **{"fuse_w": "concat", "learnable_motion_mask": True, "init_motion_mask": "zeros", "low_rank": -1, "freezesyn": 0},
    **{"z_dim": 4, "freezemap": False, "bspline": False, "bs_emb": False, "offset": 0, "sampling": SAMPLING},
    "motion": {
        "z_dim": 5,
        "v_dim": 6,
        "motion_z_distance": 16,
        "gen_strategy": "conv",
        "kernel_size": 3,
        "fourier": True,
    },
    "time_enc": {"dim": 8, "min_period_len": 16, "max_period_len": 64},
}
ARGUMENTS = {
    **{"w_dim": 12, "c_dim": 0, "img_resolution": 16, "img_channels": 3, "mapping_kwargs": {}},
    "synthesis_kwargs": {"channel_base": 64, "channel_max": 16, "num_layers": 4},
}
TO_PUBLISHED = (
    ("synthesis.layers.", "synthesis."),
    ("synthesis.fusion.", "synthesis."),
    ("motion_encoder.anchor_codes.", "motion_encoder."),
)


def published_name(name):
    for ours, theirs in TO_PUBLISHED:
        name = name.replace(ours, theirs)
    return name


@pytest.fixture
def network():
    settings, arguments = generator_from_published(OPTIONS, ARGUMENTS)
    generator = Generator(settings, **arguments)
    tensors = {published_name(name): tensor for name, tensor in generator.state_dict().items()}
    return generator, PublishedNetwork(OPTIONS, ARGUMENTS, tensors)


def test_an_imported_generator_is_loaded_as_any_snapshot_and_makes_the_same_frames(tmp_path, network, monkeypatch):
    generator, published = network
    pickled = tmp_path / "published.pkl"
    pickled.write_bytes(b"content")
    monkeypatch.setattr(imported, "read_snapshot", lambda path: PublishedSnapshot({"G_ema": published}, 250_400))
    facts = import_checkpoint(pickled, tmp_path / "networks.safetensors")
    parts, header = read_networks(tmp_path / "networks.safetensors")
    assert set(parts) == {"generator_ema"}
    assert header.kimg == facts.kimg == 250
    assert header.origin.file == "published.pkl" and header.origin.frames_shown == 250_400
    loaded = load_generator(tmp_path / "networks.safetensors")[0].cpu()
    z, times = torch.randn(2, 4), torch.tensor([[0.0, 20.5], [3.0, 40.0]])
    noise = torch.randn(2, generator.motion_noise_length(40.0), 5)
    assert torch.equal(loaded(z, times, noise), generator(z, times, noise))


def test_a_checkpoint_with_classes_is_imported_and_sampled(tmp_path, monkeypatch):
    arguments = ARGUMENTS | {"c_dim": 4}
    settings, ours = generator_from_published(OPTIONS, arguments)
    tensors = {published_name(name): tensor for name, tensor in Generator(settings, **ours).state_dict().items()}
    published = PublishedSnapshot({"G_ema": PublishedNetwork(OPTIONS, arguments, tensors)}, 0)
    monkeypatch.setattr(imported, "read_snapshot", lambda path: published)
    pickled = tmp_path / "published.pkl"
    pickled.write_bytes(b"content")
    assert import_checkpoint(pickled, tmp_path / "networks.safetensors").class_dim == 4
    draw_snapshot_samples(tmp_path / "networks.safetensors", tmp_path / "samples.png")
    assert np.asarray(Image.open(tmp_path / "samples.png")).std() > 0


def test_importing_leaves_the_global_random_numbers_alone(network):
    torch.manual_seed(3)
    expected = torch.randn(2)
    torch.manual_seed(3)
    translate_networks({"G_ema": network[1]})
    assert torch.equal(torch.randn(2), expected)


def test_weights_that_do_not_fit_the_options_are_named(network):
    _, published = network
    missing = dict(published.tensors)
    missing.pop("mapping.fc0.weight")
    wrong = published.tensors | {"mapping.fc0.bias": torch.zeros(13)}
    for tensors, words in ((missing, "mapping.fc0.weight"), (wrong, r"mapping.fc0.bias.*\[13\].*\[12\]")):
        broken = PublishedNetwork(OPTIONS, ARGUMENTS, tensors)
        with pytest.raises(CheckpointError, match=f"weights of G_ema do not fit its options.*{words}") as refusal:
            translate_networks({"G_ema": broken})
        assert "\n" not in str(refusal.value)


def test_weights_that_are_not_finite_are_refused_by_name(tmp_path, network, monkeypatch):
    _, published = network
    tensors = published.tensors | {"mapping.fc0.bias": torch.full((12,), float("nan"))}
    broken = PublishedNetwork(OPTIONS, ARGUMENTS, tensors)
    monkeypatch.setattr(imported, "read_snapshot", lambda path: PublishedSnapshot({"G_ema": broken}, 0))
    pickled = tmp_path / "published.pkl"
    pickled.write_bytes(b"content")
    with pytest.raises(CheckpointError, match=r"published\.pkl: generator_ema\.mapping\.fc0\.bias is not finite"):
        import_checkpoint(pickled, tmp_path / "networks.safetensors")
    assert not (tmp_path / "networks.safetensors").exists()


def test_options_without_counterpart_are_refused_by_name_and_file(tmp_path, network, monkeypatch):
    _, published = network
    unknown = PublishedNetwork(OPTIONS, ARGUMENTS | {"sparkle": 3}, published.tensors)
    monkeypatch.setattr(imported, "read_snapshot", lambda path: PublishedSnapshot({"G_ema": unknown}, 0))
    pickled = tmp_path / "published.pkl"
    pickled.write_bytes(b"content")
    with pytest.raises(CheckpointError, match=r"published\.pkl: .*sparkle \(3\) has no counterpart"):
        import_checkpoint(pickled, tmp_path / "networks.safetensors")
    assert not (tmp_path / "networks.safetensors").exists()


def test_a_file_of_another_hash_is_refused_before_it_is_read(tmp_path):
    pickled = tmp_path / "published.pkl"
    pickled.write_bytes(b"content")
    with pytest.raises(CheckpointError, match=r"has SHA-256 ed7002b439e9.*, expected 00ff; fetch it again"):
        import_checkpoint(pickled, tmp_path / "networks.safetensors", sha256="00FF")


class _Runs:
    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


def test_the_command_refuses_a_hostile_pickle_in_one_line_and_exits_2(tmp_path, root):
    pickled, marker = tmp_path / "hostile.pkl", tmp_path / "marker"
    pickled.write_bytes(pickle.dumps({"G_ema": _Runs(f"touch {marker}")}))
    script = root / "workflow_scripts" / "import_checkpoint.py"
    done = run_here(script, "--pickle", pickled, "--networks-out", tmp_path / "networks.safetensors")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"{os.system.__module__}.system" in done.stderr and str(pickled) in done.stderr
    assert not marker.exists() and not (tmp_path / "networks.safetensors").exists()

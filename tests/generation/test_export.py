"""The exported generator gives the same frames where this package is not, for any number of clips and frames."""

import os
import re
import subprocess
import sys
import venv
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
import torch
import yaml
from own_process import printed_by
from small_disk import files_up_to
from small_snapshot import merged, write_snapshot

from stylesv.config.model import GeneratorSettings
from stylesv.errors import ConfigError
from stylesv.generation.clips import load_generator
from stylesv.generation.export import ExportedCall, export_generator, write_exported
from stylesv.networks import Generator
from stylesv.ops.backend import using_operations

SMALL = {
    **{"z_dim": 7, "w_dim": 12, "channel_base": 256, "channel_max": 16},
    "motion": {"z_dim": 5, "v_dim": 6, "motion_z_distance": 8, "kernel_size": 3},
}
ELSEWHERE = """
import sys, warnings
warnings.simplefilter("ignore")
import importlib.util, torch
assert importlib.util.find_spec("stylesv") is None, "this is no bare environment"
file, inputs, out = sys.argv[1:]
if file.endswith(".pt2"):
    generator = torch.export.load(file).module()
else:
    generator = torch.jit.load(file)
with torch.no_grad():
    torch.save([generator(*each) for each in torch.load(inputs)], out)
assert not any(name.split(".")[0] == "stylesv" for name in sys.modules)
"""


def closure(name: str, found: dict[str, object]) -> dict[str, object]:
    """A distribution and all that it needs here."""
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in found:
        return found
    try:
        found[key] = distribution(name)
    except PackageNotFoundError:  # needed on other systems
        return found
    for line in found[key].requires or []:
        if "extra ==" not in line:
            closure(re.match(r"[A-Za-z0-9._-]+", line)[0], found)
    return found


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory) -> Path:
    """The Python of a fresh environment that holds torch and what it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, symlinks=True, with_pip=False)
    site = next(folder.glob("lib/python*/site-packages"))
    needed = closure("numpy", closure("torch", {}))
    assert "torch" in needed and "stylesv" not in needed
    for each in needed.values():
        for top in {Path(file).parts[0] for file in each.files or [] if not Path(file).parts[0].startswith("..")}:
            if not (site / top).exists():
                os.symlink(each.locate_file(top), site / top)
    return folder / "bin" / "python"


def inputs_of(generator, clips, frames, last=40.0):
    draws = torch.Generator().manual_seed(clips)
    anchors = generator.motion_noise_length(last)
    inputs = [
        torch.randn(clips, generator.z_dim, generator=draws),
        torch.randn(clips, anchors, generator.motion_noise_dim, generator=draws),
        torch.rand(clips, frames, generator=draws) * last,
    ]
    if generator.class_dim:
        inputs.append(torch.eye(generator.class_dim)[[1] * clips])
    return tuple(inputs)


@torch.no_grad()
@pytest.mark.parametrize("suffix", [pytest.param(".pt2", marks=pytest.mark.long), ".pt"])
def test_frames_are_the_same_where_torch_is_alone(root, tmp_path, bare_python, suffix):
    networks = write_snapshot(tmp_path / "networks.safetensors", root)
    generator, _ = load_generator(networks)
    exported = tmp_path / f"generator{suffix}"
    script = root / "workflow_scripts" / "export_generator.py"
    command = [sys.executable, script, "--networks", networks, "--out", exported]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0 and "motion_noise: (clips, anchors, 5)" in done.stdout, done.stderr
    anchors = generator.motion_noise_length(15)
    assert (
        f"z (1, 7), motion_noise (1, {anchors}, 5), times (1, 16) from 0 to 15; frames (1, 16, 3, 32, 32)"
        in done.stdout
    )
    inputs = [inputs_of(generator, *sizes) for sizes in ((1, 1), (2, 7), (3, 4))]
    torch.save(inputs, tmp_path / "inputs.pt")
    command = [bare_python, "-I", "-c", ELSEWHERE, exported, tmp_path / "inputs.pt", tmp_path / "frames.pt"]
    ran = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    for found, given in zip(torch.load(tmp_path / "frames.pt"), inputs, strict=True):
        expected = ExportedCall(generator, 1.0)(*given)
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-4)
        assert expected.std() > 0.01


def model_generator(root, name, class_dim=0):
    """A small generator of one of the models."""
    base = yaml.safe_load((root / "config" / "config.yaml").read_text())["model"]["generator"]
    changes = yaml.safe_load((root / "config" / "models" / f"{name}.yaml").read_text())["model"].get("generator", {})
    values = merged(merged(base, changes), SMALL)
    if values["synthesis"] is not None:
        values["synthesis"] |= {"num_layers": 3, "margin_size": 4, "init_motion_mask": "ones"}
    torch.manual_seed(0)
    generator = Generator(GeneratorSettings.model_validate(values), resolution=32, class_dim=class_dim)
    for parameter_name, parameter in generator.named_parameters():
        if parameter_name.endswith("low_rank_gain"):
            parameter.data.fill_(0.5)
    return generator.eval().requires_grad_(False)


MODELS = [("A", 0), ("B", 0), ("C", 0), ("D", 0), ("D", 3), ("E", 0), ("E-lowrank", 0)]
OFTEN = (("D", 3), ("E-lowrank", 0))


@torch.no_grad()
def largest_difference(generator, exported):
    """Of frames of an exported generator from those of the readable definitions."""
    found = []
    for sizes in ((1, 1), (2, 5)):
        given = inputs_of(generator, *sizes)
        with using_operations("definition"):
            expected = ExportedCall(generator, 1.0)(*given)
        assert expected.shape == exported(*given).shape and expected.std() > 0.001
        found.append(float((exported(*given) - expected).abs().max()))
    return max(found)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "class_dim"), [pytest.param(*each, marks=() if each in OFTEN else pytest.mark.long) for each in MODELS]
)
def test_every_model_is_exported(root, tmp_path, name, class_dim):
    generator = model_generator(root, name, class_dim)
    write_exported(generator, tmp_path / "generator.pt2", "pt2")
    assert largest_difference(generator, torch.export.load(tmp_path / "generator.pt2").module()) < 1e-4


TRACED = """
import sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
from test_export import MODELS, largest_difference, model_generator, torch, write_exported
for name, class_dim in MODELS:
    generator = model_generator(Path(sys.argv[1]), name, class_dim)
    write_exported(generator, Path(sys.argv[2]), "torchscript")
    print(name, class_dim, largest_difference(generator, torch.jit.load(sys.argv[2])))
"""


@pytest.mark.long
def test_every_model_is_traced(root, tmp_path):
    paths = os.pathsep.join(map(str, (root, root / "tests", root / "tests" / "generation")))
    # apart: sizes are tensors while TorchScript traces, which annotations that are checked would refuse
    lines = printed_by(TRACED, root, tmp_path / "generator.pt", PYTHONPATH=paths).splitlines()
    assert [tuple(line.split()[:2]) for line in lines] == [(name, str(classes)) for name, classes in MODELS]
    assert all(float(line.split()[2]) < 1e-4 for line in lines), lines


def test_another_ending_is_refused(root, tmp_path):
    networks = write_snapshot(tmp_path / "networks.safetensors", root)
    with pytest.raises(ConfigError, match=r"\.pt2"):
        export_generator(networks, tmp_path / "generator.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["networks.safetensors"]


@pytest.mark.long
def test_where_no_file_may_be_so_large_it_is_one_line_and_nothing_is_left(root, tmp_path):
    networks, out = write_snapshot(tmp_path / "networks.safetensors", root), tmp_path / "out" / "generator.pt2"
    script = root / "workflow_scripts" / "export_generator.py"
    command = [sys.executable, str(script), "--networks", str(networks), "--out", str(out)]
    with files_up_to(100_000):  # for its children, too; apart, because torch may end the process
        refused = subprocess.run(command, capture_output=True, text=True)
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1
    assert refused.stderr.startswith(f"error: {out}: could not be written (File too large; ")
    assert list(out.parent.iterdir()) == []

"""Programs that compute with networks do so with as many threads as they are told."""

import subprocess
import sys
from pathlib import Path

import pytest

TOLD = """
import os, runpy, sys, types

def set_num_threads(number):
    print(number, os.environ.get("OMP_WAIT_POLICY"))
    sys.exit()

sys.modules["torch"] = torch = types.ModuleType("torch")  # nothing else of it is there yet
torch.set_num_threads = set_num_threads
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
RUN = """
import os, runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    import torch
    print(torch.get_num_threads(), os.environ.get("OMP_WAIT_POLICY"))
"""
MISSING = {
    "initialize_networks": ("--recipe", "missing", "--networks-out", "n", "--state-out", "s"),
    "import_checkpoint": ("--pickle", "missing", "--networks-out", "n"),
    "edit": ("--networks", "missing", "--content", "0", "--out", "film.mp4"),
    "export_generator": ("--networks", "missing", "--out", "generator.pt2"),
    "find_directions": ("--networks", "missing", "--components", "1", "--out", "directions.safetensors"),
    "generate": ("--networks", "missing", "--out", "films"),
    "generate_clips": (
        *("--choice", "missing", "--look", "l", "--film", "f", "--animation", "a"),
        *("--decomposition", "d", "--decomposition-animation", "e", "--shown", "s"),
    ),
    "show_real_clips": (*("--data", "missing", "--look", "l", "--film", "f", "--animation", "a", "--shown", "s"),),
    "score": ("--reference", "missing", "--generated", "missing", "--protocol", "rfvd_16f", "--out", "s"),
    "score_snapshot": (
        *("--networks", "missing", "--reference", "r", "--protocol", "p", "--run", "r", "--dataset", "d"),
        *("--model", "m", "--seed", "0", "--kimg", "0"),
        *("--shards", "s", "--out", "o"),
    ),
    "measure_reference": ("--data", "missing", "--protocol", "{}", "--shards", "s", "--out", "o"),
    "measure_floor": ("--reference", "missing", "--protocol", "p", "--out", "o"),
    "measure_speed": ("--recipe", "missing", "--run", "r", "--model", "m", "--out", "o"),
    "draw_nearest": ("--networks", "missing", "--data", "d", "--protocol", "p", "--out", "o"),
    "check_reference": (
        "--data",
        "missing",
        "--statistics",
        "missing.npz",
        "--protocol",
        "rfvd_16f",
        "--detector",
        "random-i3d",
    ),
    "train_segment": (
        *("--recipe", "missing", "--data", "d", "--networks-out", "n", "--state-out", "s"),
        *("--log", "l", "--kimg", "0:1"),
    ),
    "invert": ("--networks", "missing", "--generated", "0", "--out", "codes"),
    "profile_networks": ("--networks", "missing"),
}


def test_every_program_that_uses_networks_is_known_here(root):
    rooms = ("stylesv.generation", "stylesv.scoring", "stylesv.training")
    scripts = {path.stem: path.read_text() for path in (root / "workflow_scripts").glob("*.py")}
    using = {name for name, text in scripts.items() if any(name in text for name in rooms)}
    assert using == MISSING.keys()


def said_by(program: str, root: Path, folder: Path, name: str) -> tuple[list[str], str]:
    """The last line that a program prints, told to work on something that is missing, and its errors."""
    script = str(root / "workflow_scripts" / f"{name}.py")
    command = [sys.executable, "-c", program, script, *MISSING[name], "--cpu-threads", "3"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    return done.stdout.splitlines()[-1:], done.stderr


@pytest.mark.parametrize("name", MISSING)
def test_a_program_sets_the_threads_it_is_told_before_it_uses_torch_for_anything_else(root, tmp_path, name):
    said, errors = said_by(TOLD, root, tmp_path, name)
    assert said == ["3 PASSIVE"], errors


@pytest.mark.slow
def test_torch_computes_with_as_many_threads(root, tmp_path):
    """It notices what is missing once it has set them."""
    said, errors = said_by(RUN, root, tmp_path, "score_snapshot")
    assert said == ["3 PASSIVE"], errors

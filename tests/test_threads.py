"""Programs that compute with networks do so with as many threads as they are told."""

import subprocess
import sys

import pytest

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
}


def test_every_program_that_uses_networks_is_known_here(root):
    rooms = ("stylesv.generation", "stylesv.scoring", "stylesv.training")
    scripts = {path.stem: path.read_text() for path in (root / "workflow_scripts").glob("*.py")}
    using = {name for name, text in scripts.items() if any(name in text for name in rooms)}
    assert using == MISSING.keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", MISSING)
def test_a_program_computes_with_the_threads_it_is_told(root, tmp_path, name):
    """Told to work on something that is missing, which it notices once it has set them."""
    script = str(root / "workflow_scripts" / f"{name}.py")
    command = [sys.executable, "-c", RUN, script, *MISSING[name], "--cpu-threads", "3"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.stdout.splitlines()[-1:] == ["3 PASSIVE"], done.stderr

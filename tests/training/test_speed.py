"""What a plan of cost is made from: a few steps of a recipe on this machine."""

import pytest
import torch

from stylesv.records.recipe import recipe_yaml
from stylesv.records.speed import read_measured_speed, write_measured_speed
from stylesv.training.segment import initialize_run
from stylesv.training.speed import measure_speed
from stylesv.workflow.plan import load_plan

pytestmark = pytest.mark.slow


def test_a_few_steps_say_how_long_training_takes_and_how_large_its_files_are(root, tmp_path):
    run = next(run for run in load_plan(root / "config").experiments["paper_toy"].runs if run.model == "B")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(recipe_yaml(run.recipe))
    found = measure_speed(recipe, run=run.name, model="B")
    write_measured_speed(tmp_path / "speed.json", found)
    assert read_measured_speed(tmp_path / "speed.json") == found
    assert (found.model, found.resolution, found.clips) == ("B", 32, 32)
    assert found.gpus == int(torch.cuda.is_available())
    assert found.seconds_per_kimg > 0 and found.start_seconds > 0
    initialize_run(
        recipe, parent_choice=None, networks_out=tmp_path / "n.safetensors", state_out=tmp_path / "s.safetensors"
    )
    assert (tmp_path / "n.safetensors").stat().st_size / 1e6 == pytest.approx(found.snapshot_mb, rel=0.15), (
        "and a header"
    )
    assert 2 * found.snapshot_mb < found.state_mb < 3 * found.snapshot_mb, "two moments of all but the average"

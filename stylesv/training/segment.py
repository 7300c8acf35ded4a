"""One job of a run: from the state at one snapshot to the state at the next, and the initialisation before the first.

The state after step s is a function of (recipe, data, s): where segments begin and end changes nothing but the names of
files.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from stylesv.checkpoint import read_networks
from stylesv.config.recipe import read_recipe
from stylesv.data.packed import PackedClips
from stylesv.errors import CheckpointError, StyleSVError
from stylesv.files import read_header, write_text
from stylesv.ops import active_backend
from stylesv.training.batches import RealClips
from stylesv.training.log import SegmentLog
from stylesv.training.progress import Progress
from stylesv.training.state import TrainState
from stylesv.training.step import TrainingStep
from stylesv.training.transfer import transfer_networks


@dataclass(frozen=True)
class SegmentFiles:
    """What a segment reads and writes."""

    recipe: Path
    data: Path
    state: Path | None
    networks_out: Path
    state_out: Path
    log: Path


def training_device() -> torch.device:
    """A GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def initialize_run(recipe: Path, *, parent_choice: Path | None, networks_out: Path, state_out: Path) -> list[str]:
    """Write snapshot 0 of a run; returns what was done, in lines for the log.

    Raises:
        CheckpointError: the recipe names a parent and no choice is given, or the chosen snapshot cannot be used.
    """
    values = read_recipe(recipe)
    state = TrainState(values, torch.device("cpu"))
    parent = values["parent"]
    if (parent is None) != (parent_choice is None):
        wanted = (
            "names no parent, so give no --parent-choice"
            if parent is None
            else f"starts from {parent['run']}: give --parent-choice"
        )
        raise CheckpointError(f"{recipe}: the recipe {wanted}")
    lines, transfer = [f"recipe {state.key}: fresh networks"], None
    if parent_choice is not None:
        chosen = json.loads(parent_choice.read_text())
        parts, header = read_networks(Path(chosen["networks"]))
        report = transfer_networks(state, parts)
        transfer = {"run": parent["run"], "kimg": header["kimg"], **report.as_dict()}
        lines = [f"recipe {state.key}: from {chosen['networks']} (kimg {header['kimg']})", *report.lines()]
    state.save_networks(networks_out, 0, transfer=transfer)
    state.save(state_out, 0)
    return lines


def run_segment(
    files: SegmentFiles, kimg: tuple[int, int], progress: Progress, *, num_workers: int, tick_kimg: float
) -> None:
    """Train from kimg[0] to kimg[1] and write the snapshot, the state and the log.

    Raises:
        CheckpointError: the state is missing, damaged, of another recipe, or not at kimg[0].
        StyleSVError: the loss is not finite, or a file cannot be written.
    """
    first_kimg, last_kimg = kimg
    state = TrainState(read_recipe(files.recipe), training_device())
    _load_start(state, files, first_kimg)
    real = RealClips(PackedClips(files.data), state.settings, state.recipe["seed"])
    name, reason = active_backend(state.device)
    progress.message(f"operations on {state.device}: {name} ({reason}); torch {torch.__version__}")
    log = SegmentLog(state, tick_kimg)
    training_step = TrainingStep(state, real)
    first_step, last_step = state.step, state.step_at(last_kimg)
    for batch in real.batches(first_step, last_step, num_workers=num_workers):
        log.batch_ready()
        losses = training_step(batch)
        log.add(losses)
        progress.update(
            state.step * state.frames_per_step / 1000, (state.step - first_step) * state.settings.batch_size
        )
        if log.tick_due() or state.step == last_step:
            _check_finite(log.close_tick(), files, first_kimg)
    progress.close()
    files.networks_out.parent.mkdir(parents=True, exist_ok=True)
    write_text(files.log, log.text())
    state.save_networks(files.networks_out, last_kimg)
    state.save(files.state_out, last_kimg)


def _load_start(state: TrainState, files: SegmentFiles, first_kimg: int) -> None:
    if files.state is None:
        if first_kimg != 0:
            raise CheckpointError(
                f"--kimg {first_kimg}:...: a segment that does not begin at 0 needs --state, the state at "
                f"kimg {first_kimg}"
            )
        return
    kimg = read_header(files.state).get("kimg")
    if kimg != first_kimg:
        raise CheckpointError(f"{files.state}: is the state at kimg {kimg}, but --kimg begins at {first_kimg}")
    state.load(files.state)


def _check_finite(tick: dict[str, Any], files: SegmentFiles, first_kimg: int) -> None:
    bad = [name for name, value in tick.items() if isinstance(value, float) and not math.isfinite(value)]
    if bad:
        raise StyleSVError(
            f"{files.networks_out}: training stopped at kimg {tick['kimg']:.3f}: {bad[0]} is {tick[bad[0]]}; the snapshot at "
            f"kimg {first_kimg} is the last good one; lower the learning rates or raise loss.r1_gamma"
        )

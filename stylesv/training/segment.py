"""One job of a run: from the state at one snapshot to the state at the next, and the initialisation before the first.

The state after step s is a function of (recipe, data, s): where segments begin and end, and how often one was interrupted,
changes nothing but the names of files.
"""

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch

from stylesv.checkpoint import first_not_finite, read_networks, require_finite_networks
from stylesv.data.packed import PackedClips
from stylesv.distributed.processes import is_first_process, joined_processes
from stylesv.errors import CheckpointError, ConfigError, InterruptionError, MachineError, StyleSVError
from stylesv.files import write_text
from stylesv.ops import active_backend
from stylesv.progress import Progress
from stylesv.records.choice import read_choice
from stylesv.records.packed_index import read_packed_index
from stylesv.records.recipe import ParentRecipe, read_trained_recipe
from stylesv.records.snapshot import Snapshot, read_snapshot_header
from stylesv.records.state import read_state_header
from stylesv.training.batches import RealClips
from stylesv.training.interruption import Interruption
from stylesv.training.log import SegmentLog
from stylesv.training.partial import (
    LIVE_LOG,
    LIVE_SAMPLES,
    IfRunning,
    PartialStates,
    holding,
    keep_finished,
    take_finished,
)
from stylesv.training.state import HALF_DTYPES, NETWORKS, TrainState, allow_tf32
from stylesv.training.step import TrainingStep
from stylesv.training.transfer import transfer_networks

DrawSamples = Callable[[torch.nn.Module, Path], None]
"""Draws a few clips of a generator into a PNG."""


@dataclass(frozen=True)
class SegmentFiles:
    """What a segment reads and writes; `partial` is the folder of its partial states, if it is to keep any."""

    recipe: Path
    data: Path
    state: Path | None
    networks_out: Path
    state_out: Path
    log: Path
    partial: Path | None = None

    @property
    def outputs(self) -> dict[str, Path]:
        """What it writes, by what it is."""
        return {"networks": self.networks_out, "state": self.state_out, "log": self.log}


@dataclass(frozen=True)
class MachineOptions:
    """How a segment is computed; none of it decides the result."""

    num_workers: int
    tick_kimg: float
    partial_every: float
    """Minutes between partial states."""
    accumulation: int = 1
    if_running: IfRunning = "refuse"
    draw_samples: DrawSamples | None = None
    """Draws what a person may look at while the segment runs, beside each partial state."""


def initialize_run(
    recipe: Path,
    *,
    data: Path | None = None,
    parent_choice: Path | None = None,
    parent_networks: Path | None = None,
    networks_out: Path,
    state_out: Path,
) -> list[str]:
    """Write snapshot 0 of a run; returns what was done, in lines for the log.

    `data`: index of the packed clips, which says how many classes there are; needed where the recipe says there are any.
    `parent_choice` or `parent_networks`: the choice of the parent's best snapshot, or its last one, as the recipe says.

    Raises:
        ConfigError: the data is needed and not given.
        CheckpointError: what is given is not what the recipe says, or the parent's snapshot cannot be used.
    """
    known = read_trained_recipe(recipe)
    class_counts: tuple[int, ...] = ()
    if known.data.packing.labels is not None:
        if data is None:
            raise ConfigError(f"{recipe}: its videos have classes: give --data, the index.json of the packed clips")
        class_counts = read_packed_index(data).class_counts
    state = TrainState(known, torch.device("cpu"), class_counts=class_counts)
    parent = state.recipe.parent
    given = {"--parent-choice": parent_choice, "--parent-networks": parent_networks}
    wanted = parent and {"best": "--parent-choice", "last": "--parent-networks"}[parent.snapshot]
    if {name for name, path in given.items() if path} != ({wanted} if wanted else set()):
        what = f"names no parent: give no {' and no '.join(given)}"
        if parent is not None:
            (other,) = given.keys() - {wanted}
            what = f"starts from the {parent.snapshot} snapshot of {parent.run}: give {wanted}, and no {other}"
        raise CheckpointError(f"{recipe}: the recipe {what}")
    lines, transfer = [f"recipe {state.key}: fresh networks"], None
    if parent is not None:
        networks = parent_networks
        if parent_choice is not None:
            networks = parent_choice.parent.parent / read_choice(parent_choice).networks
        parts, snapshot = read_networks(networks)
        require_finite_networks(networks, parts)
        if parent.snapshot == "last":
            _require_last(networks, snapshot, parent)
        if snapshot.class_dim != len(class_counts) and parent.mismatched == "fail":
            raise CheckpointError(
                f"{networks}: knows {snapshot.class_dim} classes, and the data here has {len(class_counts)}; take another "
                "parent, or set model.mismatched to new: the layers that take a label then start anew"
            )
        report = transfer_networks(state, parts, mismatched=parent.mismatched, motion_mask=parent.motion_mask)
        transfer = report.record(run=parent.run, kimg=snapshot.kimg)
        lines = [f"recipe {state.key}: from {networks} (kimg {snapshot.kimg})", *report.lines()]
    state.save_networks(networks_out, 0, transfer=transfer)
    state.save(state_out, 0)
    return lines


def _require_last(networks: Path, snapshot: Snapshot, parent: ParentRecipe) -> None:
    """A choice names its run and snapshot; a snapshot that is given by itself says which it is."""
    (kimg,) = parent.of_kimgs
    of_run = snapshot.recipe_key is None or parent.run.endswith(snapshot.recipe_key)
    if snapshot.kimg != kimg or not of_run:
        raise CheckpointError(
            f"{networks}: is of kimg {snapshot.kimg} of recipe {snapshot.recipe_key}; the recipe here starts from kimg {kimg} of "
            f"{parent.run}: give that one's networks"
        )


def run_segment(
    files: SegmentFiles,
    kimg: tuple[int, int],
    progress: Progress,
    options: MachineOptions,
    interruption: Interruption,
) -> None:
    """Train from kimg[0] to kimg[1] and write the snapshot, the state and the log. Every process of the run calls it.

    Raises:
        CheckpointError: the state is missing, damaged, of another recipe, or not at kimg[0].
        InterruptionError: a signal came; the partial state is written.
        StyleSVError: a loss or a weight is not finite, a file cannot be written, or another process trains the same.
    """
    folder = files.partial if is_first_process() else None
    with holding(folder, progress, interruption, if_running=options.if_running):
        with joined_processes() as (processes, device):
            if processes.from_first(processes.is_first and _is_finished(files, kimg[1])):
                progress.message(f"{files.networks_out}: was finished before, of this recipe; nothing to do")
            else:
                recipe, packed = read_trained_recipe(files.recipe), PackedClips(files.data)
                state = TrainState(recipe, device, processes, class_counts=packed.index.class_counts)
                _train(state, packed, files, kimg, progress, options, interruption)
        if folder is not None:
            keep_finished(folder, files.outputs)


def _train(
    state: TrainState,
    packed: PackedClips,
    files: SegmentFiles,
    kimg: tuple[int, int],
    progress: Progress,
    options: MachineOptions,
    interruption: Interruption,
) -> None:
    allow_tf32(state.settings.allow_tf32)
    live = None if files.partial is None else files.partial / LIVE_LOG
    log = SegmentLog(state, tick_kimg=options.tick_kimg, live=live)
    partial = PartialStates(files.partial, state, log, progress, every_minutes=options.partial_every)
    first_step, last_step = state.step_at(kimg[0]), state.step_at(kimg[1])
    state.step = first_step
    restored = partial.restore(last_step)
    if restored is None:
        _load_start(state, files, kimg[0])
    else:
        progress.message(f"going on from {restored}, step {state.step}")
    real = RealClips(packed, state.settings, state.recipe.seed)
    step = TrainingStep(state, real, accumulation=options.accumulation)
    _announce(progress, state)
    log.begin_live()
    log.start_clock()
    for batch in real.batches(state.step, last_step, num_workers=options.num_workers, places=step.places):
        log.batch_ready()
        log.add(step(batch))
        progress.update(state.kimg, (state.step - first_step) * state.settings.batch_size)
        if log.tick_due() or state.step == last_step:
            _check_finite(log.close_tick(), state.kimg, files, kimg[0])
        asked = [float(interruption.name is not None), float(partial.due())]
        stops, due = state.processes.average_numbers(asked)
        if stops or due:
            _check_finite(log.means_so_far(), state.kimg, files, kimg[0])
            kept = partial.save()
            if stops:
                raise _interrupted(interruption.name, state, files, kept)
            _draw_samples(state, files, options)
            log.start_waiting()
    progress.close()
    # the last step's loss is of the weights before it
    if found := first_not_finite({part: getattr(state, part).state_dict() for part in NETWORKS}):
        raise _stopped(files, kimg[1], found, kimg[0])
    if state.processes.is_first:
        write_text(files.log, log.text())
        state.save_networks(files.networks_out, kimg[1])
    state.save(files.state_out, kimg[1])
    state.processes.wait_for_all()


def _draw_samples(state: TrainState, files: SegmentFiles, options: MachineOptions) -> None:
    if options.draw_samples is not None and state.processes.is_first:
        with suppress(MachineError):  # a full disk is no reason to stop
            options.draw_samples(state.generator_ema, files.partial / LIVE_SAMPLES)


def _announce(progress: Progress, state: TrainState) -> None:
    name, reason = active_backend(state.device)
    half = str(state.half_dtype).removeprefix("torch.")
    precision = f"highest resolutions in {half}"
    if state.half_dtype != HALF_DTYPES[state.settings.precision]:
        precision += f" (the recipe's {state.settings.precision} is for GPUs)"
    progress.message(
        f"operations on {state.device}: {name} ({reason}); {precision}; {state.processes.world_size} processes; "
        f"torch {torch.__version__}"
    )


def _interrupted(signal: str | None, state: TrainState, files: SegmentFiles, kept: bool) -> InterruptionError:
    where = f"{files.networks_out}: {signal or 'a signal to another process'} at step {state.step}"
    if kept:
        return InterruptionError(f"{where}: the partial state is in {files.partial}; start again to go on from there")
    return InterruptionError(f"{where}: its state was not kept; the next start goes on from the newest kept before")


def _is_finished(files: SegmentFiles, last_kimg: int) -> bool:
    """Whether snapshot and state are there already, of this recipe, or come back: another process made them."""
    key = read_trained_recipe(files.recipe).key
    try:
        found = (read_snapshot_header(files.networks_out), read_state_header(files.state_out))
        if files.log.exists() and all((each.recipe_key, each.kimg) == (key, last_kimg) for each in found):
            return True
    except CheckpointError:
        pass
    return files.partial is not None and take_finished(files.partial, files.outputs, recipe_key=key, kimg=last_kimg)


def _load_start(state: TrainState, files: SegmentFiles, first_kimg: int) -> None:
    if files.state is None:
        if first_kimg != 0:
            raise CheckpointError(
                f"--kimg {first_kimg}:...: a segment that does not begin at 0 needs --state, the state at "
                f"kimg {first_kimg}"
            )
        return
    kimg = read_state_header(files.state).kimg
    if kimg != first_kimg:
        raise CheckpointError(f"{files.state}: is the state at kimg {kimg}, but --kimg begins at {first_kimg}")
    state.load(files.state)


def _check_finite(means: dict[str, float], kimg: float, files: SegmentFiles, first_kimg: int) -> None:
    """Check the losses of a tick. Other numbers may be infinite: a norm of finite gradients, say."""
    for name, value in means.items():
        if name.startswith("loss_") and not math.isfinite(value):
            raise _stopped(files, kimg, f"{name} is {value}", first_kimg)


def _stopped(files: SegmentFiles, kimg: int | float, reason: str, first_kimg: int) -> StyleSVError:
    return StyleSVError(
        f"{files.networks_out}: training stopped at kimg {kimg:.3f}: {reason}; the snapshot at kimg {first_kimg} is the "
        "last good one; lower the learning rates or raise loss.r1_gamma"
    )

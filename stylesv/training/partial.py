"""What survives a kill inside a segment: partial states in a folder of their own, held by one process at a time.

The folder is no output of the workflow, which deletes outputs of a failed job. A partial state is named after its step;
the last two are kept, so that a damaged one costs minutes. The state after a step is a function of (recipe, data, step):
it does not matter which start, on which machine, wrote it.
"""

import json
import os
import re
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from stylesv.checkpoint import read_tensors
from stylesv.errors import CheckpointError, InterruptionError, StyleSVError
from stylesv.files import canonical_json, write_text
from stylesv.progress import Progress
from stylesv.records.snapshot import snapshot_of
from stylesv.records.state import state_of
from stylesv.training.interruption import Interruption
from stylesv.training.log import SegmentLog
from stylesv.training.state import TrainState

KEPT = 2
FINISHED = "finished"
LIVE_LOG, LIVE_SAMPLES = "log.jsonl", "samples.png"
"""What a person may watch while a segment runs."""
IfRunning = Literal["refuse", "wait"]


class PartialStates:
    """The partial states of one segment of one run."""

    def __init__(
        self, folder: Path | None, state: TrainState, log: SegmentLog, progress: Progress, *, every_minutes: float
    ):
        """`folder` None: nothing is kept, and an interruption costs the segment."""
        self.folder, self.state, self.log, self.progress = folder, state, log, progress
        self.every_seconds = every_minutes * 60
        self.written_at = time.monotonic()

    def due(self) -> bool:
        """Whether the next one is due."""
        return self.folder is not None and time.monotonic() - self.written_at >= self.every_seconds

    def save(self) -> bool:
        """Write one and drop the oldest; whether it could be written: a full disk is told, and training goes on.

        Every process must call it.
        """
        if self.folder is None:
            return False
        self.written_at = time.monotonic()
        step, kept = self.state.step, True
        try:
            self.state.save(self.folder / f"{step}.safetensors", self.state.kimg, log=self.log.saved())
        except StyleSVError as error:
            self.progress.message(f"no partial state at step {step}: {error}")
            kept = False
        if kept and self.state.processes.is_first:
            for path in self._newest_first()[KEPT:]:
                path.unlink(missing_ok=True)
        return self.state.processes.from_first(kept)

    def restore(self, last_step: int) -> Path | None:
        """Go on from the newest one after the state's step, at most `last_step`, whose content is whole, if there is one.

        Every process must call it.

        Raises:
            CheckpointError: one is of another recipe.
        """
        processes = self.state.processes
        # what one process sees of a shared disk, another may not yet see
        newest = processes.from_first(self._newest_whole(last_step) if processes.is_first else None)
        if newest is not None:
            self.log.restore(self.state.load(newest).log, newest)
        return newest

    def _newest_whole(self, last_step: int) -> Path | None:
        for path in self._newest_first():
            if not self.state.step < int(path.stem) <= last_step:
                continue
            try:
                key = state_of(read_tensors(path)[1], path).recipe_key
                if key == self.state.key:
                    return path
            except CheckpointError as error:
                self.progress.message(f"{error}; the one before is tried")
                continue
            raise CheckpointError(
                f"{path}: is of recipe {key}, but this run's recipe is {self.state.key}; delete {self.folder} or give "
                "another --partial"
            )
        return None

    def _newest_first(self) -> list[Path]:
        if self.folder is None:
            return []
        numbered = [path for path in self.folder.glob("*.safetensors") if re.fullmatch("[0-9]+", path.stem)]
        return sorted(numbered, key=lambda path: int(path.stem), reverse=True)


def keep_finished(folder: Path, outputs: Mapping[str, Path]) -> None:
    """The segment is done: second names of its files take the place of its partial states, and of earlier segments' ones.

    A Snakemake that was killed while the segment went on, and is told to make again what it did not see finished, deletes
    outputs before it starts their job. From here they come back (`take_finished`). Links cost no space while the outputs are
    there, and go with the end of the next segment.
    """
    kept = folder / FINISHED
    try:
        kept.mkdir(exist_ok=True)
        for role, path in outputs.items():
            _link(path, kept / role)
    except OSError:  # a file system without links: an interruption costs the segment, as it would without this
        shutil.rmtree(kept, ignore_errors=True)
    # not before: a kill in between costs nothing
    for path in [*folder.glob("*.safetensors"), folder / LIVE_LOG, folder / LIVE_SAMPLES]:
        path.unlink(missing_ok=True)
    if re.fullmatch("[0-9]+", folder.name):
        for other in folder.parent.glob(f"*/{FINISHED}"):
            if re.fullmatch("[0-9]+", other.parent.name) and int(other.parent.name) < int(folder.name):
                shutil.rmtree(other.parent, ignore_errors=True)


def take_finished(folder: Path, outputs: Mapping[str, Path], *, recipe_key: str, kimg: int) -> bool:
    """Give the outputs of a segment that was finished before their names again; whether it was."""
    kept = {role: folder / FINISHED / role for role in outputs}
    if not all(path.exists() for path in kept.values()):
        return False
    try:
        snapshot, state = (
            read(read_tensors(kept[role])[1], kept[role])
            for role, read in (("networks", snapshot_of), ("state", state_of))
        )
    except CheckpointError:
        return False
    if any((each.recipe_key, each.kimg) != (recipe_key, kimg) for each in (snapshot, state)):
        return False
    for role, path in outputs.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        _link(kept[role], path)
    return True


def _link(old: Path, new: Path) -> None:
    """Another name of a file, in place of what had that name."""
    beside = new.with_name(f".{new.name}.{os.getpid()}.link")
    beside.unlink(missing_ok=True)
    os.link(old, beside)
    os.replace(beside, new)
    beside.unlink(missing_ok=True)  # it is still there if both were names of one file


@contextmanager
def holding(
    folder: Path | None, progress: Progress, interruption: Interruption, *, if_running: IfRunning
) -> Iterator[None]:
    """Be the only process that trains into `folder`; the system frees it when a process dies.

    Raises:
        StyleSVError: another process holds it and `if_running` is `refuse`.
        InterruptionError: a signal came while it was waited for.
    """
    if folder is None:
        yield
        return
    told = False
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "lock")
        try:
            lock.acquire(timeout=0)
            break
        except FileNotFoundError:
            continue  # the other process finished and took the folder away
        except NotImplementedError:
            progress.message(f"{folder}: this file system has no locks; do not train the same run twice at once")
            break
        except Timeout as error:
            if if_running == "refuse":
                raise StyleSVError(
                    f"{folder}: {_owner(folder)} is training this; wait for it, or end it, then start again"
                ) from error
            if not told:
                progress.message(f"{folder}: {_owner(folder)} is training this; waiting for it")
                told = True
            time.sleep(1)
            if interruption.name is not None:
                raise InterruptionError(f"{folder}: {interruption.name} while waiting for another process") from error
    try:
        with suppress(StyleSVError):  # a full disk
            write_text(folder / "owner.json", canonical_json(_this_process()))
        yield
    finally:
        (folder / "owner.json").unlink(missing_ok=True)
        lock.release()


def _this_process() -> dict[str, Any]:
    return {"host": socket.gethostname(), "pid": os.getpid(), "slurm_job": os.environ.get("SLURM_JOB_ID")}


def _owner(folder: Path) -> str:
    try:
        owner = json.loads((folder / "owner.json").read_text())
    except (OSError, ValueError):
        return "another process"
    job = f", Slurm job {owner['slurm_job']}" if owner["slurm_job"] else ""
    return f"process {owner['pid']} on {owner['host']}{job}"

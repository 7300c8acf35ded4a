"""Training logs as TensorBoard events."""

import os
import re
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from stylesv.errors import ConfigError, DataError, StyleSVError, printable
from stylesv.files import remove_files
from stylesv.records.log_line import LogLine, read_log, segment_logs

EVENTS = r"events\.out\.tfevents\..*|\.snakemake_timestamp"
"""What a folder of events holds: TensorBoard's files, and Snakemake's mark where a rule has made it. A regular expression."""
GROUPS = {
    "loss": "losses",
    "gradient": "gradients",
    "nonfinite": "gradients",
    "logits": "discriminator",
    "r1": "discriminator",
    "augment": "discriminator",
}
"""First word of a number's name, and the group of curves that it is shown in; the others are of the machine."""


def export_tensorboard(logs: Sequence[Path], out: Path) -> int:
    """Write the numbers of one run's `log.jsonl` files, in their order, as events into `out`; returns how many.

    The horizontal axis counts frames shown to the discriminator; the time of an event is how long training took up to it.

    Raises:
        StyleSVError: TensorBoard is not installed, or a log cannot be read.
        ConfigError: `out` holds something else than events.
    """
    _require_own(out)
    lines = read_log(logs)
    partial = out.with_name(f".{out.name}.partial")
    _empty(partial)
    events = _Events(partial)
    count = events.add(lines)
    events.close()
    remove_files(out, EVENTS)
    os.replace(partial, out)
    return count


def follow_runs(
    runs: Path,
    out: Path,
    *,
    seconds: float,
    goes_on: Callable[[], bool] = lambda: True,
    tell: Callable[[str], object] = print,
) -> None:
    """Write the logs of all runs below `runs` as events into `out`, a folder a run, and go on as they grow.

    Each call begins new folders of events: what TensorBoard has read of a file, it does not read again. `tell` is given a
    sentence about a log that is damaged, once; the others are followed.

    Raises:
        StyleSVError: TensorBoard is not installed.
        ConfigError: a folder of `out` holds something else than events.
    """
    writers: dict[str, _Events] = {}
    told: set[str] = set()
    try:
        while True:
            more = goes_on()
            for run in sorted({path.parents[1] for path in runs.glob("*/[0-9]*/log.jsonl")} | _at_work(runs)):
                if run.name not in writers:
                    _empty(out / run.name)
                    writers[run.name] = _Events(out / run.name)
                lines, damaged = _lines_so_far(run)
                writers[run.name].add(lines)
                for message in damaged - told:
                    tell(f"{message}; what else there is of it is followed")
                told |= damaged
            if not more:
                return
            time.sleep(seconds)
    finally:
        for events in writers.values():
            events.close()


def _require_own(folder: Path) -> None:
    """Stop before a folder is emptied that holds something else than events."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise ConfigError(f"{folder}: is a {'link' if folder.is_symlink() else 'file'}; give a folder")
    others = (
        [entry.name for entry in folder.iterdir() if not re.fullmatch(EVENTS, entry.name)] if folder.exists() else []
    )
    if others:
        raise ConfigError(
            f"{folder}: holds {printable(others[0])}, which is no file of TensorBoard's; give a folder of its own"
        )


def _empty(folder: Path) -> None:
    _require_own(folder)
    remove_files(folder, EVENTS)


def _at_work(runs: Path) -> set[Path]:
    return {path.parents[2] for path in runs.glob("*/partial/*/log.jsonl")}


def _lines_so_far(run: Path) -> tuple[list[LogLine], set[str]]:
    """Lines of finished segments, then of the one at work, in the order of training; and what is wrong with logs."""
    lines: list[LogLine] = []
    damaged = set()
    finished, live = (segment_logs(run, pattern) for pattern in ("*/log.jsonl", "partial/*/log.jsonl"))
    for path in [*finished, *live]:
        try:
            lines += [line for line in read_log([path]) if not lines or line.step > lines[-1].step]
        except DataError as error:
            if path not in live:  # a line may be half-written just now, or the segment is finished by now
                damaged.add(str(error))
    return lines, damaged


class _Events:
    """The events of one run."""

    def __init__(self, folder: Path):
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise StyleSVError(f"TensorBoard is not installed ({error}); pip install -e '.[tensorboard]'") from error
        self.writer = SummaryWriter(str(folder))
        self.step, self.seconds = 0, 0.0

    def add(self, lines: Iterable[LogLine]) -> int:
        """Write the lines that are newer than those written before; returns how many numbers they have."""
        count = 0
        for line in lines:
            if line.step <= self.step:
                continue
            self.step = line.step
            self.seconds += line.seconds or 0.0
            for name, value in line.curves.items():
                group = GROUPS.get(name.split("_")[0], "machine")
                tag = f"{group}/{name}"
                self.writer.add_scalar(tag, value, round(line.kimg * 1000), walltime=self.seconds)
                count += 1
        self.writer.flush()
        return count

    def close(self) -> None:
        self.writer.close()

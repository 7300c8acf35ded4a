"""Where every run stands, from the files that it has: also of a run that is being trained just now."""

import json
import os
import re
import socket
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from stylesv.errors import DataError, StyleSVError
from stylesv.metrics.choice import choose_best
from stylesv.records.experiment import read_experiment
from stylesv.records.log_line import LogLine, read_log, segment_logs
from stylesv.records.recipe import TrainedRecipe, read_recipe
from stylesv.records.score import Score, read_score
from stylesv.report.score_row import format_number
from stylesv.slurm import SlurmJob, my_slurm_jobs
from stylesv.workflow import paths
from stylesv.workflow.given_networks import snapshots_of

HEADER = ("run", "kimg", "of", "clips/s", "left", "loss G", "loss D", "best so far", "now")
NO_VALUE = "–"
OWNER = "owner.json"


@dataclass(frozen=True)
class RunStatus:
    """Where a run stands; None is what is not known."""

    name: str
    kimg: float
    """Thousands of frames shown so far, those of a segment at work included."""
    planned_kimg: int | None
    clips_per_second: float | None
    """Of the last tick; None where nothing trains."""
    seconds_left: float | None
    """To the planned end, at that speed."""
    loss_generator: float | None
    loss_discriminator: float | None
    best: str | None
    """The best score so far by the rule that chooses snapshots, of the first protocol by name."""
    now: str
    """What happens with it just now, in words."""

    @property
    def cells(self) -> tuple[str, ...]:
        """As a line of a table under HEADER."""
        return (
            self.name,
            f"{self.kimg:.4g}",
            NO_VALUE if self.planned_kimg is None else str(self.planned_kimg),
            _number(self.clips_per_second, ".1f"),
            NO_VALUE if self.seconds_left is None else clock(self.seconds_left),
            _number(self.loss_generator, ".2f"),
            _number(self.loss_discriminator, ".2f"),
            self.best or NO_VALUE,
            self.now,
        )


def run_statuses(
    root: Path, planned: Mapping[str, int], jobs: Sequence[SlurmJob] | None = (), *, also: Collection[str] = ()
) -> list[RunStatus]:
    """The status of every run below `root`, the folder that holds `results`, and of runs in `also` that have not begun.

    `planned`: kimg at the end of runs that are planned; `jobs`: those of this user's that Slurm has; None: it does not
    answer. A file that cannot be read is said in the run's line, and hides no other run.
    """
    found = begun_runs(root)
    names = [*(name for name in planned if name in found), *sorted(found - set(planned))]
    waiting = [name for name in planned if name in also and name not in found]
    statuses = [_status(root, name, planned.get(name), jobs) for name in names]
    return statuses + [
        RunStatus(name, 0.0, planned[name], None, None, None, None, None, "not begun") for name in waiting
    ]


def begun_runs(root: Path) -> set[str]:
    """Names of the runs that have a folder."""
    return {path.parent.name for path in root.glob(paths.RECIPE.format(run="*"))}


def called_kimgs(root: Path) -> dict[str, int]:
    """kimg at the end of the runs that calls were for; of several, what the record says that was made last.

    The plan of the settings files does not know runs of a call's own videos or settings, and a run's recipe has no length.
    """
    kimgs: dict[str, int] = {}
    records = list(root.glob(paths.EXPERIMENT.format(experiment="*", key="*")))
    for path in sorted(records, key=lambda path: path.stat().st_mtime):
        with suppress(StyleSVError):  # a damaged one is said when the page is made
            for run in read_experiment(path).runs:
                kimgs[run.name] = max(snapshot.kimg for snapshot in run.snapshots)
    return kimgs


def slurm_jobs(root: Path) -> list[SlurmJob] | None:
    """This user's jobs from the folder `root`; None where there is no Slurm, or it does not answer."""
    if (jobs := my_slurm_jobs()) is None:
        return None
    here = Path(os.path.realpath(root))  # below the folder of the call where a module has a prefix
    return [job for job in jobs if here.is_relative_to(os.path.realpath(job.folder))]


def explain_jobs(jobs: Sequence[SlurmJob]) -> str:
    """How many jobs of each state and kind there are, such as `Slurm: 2 running (train_segment 2), 1 pending (pack_videos 1)`."""
    if not jobs:
        return "Slurm: no jobs"
    parts = []
    for state, count in Counter(job.state for job in jobs).most_common():
        kinds = Counter(_rule_of(job) for job in jobs if job.state == state)
        parts.append(f"{count} {state.lower()} ({', '.join(f'{kind} {n}' for kind, n in kinds.most_common())})")
    return f"Slurm: {', '.join(parts)}"


def format_statuses(statuses: Sequence[RunStatus]) -> str:
    """A table for a terminal."""
    lines = [HEADER, *(status.cells for status in statuses)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def clock(seconds: float) -> str:
    """`3 d 4 h`, `2 h 5 min`, `3 min` or `20 s`."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days:.0f} d {hours % 24:.0f} h"
    if hours:
        return f"{hours:.0f} h {minutes % 60:.0f} min"
    return f"{minutes:.0f} min" if minutes else f"{seconds:.0f} s"


def _status(root: Path, name: str, target: int | None, jobs: Sequence[SlurmJob] | None) -> RunStatus:
    run = root / paths.RUN.format(run=name)
    done = list(snapshots_of(run))
    at_work = [path for path in run.glob(f"partial/*/{OWNER}") if re.fullmatch("[0-9]+", path.parent.name)]
    owned = sorted(at_work, key=lambda path: int(path.parent.name), reverse=True)
    holder = None if not owned else _holder(owned[0], jobs)
    trouble = None
    try:
        line = _last_line(run, done)
        best = _best(run)
    except StyleSVError as error:
        line, best, trouble = None, None, str(error)
    kimg = float(max([line.kimg if line else 0, *done]))
    speed = left = None
    if line is not None and holder is not None:
        speed = line.clips_per_second
        left = _seconds_left(run, line, target)
    return RunStatus(
        name=name,
        kimg=kimg,
        planned_kimg=target,
        clips_per_second=speed,
        seconds_left=left,
        loss_generator=line.means.get("loss_generator") if line else None,
        loss_discriminator=line.means.get("loss_discriminator") if line else None,
        best=best,
        now=trouble or holder or _resting(done, target, bool(owned)),
    )


def _resting(done: Sequence[int], target: int | None, left_behind: bool) -> str:
    if target is not None and done and done[-1] >= target:
        return "trained"
    return "stopped in a segment: the next call goes on" if left_behind else "waits"


def _holder(owner: Path, jobs: Sequence[SlurmJob] | None) -> str | None:
    """Who trains the run, in words; None where that process is no more."""
    try:
        who = json.loads(owner.read_text("utf-8"))
        host, pid, job = who["host"], int(who["pid"]), who["slurm_job"]
    except (OSError, ValueError, KeyError, TypeError):
        return None  # gone since, or half-written
    if job is not None and jobs is None:
        return f"trains: Slurm job {job} on {host}, as far as can be told without squeue"
    if job is not None:
        state = next((found.state for found in jobs if found.number == job), None)
        return None if state is None else f"trains: Slurm job {job} on {host}, {state.lower()}"
    if host != socket.gethostname():
        return f"trains: process {pid} on {host}, as far as can be told from here"
    return f"trains: process {pid}" if _is_alive(pid) else None


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True  # another user's
    except OSError:
        return False
    return True


def _last_line(run: Path, done: Sequence[int]) -> LogLine | None:
    """The last line of the segment at work, else of the last one that was finished."""
    live = segment_logs(run, "partial/*/log.jsonl")[::-1]
    finished = [run / str(kimg) / "log.jsonl" for kimg in reversed(done) if kimg]
    for path in [*live, *finished]:
        try:
            if lines := read_log([path]):
                return lines[-1]
        except DataError:
            if path not in live:  # a line may be half-written just now
                raise
    return None


def _seconds_left(run: Path, line: LogLine, target: int | None) -> float | None:
    if target is None or not line.clips_per_second:
        return None
    recipe = read_recipe(run / "recipe.yaml")
    frames = recipe.training.num_frames if isinstance(recipe, TrainedRecipe) else 1
    return max(target - line.kimg, 0) * 1000 / (line.clips_per_second * frames)


def _best(run: Path) -> str | None:
    scores: dict[str, list[Score]] = {}
    for path in sorted(run.glob("*/scores/*.json")):
        score = read_score(path)
        scores.setdefault(score.protocol.id, []).append(score)
    if not scores:
        return None
    best = choose_best(scores[min(scores)])
    return f"{best.metric} {format_number(best.value)} at {best.kimg}"


def _rule_of(job: SlurmJob) -> str:
    """Snakemake's comment of a job is `rule_NAME_wildcards_...`, or what a group of jobs is called."""
    return job.what.removeprefix("rule_").split("_wildcards_")[0] or "other"


def _number(value: float | None, form: str) -> str:
    return NO_VALUE if value is None else format(value, form)

"""What an experiment's jobs cost, planned from speeds, and what they took by Snakemake's benchmarks."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from stylesv.errors import DataError, cannot_be_read
from stylesv.records.speed import MeasuredSpeed, Speed, speed_of
from stylesv.records.table_plan import PlannedStage, TablePlan


@dataclass(frozen=True)
class Taken:
    """What jobs took, as Snakemake measured them."""

    jobs: int = 0
    seconds: float = 0.0
    peak_mb: float = 0.0
    """Most memory of one of them, MiB."""

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(self.jobs + other.jobs, self.seconds + other.seconds, max(self.peak_mb, other.peak_mb))


@dataclass(frozen=True)
class Planned:
    """What jobs are planned to take; `assumption` says from what, and is empty where nothing is known."""

    seconds: float | None
    gpus: int
    assumption: str


@dataclass(frozen=True)
class Speeds:
    """All that a plan is made from."""

    table: tuple[Speed, ...]
    measured: tuple[MeasuredSpeed, ...]
    """Of this machine, a few steps of a model each."""
    own: dict[tuple[str, str, str, int], tuple[Taken, int]] = field(default_factory=dict)
    """Of this machine's finished jobs by stage, model, protocol and resolution: what they took, and their kimg."""

    @property
    def start_seconds(self) -> float:
        """What a job needs before it does anything."""
        here = [speed.start_seconds for speed in self.measured]
        if here:
            return median(here)
        known = speed_of(self.table, "start", "", 0)
        return known.amount if known else 0.0

    @property
    def slowness(self) -> float:
        """How much longer this machine takes to start a job than the one of the table; 1 where nothing is known."""
        known = speed_of(self.table, "start", "", 0)
        return self.start_seconds / known.amount if known and self.measured else 1.0

    def plan(self, stage: PlannedStage) -> Planned:
        """What a stage is planned to take: by its own finished jobs, by steps measured here, or by the table."""
        return self._by_own(stage) or self._by_steps(stage) or self._by_table(stage)

    def file_mb(self, kind: str, stage: PlannedStage) -> float | None:
        """Size of a snapshot or state of a stage's model, megabytes; None where nobody knows."""
        here = _step_of(self.measured, stage)
        if here is not None:
            return {"snapshot": here.snapshot_mb, "state": here.state_mb}[kind]
        known = speed_of(self.table, kind, stage.model, stage.resolution)
        return known.amount if known else None

    def _by_own(self, stage: PlannedStage) -> Planned | None:
        taken, kimg = self.own.get(_kind(stage), (Taken(), 0))
        if not taken.jobs or (stage.kimg and not kimg):
            return None
        each = taken.seconds / (kimg if stage.kimg else taken.jobs)
        unit = "s/kimg" if stage.kimg else "s/job"
        text = f"{each:.3g} {unit}: {taken.jobs} finished jobs of this machine"
        here, known = self._steps_of(stage), self._of_table(stage)
        gpus = here.gpus if here else known.gpus if known else 0
        if known and not here and gpus:  # benchmarks do not say
            text += f", taken to have the table's {gpus} GPUs"
        return Planned(each * (stage.kimg or stage.jobs), gpus, text)

    def _by_steps(self, stage: PlannedStage) -> Planned | None:
        here = self._steps_of(stage)
        if here is None:
            return None
        text = f"{here.seconds_per_kimg:.3g} s/kimg: a few steps of {here.clips} clips on {here.device}"
        seconds = here.seconds_per_kimg * stage.kimg + self.start_seconds * stage.jobs
        return Planned(seconds, here.gpus, f"{text}, and {self.start_seconds:.3g} s a job to start")

    def _by_table(self, stage: PlannedStage) -> Planned:
        known = self._of_table(stage)
        if known is None:
            return Planned(None, 0, "")
        text = f"{known.amount:,g} {known.unit}: {known.kind}, {known.machine} ({known.source})"
        seconds = known.amount * (stage.kimg if known.unit == "s/kimg" else stage.jobs)
        if known.gpus == 0 and self.measured:
            seconds *= self.slowness
            text += f", times {self.slowness:.2g}, as this machine takes to start a job"
        return Planned(seconds, known.gpus, text)

    def _steps_of(self, stage: PlannedStage) -> MeasuredSpeed | None:
        """The steps that were measured here of what a stage trains."""
        return _step_of(self.measured, stage) if stage.stage == "train_segment" else None

    def _of_table(self, stage: PlannedStage) -> Speed | None:
        """The table's line of a stage: of a model where it trains, else of a protocol."""
        return speed_of(self.table, stage.stage, stage.model if stage.kimg else stage.name, stage.resolution)


def read_own(plan: TablePlan, benchmarks: Path) -> list[Taken]:
    """What the jobs of each stage took so far, in the order of the plan's stages.

    Raises:
        DataError: a benchmark cannot be read.
    """
    return [sum((read_benchmark(file) for file in _files(stage, benchmarks)), Taken()) for stage in plan.stages]


def own_speeds(plan: TablePlan, taken: Sequence[Taken]) -> dict[tuple[str, str, str, int], tuple[Taken, int]]:
    """Finished jobs of all data sets by stage, model, protocol and resolution, with the kimg that they trained."""
    joined: dict[tuple[str, str, str, int], tuple[Taken, int]] = {}
    for stage, found in zip(plan.stages, taken, strict=True):
        if found.jobs:
            before, kimg = joined.get(_kind(stage), (Taken(), 0))
            joined[_kind(stage)] = (before + found, kimg + round(stage.kimg * found.jobs / stage.jobs))
    return joined


def _kind(stage: PlannedStage) -> tuple[str, str, str, int]:
    return (stage.stage, stage.model, stage.name, stage.resolution)


def _step_of(measured: Sequence[MeasuredSpeed], stage: PlannedStage) -> MeasuredSpeed | None:
    found = (speed for speed in measured if (speed.model, speed.resolution) == (stage.model, stage.resolution))
    return next(found, None)


def _files(stage: PlannedStage, benchmarks: Path) -> list[Path]:
    """Of jobs that are planned: a run may have been longer once, and shown in another way."""
    named = (name.replace("{kimg}", str(kimg)) for name in stage.benchmarks for kimg in stage.kimgs or ("",))
    return sorted(file for name in named for file in benchmarks.glob(name))


def read_benchmark(file: Path) -> Taken:
    """A benchmark of Snakemake: a head, and a line for the job."""
    try:
        with open(file, encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines, delimiter="\t"))
        seconds = sum(float(row["s"]) for row in rows)
        peaks = [float(row["max_rss"]) for row in rows if row["max_rss"] not in ("-", "NA", "")]
    except OSError as error:
        raise cannot_be_read(file, error) from error
    except (KeyError, ValueError, TypeError) as error:
        raise DataError(f"{file}: is not a benchmark of Snakemake; delete it") from error
    return Taken(1, seconds, max(peaks, default=0.0))

"""The table of what an experiment costs: planned before anyone pays, and measured beside it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from stylesv.records.speed import read_measured_speed, read_speeds
from stylesv.records.table_plan import PlannedStage, TablePlan
from stylesv.report.cost import Planned, Speeds, Taken, own_speeds, read_own
from stylesv.report.score_row import DASH
from stylesv.report.table_files import Table

STAGES = {
    "render_videos": "data",
    "pack_videos": "data",
    "pack_shard": "data",
    "measure_reference": "reference",
    "measure_floor": "reference",
    "initialize_networks": "train",
    "import_networks": "train",
    "train_segment": "train",
    "score_snapshot": "score",
    "generate_clips": "show",
    "draw_nearest": "show",
}
"""What a rule's jobs are for."""
NOT_IN_IT = (
    "Not in it: fetching, finding shots, jobs of seconds (settings, choices, collected scores, tables, the page), and packed "
    "clips on disk, some 23 kB a frame at 256 px. `snakemake -n` counts all jobs."
)
UPPER_BOUND = (
    "GPU-hours of training rest on an upper bound (below), maybe ten times too high: StyleGAN-V's authors speak of some 2 days "
    "on 4 V100, 192 GPU-hours, for a whole training of A (https://github.com/universome/stylegan-v). Measure one segment here "
    "before you believe the sum."
)
WORDS = "Hours are of jobs one after the other, with the GPUs that the assumption names; n jobs at a time: an nth of the days."


@dataclass(frozen=True)
class _Line:
    stage: PlannedStage
    planned: Planned
    taken: Taken
    disk_mb: float


def cost_table(plan: TablePlan, root: Path, *, speeds: Path, benchmarks: Path, by_own: bool = False) -> Table:
    """A line for each data set, model and kind of work, and what each number of it assumes.

    `by_own`: plan by this machine's finished jobs where there are any: for a run that goes on. Otherwise the plan is that
    of before the run, to be compared with what it took.

    Raises:
        DataError: a table of speeds, a measured speed or a benchmark cannot be read.
    """
    taken = read_own(plan, benchmarks)
    measured = tuple(read_measured_speed(root / file) for file in plan.speeds if (root / file).exists())
    known = Speeds(read_speeds(speeds), measured, own_speeds(plan, taken) if by_own else {})
    lines = [
        _Line(stage, known.plan(stage), found, _disk_mb(known, stage))
        for stage, found in zip(plan.stages, taken, strict=True)
    ]
    groups: dict[tuple[str, str, str], list[_Line]] = {}
    for line in lines:
        groups.setdefault((line.stage.dataset, line.stage.model, STAGES[line.stage.stage]), []).append(line)
    found = [dict(zip(("dataset", "model", "work"), at, strict=True)) | _numbers(of) for at, of in groups.items()]
    for dataset in dict.fromkeys(line.stage.dataset for line in lines):
        of = [line for line in lines if line.stage.dataset == dataset]
        found.append({"dataset": dataset, "model": "all", "work": "all"} | _numbers(of))
    found.append({"dataset": "all", "model": "all", "work": "all"} | _numbers(lines))
    assumptions = _assumptions(lines)
    bound = (UPPER_BOUND,) if any("upper bound" in text for text in assumptions) else ()
    notes = (WORDS, *bound, NOT_IN_IT, *assumptions, *_unknown(lines), *_of_start(known))
    shown = pd.DataFrame([_cells(numbers) for numbers in found])
    return Table(f"{plan.title}: cost", pd.DataFrame(found), shown, notes)


def cost_text(table: Table) -> str:
    """The same for a terminal."""
    notes = "\n".join(f"* {note}" for note in table.notes)
    return f"{table.title}\n\n{table.shown.to_string(index=False)}\n\n{notes}"


def _numbers(lines: list[_Line]) -> dict[str, float | int | None]:
    known = [line for line in lines if line.planned.seconds is not None]
    hours = sum(line.planned.seconds for line in known) / 3600
    taken = sum((line.taken for line in lines), Taken())
    # of what is finished, so that a run that is half done compares as well
    done = sum(line.planned.seconds * line.taken.jobs / line.stage.jobs for line in known)
    took = sum(line.taken.seconds for line in known)
    return {
        "jobs": sum(line.stage.jobs for line in lines),
        "planned_hours": hours if known else None,
        "planned_gpu_hours": sum(line.planned.seconds * line.planned.gpus for line in known) / 3600 if known else None,
        "planned_days": hours / 24 if known else None,
        "planned_disk_gb": sum(line.disk_mb for line in lines) / 1000,
        "finished_jobs": taken.jobs,
        "measured_hours": taken.seconds / 3600 if taken.jobs else None,
        "measured_over_planned": took / done if done else None,
        "peak_memory_mb": taken.peak_mb or None,
    }


def _cells(numbers: dict) -> dict[str, str]:
    def cell(name: str, form: str = ".3g") -> str:
        return DASH if numbers[name] is None else format(numbers[name], form)

    return {
        "data set": numbers["dataset"],
        "model": numbers["model"] or DASH,
        "work": numbers["work"],
        "jobs": cell("jobs", ",d"),
        "planned hours": cell("planned_hours", ",.3f" if (numbers["planned_hours"] or 0) < 1 else ",.1f"),
        "GPU-hours": cell("planned_gpu_hours", ",.0f"),
        "days": cell("planned_days", ".2g" if (numbers["planned_days"] or 0) < 1 else ",.0f"),
        "disk, GB": cell("planned_disk_gb", ",.3g"),
        "finished": cell("finished_jobs", ",d"),
        "measured hours": cell("measured_hours", ",.3f" if (numbers["measured_hours"] or 0) < 1 else ",.1f"),
        "measured / planned": cell("measured_over_planned", ".2f"),
        "memory, MiB": cell("peak_memory_mb", ",.0f"),
    }


def _disk_mb(known: Speeds, stage: PlannedStage) -> float:
    """Snapshots, and the one state that stays of each run."""
    if stage.stage == "train_segment":
        return stage.jobs * (known.file_mb("snapshot", stage) or 0)
    if stage.stage == "initialize_networks":
        return stage.jobs * sum(known.file_mb(kind, stage) or 0 for kind in ("snapshot", "state"))
    return 0.0


def _assumptions(lines: Iterable[_Line]) -> list[str]:
    by_text: dict[str, dict[str, None]] = {}
    for line in lines:
        if line.planned.assumption:
            named = " ".join(filter(None, (line.stage.stage, line.stage.model if line.stage.kimg else line.stage.name)))
            by_text.setdefault(line.planned.assumption, {})[named] = None
    return [f"{', '.join(names)}: {text}." for text, names in by_text.items()]


def _unknown(lines: Iterable[_Line]) -> list[str]:
    names = dict.fromkeys(
        " ".join(filter(None, (line.stage.stage, line.stage.name))) for line in lines if line.planned.seconds is None
    )
    return [f"Nothing is known of: {', '.join(names)}; their hours are not in the sums."] if names else []


def _of_start(known: Speeds) -> list[str]:
    return [f"A job takes {known.start_seconds:.3g} s to start on this machine."] if known.measured else []

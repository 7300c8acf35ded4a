"""Hours and memory of jobs, from what Snakemake wrote of them (`benchmark:` of the rules)."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RuleCost:
    """What the jobs of a rule took; memory in MB, of the one that needed most, None where it was not seen."""

    rule: str
    jobs: int
    seconds: float
    cpu_seconds: float
    peak_mb: float | None

    @property
    def cells(self) -> tuple[str, str, str, str, str]:
        """As a line of a table: rule, jobs, time, processor time, memory."""
        memory = "–" if self.peak_mb is None else f"{self.peak_mb:,.0f} MB"
        return self.rule, str(self.jobs), format_seconds(self.seconds), format_seconds(self.cpu_seconds), memory


def costs_of_rules(folder: Path, names: Iterable[str]) -> Sequence[RuleCost]:
    """The costs of rules in a folder of benchmarks, those of jobs for the named runs and data sets; dearest first."""
    wanted = set(names)
    found: dict[str, list[dict[str, str]]] = {}
    for file in sorted(folder.rglob("*.tsv")):
        rule, *wildcards = file.relative_to(folder).with_suffix("").parts
        if wanted & set(wildcards):
            with open(file, encoding="utf-8", newline="") as text:
                found.setdefault(rule, []).extend(csv.DictReader(text, delimiter="\t"))
    costs = [_cost(rule, jobs) for rule, jobs in found.items() if jobs]
    return sorted(costs, key=lambda cost: -cost.seconds)


def _cost(rule: str, jobs: Sequence[dict[str, str]]) -> RuleCost:
    memory = [value for job in jobs if (value := _number(job.get("max_rss"))) is not None]
    return RuleCost(
        rule=rule,
        jobs=len(jobs),
        seconds=sum(_number(job.get("s")) or 0.0 for job in jobs),
        cpu_seconds=sum(_number(job.get("cpu_time")) or 0.0 for job in jobs),
        peak_mb=max(memory, default=None),
    )


def _number(text: str | None) -> float | None:
    """A number of a benchmark; None for `-` and `NA`, which stand where a job was too short to be looked at."""
    try:
        return float(text or "")
    except ValueError:
        return None


def format_seconds(seconds: float) -> str:
    """Such as `42 s`, `12 min` or `3.4 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"

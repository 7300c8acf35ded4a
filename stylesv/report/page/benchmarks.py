"""Hours and memory of jobs, from what Snakemake wrote of them (`benchmark:` of the rules)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from stylesv.report.cost import Taken, read_benchmark


@dataclass(frozen=True)
class RuleCost:
    """What the jobs of a rule took; memory of the one that needed most."""

    rule: str
    taken: Taken

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """As a line of a table: rule, jobs, time, memory."""
        taken = self.taken
        return self.rule, str(taken.jobs), format_seconds(taken.seconds), f"{taken.peak_mb:,.0f} MiB"


def costs_of_rules(folder: Path, names: Iterable[str]) -> Sequence[RuleCost]:
    """The costs of rules in a folder of benchmarks, those of jobs for the named runs and data sets; dearest first.

    Raises:
        DataError: a benchmark cannot be read.
    """
    wanted = set(names)
    found: dict[str, Taken] = {}
    for file in sorted(folder.rglob("*.tsv")):
        rule, *wildcards = file.relative_to(folder).with_suffix("").parts
        if wanted & set(wildcards):
            found[rule] = found.get(rule, Taken()) + read_benchmark(file)
    return sorted((RuleCost(*each) for each in found.items()), key=lambda cost: -cost.taken.seconds)


def format_seconds(seconds: float) -> str:
    """Such as `42 s`, `12 min` or `3.4 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"

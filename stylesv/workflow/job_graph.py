"""From the jobs that Snakemake plans to the rules that a person looks at."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import filterfalse

from stylesv.records.rule_graph import RuleGraph, RuleNode


@dataclass(frozen=True)
class PlannedJob:
    """A job: its rule, the run and the snapshot that it is of, and the places of the jobs that make its inputs."""

    rule: str
    run: str | None
    kimg: str | None
    makers: tuple[int, ...]


def graph_of(jobs: Sequence[PlannedJob], kimgs: Mapping[str, frozenset[int]]) -> RuleGraph:
    """The graph of the jobs' rules; `kimgs` are the snapshots of every run.

    A state is gone when its segment is done (docs/workflow.md 2.3), and a later call plans no job for it: what a segment
    starts from is put in again.
    """
    whole = _with_states(jobs, kimgs)
    depths = _depths(whole)
    deepest: dict[str, int] = {}
    for job, depth in zip(whole, depths, strict=True):
        deepest[job.rule] = max(deepest.get(job.rule, 0), depth)
    counts = Counter(job.rule for job in whole)
    edges = {(whole[maker].rule, job.rule) for job in whole for maker in job.makers}
    nodes = (RuleNode(name=name, jobs=count, depth=deepest[name]) for name, count in sorted(counts.items()))
    return RuleGraph(rules=tuple(nodes), edges=tuple(sorted(edges)))


def _with_states(jobs: Sequence[PlannedJob], kimgs: Mapping[str, frozenset[int]]) -> list[PlannedJob]:
    """With every segment behind the one before it."""
    made = {(job.run, int(job.kimg)): place for place, job in enumerate(jobs) if job.rule == "train_segment"}
    made |= {(job.run, 0): n for n, job in enumerate(jobs) if job.rule in ("initialize_networks", "import_networks")}
    found = []
    for job in jobs:
        if job.rule == "train_segment":
            grid = [0, *sorted(kimgs.get(job.run, ()))]
            before = grid[max(bisect_left(grid, int(job.kimg)) - 1, 0)]
            start = made.get((job.run, before))
            if start is not None and start not in job.makers:
                job = replace(job, makers=(*job.makers, start))
        found.append(job)
    return found


def _depths(jobs: Sequence[PlannedJob]) -> list[int]:
    """The longest way to each job."""
    known: dict[int, int] = {}
    for place in range(len(jobs)):
        waiting = [place]
        while waiting:
            makers = jobs[waiting[-1]].makers
            unknown = list(filterfalse(known.__contains__, makers))
            if unknown:
                waiting += unknown
            else:
                known[waiting.pop()] = 1 + max(map(known.__getitem__, makers), default=-1)
    return [known[place] for place in range(len(jobs))]

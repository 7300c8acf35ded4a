"""Training as a chain of snapshots: which segments a run still needs, judged by the files that exist.

Networks, log and samples of every snapshot are kept; the state only until the next segment has used it, except the last.
So a longer run goes on from the last state, a shorter one needs nothing, and a snapshot of which anything was lost is
remade from the nearest state below it, 0 if there is none.
"""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable
from dataclasses import dataclass

NETWORKS, STATE, SAMPLES, LOG = "networks.safetensors", "state.safetensors", "samples.png", "log.jsonl"


@dataclass(frozen=True)
class Snapshots:
    """The kimgs at which a run has all that is kept of a snapshot, and those at which it has a state to go on from."""

    whole: frozenset[int]
    states: frozenset[int]

    @classmethod
    def among(cls, files: Iterable[str]) -> "Snapshots":
        """Those among a run's files, whose paths are relative to the run's folder."""
        found: dict[str, set[int]] = {name: set() for name in (NETWORKS, STATE, SAMPLES, LOG)}
        for path in files:
            folder, _, name = path.partition("/")
            if name in found and re.fullmatch("[0-9]+", folder):
                found[name].add(int(folder))
        whole = found[NETWORKS] & found[SAMPLES] & (found[LOG] | {0})  # an initialisation has no log
        return cls(frozenset(whole), frozenset(found[STATE]))


def previous_snapshot(existing: Snapshots, kimgs: Collection[int], kimg: int) -> int:
    """The snapshot that the segment ending at `kimg` starts from.

    The nearest one below on the run's grid, or a nearer one off the grid whose state exists: the end of an earlier,
    shorter run.
    """
    grid = sorted(kimgs)
    on_grid = grid[bisect_left(grid, kimg) - 1]
    return max((k for k in existing.states if on_grid < k < kimg), default=on_grid)


def segments_to_run(existing: Snapshots, kimgs: Collection[int]) -> frozenset[int]:
    """Ends of the segments to run (0 is the initialisation) so that every snapshot in `kimgs` exists."""
    needed: set[int] = set()
    for wanted in sorted(kimgs):
        kimg = wanted
        if kimg in existing.whole:
            continue
        while kimg not in needed:
            needed.add(kimg)
            if kimg == 0:
                break
            kimg = previous_snapshot(existing, {*kimgs, 0}, kimg)
            if kimg in existing.states:
                break
    return frozenset(needed)


def states_done_with(existing: Snapshots, kimgs: Collection[int]) -> list[int]:
    """Where a run that is done to its last state has states that no segment of its begins from any more.

    Snakemake deletes them when their segment is done, but for one that ended by itself while Snakemake was dead. Those off the
    grid stay: a call with other lengths may be on its way there.
    """
    last = max(kimgs)
    if last not in existing.states or not existing.whole.issuperset(kimgs):
        return []
    return sorted(kimg for kimg in existing.states.intersection(kimgs) if kimg < last)

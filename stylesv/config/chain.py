"""Training as a chain of snapshots: which segments a run still needs, judged by the files that exist.

`networks.safetensors` of every snapshot is kept; `state.safetensors` only until the next segment has used it, except the
last. So a longer run goes on from the last state, a shorter one needs nothing, and a snapshot that was lost is remade
from the nearest state below it, 0 if there is none.
"""

from collections.abc import Collection
from pathlib import Path


def previous_snapshot(run_dir: Path, kimgs: Collection[int], kimg: int) -> int:
    """The snapshot that the segment ending at `kimg` starts from.

    The nearest one below on the run's grid, or a nearer one off the grid whose state exists: the end of an earlier,
    shorter run.
    """
    on_grid = max(k for k in kimgs if k < kimg)
    existing = (int(path.parent.name) for path in Path(run_dir).glob("[0-9]*/state.safetensors"))
    return max((k for k in existing if on_grid < k < kimg), default=on_grid)


def segments_to_run(run_dir: Path, kimgs: Collection[int]) -> frozenset[int]:
    """Ends of the segments to run (0 is the initialisation) so that every snapshot in `kimgs` exists."""
    run_dir = Path(run_dir)
    needed: set[int] = set()
    for wanted in sorted(kimgs):
        kimg = wanted
        if (run_dir / str(kimg) / "networks.safetensors").exists():
            continue
        while kimg not in needed:
            needed.add(kimg)
            if kimg == 0:
                break
            kimg = previous_snapshot(run_dir, {*kimgs, 0}, kimg)
            if (run_dir / str(kimg) / "state.safetensors").exists():
                break
    return frozenset(needed)

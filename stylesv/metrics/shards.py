"""Rows measured on clips, kept shard by shard, so that a killed job loses one of them and several jobs can share the work.

A folder of shards belongs to one set of clips under one protocol (its fingerprint); each shard is written whole or not
at all, so what is there is right. Shards are cut by the number of clips alone: whoever computes them, with whatever
batches, they are the same.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, UInt8
from torch import Tensor

from stylesv.config.recipe import recipe_key
from stylesv.errors import CheckpointError, DataError
from stylesv.files import PARTIAL, remove_files
from stylesv.progress import Progress
from stylesv.records.array_file import read_arrays, write_arrays

ROWS = "rows"
SHARD_FRAMES = 1024  # frames of the clips of a shard: minutes on a CPU, seconds on a GPU

Rows = Float[np.ndarray, "n d"]


@runtime_checkable
class Clips(Protocol):
    """Clips that can be had from any place on: read from videos, or generated."""

    @property
    def count(self) -> int: ...

    @property
    def num_frames(self) -> int: ...

    def batches(self, start: int, end: int) -> Iterable[UInt8[Tensor, "_ t c h w"]]:
        """Clips `start` to `end` in order, some at a time."""
        ...


Measure = Callable[[UInt8[Tensor, "n t c h w"]], Rows]


@dataclass(frozen=True)
class Shards:
    """Where shards are kept, and which of them this job computes: every `jobs`-th from `job` on."""

    folder: Path
    job: int = 0
    jobs: int = 1

    @classmethod
    def of(cls, root: Path, fingerprint: dict[str, object], *, job: int = 0, jobs: int = 1) -> "Shards":
        """The folder below `root` that belongs to what the fingerprint says."""
        return cls(Path(root) / recipe_key(fingerprint), job, jobs)


def remove_shards(root: Path) -> None:
    """Remove all shards below a folder, and nothing else that lies there."""
    remove_files(root, rf"\.?[\w-]+-[0-9]{{8,}}-[0-9]{{8,}}\.safetensors({PARTIAL})?")


def shard_edges(count: int, num_frames: int) -> list[tuple[int, int]]:
    """First clip, and first clip of the next shard, of every shard."""
    size = max(1, SHARD_FRAMES // num_frames)
    return [(start, min(start + size, count)) for start in range(0, count, size)]


def measure_shards(
    clips: Clips, measure: Measure, *, name: str, shards: Shards | None, progress: bool = False
) -> Iterator[Rows]:
    """Rows of all clips in order, shard by shard; those that are there are read, the others measured and kept.

    `name` is of what is measured. Where several jobs share the work, each yields its own shards only. `progress`: tell how
    many clips are done.

    A shard that is damaged is named and measured again.
    """
    told = Progress(f"measuring {name.split('-')[0]}", clips.count, unit="clips", silent=not progress)
    for number, (start, end) in enumerate(shard_edges(clips.count, clips.num_frames)):
        if shards is None:
            yield _measure(clips, measure, start, end, told)
            continue
        if number % shards.jobs != shards.job:
            continue
        path = shards.folder / f"{name}-{start:08d}-{end:08d}.safetensors"
        rows = _kept(path, end - start)
        if rows is None:
            rows = _measure(clips, measure, start, end, told)
            write_arrays(path, {ROWS: rows})
        yield rows
    told.close()


def _kept(path: Path, count: int) -> Rows | None:
    if not path.exists():
        return None
    try:
        rows = read_arrays(path, what="shard", advice="it is not used")[0][ROWS]
        if rows.ndim == 2 and len(rows) == count:
            return rows
        told = f"{path}: has rows of shape {rows.shape}, not of {count} clips"
    except (DataError, CheckpointError) as error:
        told = str(error)
    except KeyError:
        told = f"{path}: has no rows"
    print(f"warning: {told}; its clips are measured again", file=sys.stderr, flush=True)
    return None


def _measure(clips: Clips, measure: Measure, start: int, end: int, told: Progress) -> Rows:
    rows = []
    told.update(start)
    for batch in clips.batches(start, end):
        rows.append(measure(batch))
        start += len(batch)
        told.update(start)
    return np.concatenate(rows)

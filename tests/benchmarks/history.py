"""Ratios of earlier calls of `make bench`, kept in the repository, and what has become slower since.

A ratio is of two forms in one process, so it says more over time than seconds do; it is compared with the last one that the
same kind of machine measured.
"""

import csv
import re
import subprocess
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from measure import Record

HISTORY = Path(__file__).resolve().parent / "results" / "history.csv"


@dataclass(frozen=True)
class Entry:
    """A line of the history."""

    commit: str
    """Short; with a + if files had been changed since."""
    machine: str
    """Processor, threads and versions, without its load."""
    name: str
    ratio: float
    spread: float
    """Largest minus smallest ratio of the pairs, over their median."""
    pairs: int

    @classmethod
    def of(cls, record: Record, machine: str, commit: str) -> "Entry":
        """What is kept of a benchmark; `machine` as `measure.machine` describes it."""
        return cls(commit, re.sub(r", load .*", "", machine), record.name, record.ratio, record.spread, record.pairs)

    def is_below(self, earlier: "Entry") -> bool:
        """Whether this ratio is smaller by more than both spreads explain."""
        return self.ratio * (1 + self.spread / 2) < earlier.ratio * (1 - earlier.spread / 2)


def current_commit() -> str:
    """That of the checkout these files are in."""
    here = ["git", "-C", str(Path(__file__).parent)]
    commit = subprocess.run([*here, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    ours = ":/", f":!{HISTORY}"  # every call writes the history
    status = ["status", "--porcelain", "-uno", "--", *ours]
    changed = subprocess.run([*here, *status], capture_output=True, text=True).stdout.strip()
    return f"{commit or 'unknown'}{'+' if changed else ''}"


def read_history(path: Path = HISTORY) -> list[Entry]:
    """All lines, oldest first; none where there is no file."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [
            Entry(
                row["commit"], row["machine"], row["name"], float(row["ratio"]), float(row["spread"]), int(row["pairs"])
            )
            for row in csv.DictReader(file)
        ]


def add_to_history(entry: Entry, path: Path = HISTORY) -> str | None:
    """Append a line; a sentence where this is slower than the last one of its name on such a machine, else None."""
    earlier = [one for one in read_history(path) if (one.name, one.machine) == (entry.name, entry.machine)]
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Entry)], lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerow(asdict(entry))
    if not earlier or not entry.is_below(earlier[-1]):
        return None
    last = earlier[-1]
    return (
        f"{entry.name} is slower than at {last.commit}: {entry.ratio:.2f} times the definition (spread {entry.spread:.0%}), "
        f"then {last.ratio:.2f} ({last.spread:.0%})"
    )

"""What stands beside a score: what FVD misses, and the scores of clips that start late, each with the real clips' own."""

from collections.abc import Sequence
from dataclasses import dataclass

from stylesv.records.score import Score


@dataclass(frozen=True)
class BesideRow:
    """One number of a snapshot and the same of real clips; None where there is none."""

    name: str
    generated: float | None
    real: float | None


def beside_rows(score: Score) -> tuple[BesideRow, ...]:
    """The numbers beside a score; none if its protocol asks for none."""
    artefacts = [BesideRow(row.name, row.generated, row.real) for row in score.artefacts]
    drift = [BesideRow(f"from frame {row.start_time}", row.generated, row.real) for row in score.drift]
    fidelity = [BesideRow(row.name, row.generated, row.real) for row in score.fidelity]
    return (*fidelity, *artefacts, *drift)


def beside_cells(found: Sequence[tuple[str, tuple[BesideRow, ...]]]) -> list[list[str]]:
    """Cells of a table: a line for each number, a column for each of the named snapshots, and one for real clips.

    The snapshots are of one data set, whose real clips these are. A number that a snapshot lacks is a dash.
    """
    columns = [(name, {row.name: row for row in rows}) for name, rows in found]
    numbers = list(dict.fromkeys(number for _, rows in columns for number in rows))
    if not numbers:
        return []
    lines = [["", *(name for name, _ in columns), "real clips"]]
    for number in numbers:
        rows = [rows.get(number) for _, rows in columns]
        real = next((row.real for row in rows if row is not None and row.real is not None), None)
        lines.append([number, *(_cell(None if row is None else row.generated) for row in rows), _cell(real)])
    return lines


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"

"""What stands beside a score: what FVD misses, and the scores of clips that start late, each with the real clips' own."""

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


def beside_cells(found: list[tuple[str, tuple[BesideRow, ...]]]) -> list[list[str]]:
    """Cells of a table: a line for each number, a column for each of the named snapshots, and one for real clips.

    The last snapshot's data set gives the real clips where snapshots of several stand side by side.
    """
    if not any(rows for _, rows in found):
        return []
    lines = [["", *(name for name, _ in found), "real clips"]]
    for number, row in enumerate(found[-1][1]):
        values = [rows[number].generated if number < len(rows) else None for _, rows in found]
        lines.append([row.name, *(_cell(value) for value in values), _cell(row.real)])
    return lines


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"

"""What is said of scores that were computed in different ways, where they stand in one table."""

from collections.abc import Sequence

from stylesv.report.score_row import ScoreRow


def computing_notes(rows: Sequence[ScoreRow]) -> tuple[str, ...]:
    """One note, if operations, versions, processors or numbers of threads differ between rows; the last bits then do, too."""
    found: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        for name, value in row.computed_with.items():
            found.setdefault(name, {}).setdefault(value, []).append(row.run)
    told = [
        f"{name} {' and '.join(f'{value} ({_runs(runs)})' for value, runs in sorted(values.items()))}"
        for name, values in sorted(found.items())
        if len(values) > 1
    ]
    if not told:
        return ()
    return (
        f"Not all computed alike: {'; '.join(told)}. Such scores differ in their last digits, and training in more.",
    )


def _runs(runs: Sequence[str]) -> str:
    names = list(dict.fromkeys(runs))
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")

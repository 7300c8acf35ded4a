"""Floors and values at infinitely many clips, in words for a newcomer, and whether scores differ by chance."""

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from stylesv.report.score_row import ScoreRow, format_number


@runtime_checkable
class WithInterval(Protocol):
    """A value and the ends of its interval, which are None where it has none."""

    @property
    def value(self) -> float: ...

    @property
    def low(self) -> float | None: ...

    @property
    def high(self) -> float | None: ...


def is_different(first: WithInterval, second: WithInterval) -> bool:
    """Whether two scores differ by more than chance: False where each lies in the other's interval."""
    return not (_holds(first, second.value) and _holds(second, first.value))


def explain_floor(row: ScoreRow, value: float | None = None) -> str | None:
    """A sentence on what a perfect generator would score, beside this score or a mean of its like; None where not measured."""
    floor, value = row.floor, row.value if value is None else value
    if floor is None:
        return None
    means = f"{format_number(floor.value)} ({format_number(floor.low)} to {format_number(floor.high)})"
    text = (
        f"A perfect generator would not score 0 but about {means}, because only {row.num_real} real and "
        f"{row.num_generated} generated clips are compared"
    )
    if value <= floor.high:
        return f"{text}: this score cannot be told from perfect."
    if floor.value > 0:
        return f"{text}: this one scores {value / floor.value:.3g} times as much."
    return f"{text}."


def explain_infinity(row: ScoreRow) -> str | None:
    """A sentence on the score at infinitely many clips; None where that was not measured."""
    if row.infinity is None:
        return None
    value = format_number(max(row.infinity.value, 0.0))
    about = "at most about" if row.few_clips else "about"  # the line through the scores of parts bends
    return f"With endlessly many clips, where a perfect generator scores 0, this one would score {about} {value}."


def floor_notes(rows: Iterable[ScoreRow]) -> list[str]:
    """For each data set, what a perfect generator would score, and how that was found."""
    notes = []
    for row in {row.dataset: row for row in rows if row.floor is not None}.values():
        floor = row.floor
        how = (
            "drawn from the real clips, and corrected by disjoint halves of them"
            if floor.method == "halves"
            else "drawn from a normal distribution with the real moments, so too low where tails are heavy"
        )
        notes.append(
            f"{row.dataset}: floor {format_number(floor.value)}, {100 * floor.level:g} % of a perfect generator's scores between "
            f"{format_number(floor.low)} and {format_number(floor.high)} ({how})."
        )
    return notes


def _holds(row: WithInterval, value: float) -> bool:
    if row.low is None or row.high is None:
        return value == row.value
    return row.low <= value <= row.high

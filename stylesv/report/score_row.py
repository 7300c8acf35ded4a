"""A score as a row of tables, and how its numbers are written."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stylesv.records.floor import Floor, Infinity
from stylesv.records.ledger import ClipCounts
from stylesv.records.motion import MotionScore
from stylesv.records.protocol import UsedProtocol
from stylesv.records.score import Score
from stylesv.records.warning import ScoreWarning
from stylesv.report.artefact_table import BesideRow, beside_rows

DASH = "–"
"""In a cell where there is nothing to say."""
NO_MODEL = DASH
"""Name of the model of clips that are no run's."""


@dataclass(frozen=True)
class ScoreRow:
    """One score of one snapshot; `low` and `high` are None where the protocol asks for no interval."""

    dataset: str
    model: str
    run: str
    seed: int | None
    kimg: int | None
    value: float
    low: float | None
    high: float | None
    few_clips: bool
    num_real: int
    num_generated: int
    protocol: UsedProtocol
    floor: Floor | None = None
    infinity: Infinity | None = None
    beside: tuple[BesideRow, ...] = ()
    warnings: tuple[ScoreWarning, ...] = ()
    motion: MotionScore | None = None
    asked: ClipCounts | None = None
    computed_with: Mapping[str, str] = field(default_factory=dict)


def score_row(score: Score) -> ScoreRow:
    """A score as a row of a table."""
    interval = score.interval
    return ScoreRow(
        dataset=score.scored.dataset,
        model=score.scored.model or NO_MODEL,
        run=score.scored.run,
        seed=score.scored.seed,
        kimg=score.scored.kimg,
        value=score.value,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        few_clips=score.few_clips,
        num_real=score.real.count,
        asked=score.real.asked,
        num_generated=score.generated.count,
        protocol=score.protocol,
        floor=score.floor,
        infinity=score.infinity,
        beside=beside_rows(score),
        warnings=score.warnings,
        motion=score.motion,
        computed_with={name: value for name, value in score.versions.items() if name not in ("stylesv", "python")},
    )


def format_score(row: ScoreRow) -> str:
    """A score with its interval, such as `123.4 [120.1, 126.9]`."""
    if row.low is None or row.high is None:
        return format_number(row.value)
    return f"{format_number(row.value)} [{format_number(row.low)}, {format_number(row.high)}]"


def format_floor(row: ScoreRow) -> str:
    """What a perfect generator would score, with the interval of its scores; a dash where that was not measured."""
    if row.floor is None:
        return "–"
    return f"{format_number(row.floor.value)} [{format_number(row.floor.low)}, {format_number(row.floor.high)}]"


def format_infinity(row: ScoreRow) -> str:
    """The score at infinitely many clips; a dash where that was not measured."""
    return "–" if row.infinity is None else format_number(row.infinity.value)


def format_number(value: float) -> str:
    """About four digits, without an exponent for numbers of the size of scores."""
    for limit, digits in ((1000, 0), (100, 1), (1, 2)):
        if abs(value) >= limit:
            return f"{value:.{digits}f}"
    return f"{value:.3g}"


def format_kimg(row: ScoreRow) -> str:
    """The snapshot, or a dash where a folder of clips was scored."""
    return "–" if row.kimg is None else str(row.kimg)

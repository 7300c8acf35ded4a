"""What stands beside a Fréchet score and comes from the same features, as lines of text."""

from stylesv.records.beside import FIDELITY
from stylesv.records.score import Score


def describe_floor(score: Score) -> list[str]:
    """What a perfect generator would score, and the score at infinitely many clips, as far as they were measured."""
    lines = []
    if (floor := score.floor) is not None:
        lines.append(
            f"{'perfect generator':<20}{floor.value:.6g}   (with as many clips; {100 * floor.level:g} % between "
            f"{floor.low:.4g} and {floor.high:.4g})"
        )
    if score.infinity is not None:
        at_most = "at most, " if score.few_clips else ""
        lines.append(
            f"{'infinitely many':<20}{score.infinity.value:.6g}   ({at_most}where a perfect generator scores 0)"
        )
    return lines


def describe_fidelity(score: Score) -> list[str]:
    """A table of kernel distance, precision and its relatives, generated beside real, and how near copies are."""
    lines = ["", f"{'fidelity':<20}{'generated':>20}{'real':>20}"] if score.fidelity else []
    for row in score.fidelity:
        real = "-" if row.real is None else f"{row.real:.4g}"
        lines.append(f"{row.name:<20}{row.generated:>20.4g}{real:>20}   {FIDELITY[row.name]}")
    if (found := score.memorisation) is not None:
        real = "-" if found.real_distance is None else f"{found.real_distance:.4g}"
        lines.append(
            f"{'nearest real clip':<20}{found.generated_distance:>20.4g}{real:>20}   median distance; copies: {found.copies} of "
            f"{found.clips}"
        )
    return lines

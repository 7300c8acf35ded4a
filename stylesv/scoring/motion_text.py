"""How the clips of a score move, as lines of text."""

from stylesv.records.motion import NUMBERS, SHARES, Distribution
from stylesv.records.score import Score


def describe_motion(score: Score) -> list[str]:
    """A table of the numbers of motion, generated beside real; nothing where they were not measured."""
    motion = score.motion
    if motion is None:
        return []
    lines = ["", f"{'motion':<20}{'generated':>20}{'real':>20}"]
    for number in motion.numbers:
        made, real = _shown(number.generated), _shown(number.real)
        lines.append(f"{number.name:<20}{made:>20}{real:>20}   {NUMBERS[number.name]}")
    for share in motion.shares:
        made, real = _share(share.generated), _share(share.real)
        lines.append(f"{share.name:<20}{made:>20}{real:>20}   {SHARES[share.name]}")
    if motion.direction_cosine is not None:
        lines.append(
            f"{'direction':<20}{motion.direction_cosine:>20.2f}{'1':>20}   mean cosine with the real clips' flow where that is "
            f"certain, {100 * motion.certain_cells:.0f} % of the picture"
        )
    return lines


def _shown(found: Distribution | None) -> str:
    if found is None:
        return "-"
    return f"{found.mean:.3g}" + (f" +- {found.error:.2g}" if found.error is not None else "")


def _share(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"

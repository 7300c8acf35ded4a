"""How clips move, in tables and in a sentence: generated beside real."""

from collections.abc import Sequence

from stylesv.records.motion import NUMBERS, SHARES, MotionScore
from stylesv.records.warning import ScoreWarning

CSV_COLUMNS = (
    *(f"{name}_{side}" for name in NUMBERS for side in ("generated", "real")),
    *(f"{name}_{side}" for name in SHARES for side in ("generated", "real")),
    "direction_cosine",
    "warnings",
)


def csv_values(motion: MotionScore | None, warnings: Sequence[ScoreWarning]) -> list[float | str | None]:
    """What stands in these columns; nothing where motion was not measured."""
    codes = " ".join(warning.code for warning in warnings)
    if motion is None:
        return [None] * (len(CSV_COLUMNS) - 1) + [codes]
    sides = [side and side.mean for name in NUMBERS for side in _sides(motion, name)]
    shares = [share for name in SHARES for share in (motion.share(name).generated, motion.share(name).real)]
    return [*sides, *shares, motion.direction_cosine, codes]


def motion_cells(
    found: Sequence[tuple[str, MotionScore | None, Sequence[ScoreWarning]]],
) -> list[list[str]]:
    """Cells of a table with a line for each named snapshot; empty where none was measured."""
    if all(motion is None for _, motion, _ in found):
        return []
    head = ["snapshot", "frame difference", "real", "flow, % of width", "real", "direction", "still", "repeating"]
    lines = [[*head, "collapsed", "warnings"]]
    for name, motion, warnings in found:
        codes = ", ".join(warning.code.replace("_", " ") for warning in warnings) or "–"
        if motion is None:
            lines.append([name, *["–"] * 8, codes])
            continue
        means = [number and number.mean for key in ("difference_1", "flow_relative") for number in _sides(motion, key)]
        shares = [_percent(motion.share(key).generated) for key in ("still", "repeating", "collapsed")]
        lines.append([name, *map(_number, means), _number(motion.direction_cosine), *shares, codes])
    return lines


def motion_sentence(motion: MotionScore | None) -> str | None:
    """How the clips move, for someone who sees such a page for the first time; None where it was not measured."""
    if motion is None or motion.difference_ratio is None:
        return None
    text = f"Its clips change {_times(motion.difference_ratio)} as much from frame to frame as real ones"
    if motion.flow_ratio is not None:
        text += f", and what is in them moves {_times(motion.flow_ratio)} as far"
        if motion.direction_cosine is not None:
            text += f", {_direction(motion.direction_cosine)}"
    shares = {name: motion.share(name).generated for name in ("still", "repeating")}
    said = {"still": "stand still", "repeating": "repeat themselves"}
    told = [f"{_percent(share)} {said[name]}" for name, share in shares.items() if share]
    return f"{text}. " + (f"{' and '.join(told)}." if told else "None of them stands still.")


def _sides(motion: MotionScore, name: str) -> tuple:
    number = motion.number(name)
    return number.generated, number.real


def _direction(cosine: float) -> str:
    for limit, words in ((0.8, "the same way"), (0.5, "about the same way"), (-0.5, "another way")):
        if cosine >= limit:
            return words
    return "the opposite way"


def _times(ratio: float) -> str:
    return f"{ratio:.1f} times" if ratio >= 0.1 else f"{ratio:.1g} times"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"

"""Scores joined over seeds: what tables, summary and notes set beside each other is models, not their luckiest runs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from stylesv.report.floor_text import is_different
from stylesv.report.score_row import DASH, NO_MODEL, ScoreRow, format_kimg, format_number, format_score


@dataclass(frozen=True)
class Ours:
    """The scores of a model's runs on a data set under one protocol, a seed each; `asked` is how many there are to be."""

    rows: tuple[ScoreRow, ...]
    asked: int

    @property
    def value(self) -> float:
        """Their mean."""
        return float(np.mean([row.value for row in self.rows]))

    @property
    def spread(self) -> float | None:
        """Their standard deviation over seeds (of a sample: divided by one less); None for fewer than two."""
        return float(np.std([row.value for row in self.rows], ddof=1)) if len(self.rows) > 1 else None

    @property
    def low(self) -> float | None:
        """The lowest end of their bootstrap intervals; None where one has none."""
        ends = [row.low for row in self.rows]
        return None if None in ends else min(ends)

    @property
    def high(self) -> float | None:
        """The highest end of them."""
        ends = [row.high for row in self.rows]
        return None if None in ends else max(ends)

    @property
    def kimgs(self) -> str:
        """At which kimg they are, each once, such as `20, 40`."""
        return ", ".join(dict.fromkeys(format_kimg(row) for row in self.rows))

    @property
    def higher_is_better(self) -> bool:
        """Whether the measure is better high."""
        return self.rows[0].protocol.settings.higher_is_better

    def holds(self, value: float) -> bool:
        """Whether a number lies in the interval."""
        return self.low is not None and self.high is not None and self.low <= value <= self.high


def by_model(rows: Iterable[ScoreRow]) -> dict[tuple[str, str], Ours]:
    """One score of each run, joined by data set and model (or run, where the model of clips is not known)."""
    groups: dict[tuple[str, str], list[ScoreRow]] = {}
    for row in rows:
        groups.setdefault((row.dataset, row.run if row.model == NO_MODEL else row.model), []).append(row)
    return {key: Ours(tuple(found), len(found)) for key, found in groups.items()}


def not_different_notes(best: Sequence[ScoreRow]) -> list[str]:
    """For each data set, a sentence on its models' best scores: which of them differ by no more than chance."""
    notes, groups = [], by_model(best)
    for dataset in dict.fromkeys(dataset for dataset, _ in groups):
        models = [(name, ours) for (of, name), ours in groups.items() if of == dataset]
        for place, (name, first) in enumerate(models):
            same = [each for each in models[place + 1 :] if is_like(first, each[1])]
            if same:
                others = " and ".join(_named(*each) for each in same)
                notes.append(
                    f"{dataset}: do not call {_named(name, first)} and {others} different: each score lies in the other's "
                    "interval."
                )
    return notes


def _named(name: str, ours: Ours) -> str:
    """Such as `D at 20 kimg (50.00)`, or `D over 3 seeds (50.67 ± 4.04)`."""
    if len(ours.rows) > 1:
        return f"{name} over {len(ours.rows)} seeds ({format_ours(ours)})"
    kimg = ours.rows[0].kimg
    return f"{name if kimg is None else f'{name} at {kimg} kimg'} ({format_ours(ours)})"


def best_text(ours: Ours) -> str:
    """A model's score and what it is of: one snapshot, or one of each seed."""
    where = f"at {ours.kimgs} kimg" if "," not in ours.kimgs else "each at its best snapshot"
    if ours.kimgs == "0":
        where += ", before any training of its own"
    if len(ours.rows) == 1:
        return f"{format_score(ours.rows[0])} {where}"
    interval = "" if ours.low is None else f" {format_interval(ours.low, ours.high)}"
    return f"{format_ours(ours)}{interval} over {len(ours.rows)} seeds{',' if ',' in ours.kimgs else ''} {where}"


def best_of(found: Sequence[Ours]) -> Ours | None:
    """The best of several models' scores under one protocol."""
    if not found:
        return None
    return (max if found[0].higher_is_better else min)(found, key=lambda ours: ours.value)


def is_like(first: Ours, second: Ours) -> bool:
    """Whether two means differ by no more than chance: each lies in the other's interval."""
    return not is_different(first, second)


def format_ours(ours: Ours | None) -> str:
    """Mean and spread, such as `49.3 ± 1.2`; a dash for None."""
    if ours is None:
        return DASH
    return format_number(ours.value) + ("" if ours.spread is None else f" ± {format_number(ours.spread)}")


def format_interval(low: float | None, high: float | None) -> str:
    """Such as `[45.0, 52.0]`."""
    return DASH if low is None or high is None else f"[{format_number(low)}, {format_number(high)}]"

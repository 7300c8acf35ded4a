"""What the page warns of first: the warnings of the snapshots that it shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stylesv.records.score import Score


@dataclass(frozen=True)
class SnapshotWarnings:
    """The warnings of one snapshot: its run, its kimg and a sentence each."""

    run: str
    kimg: int | None
    sentences: tuple[str, ...]


def warnings_of_snapshots(scores: Sequence[Score], shown: Mapping[str, int | None]) -> tuple[SnapshotWarnings, ...]:
    """Warnings in the scores of the snapshots that are shown (kimg by run); each code once, as the first protocol says it."""
    found: dict[str, dict[str, str]] = {}
    for score in scores:
        run = score.scored.run
        if score.warnings and run in shown and shown[run] == score.scored.kimg:
            for warning in score.warnings:
                found.setdefault(run, {}).setdefault(warning.code, warning.sentence)
    return tuple(SnapshotWarnings(run, shown[run], tuple(sentences.values())) for run, sentences in found.items())

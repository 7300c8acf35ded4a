"""What the page warns of first: the warnings of the snapshots that it shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stylesv.records.score import Score
from stylesv.records.warning import WarningCode

IN_WORDS: Mapping[WarningCode, str] = {
    "still": "stand still",
    "slow": "change less than half as much from frame to frame as real ones",
    "fast": "change more than twice as much from frame to frame as real ones",
    "morphs": "morph more than they move",
    "wrong_direction": "move in other directions than real ones",
    "collapsed": "have nearly the same contents",
    "copies": "copy real ones",
    "repeats": "repeat themselves",
}
"""What is wrong with clips, for lists in which each run's numbers would be too much."""


@dataclass(frozen=True)
class SnapshotWarnings:
    """The warnings of one snapshot: its run, its kimg and a sentence for each code."""

    run: str
    kimg: int | None
    warnings: Mapping[WarningCode, str]

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is wrong, with the numbers."""
        return tuple(self.warnings.values())


def warnings_of_snapshots(scores: Sequence[Score], shown: Mapping[str, int | None]) -> tuple[SnapshotWarnings, ...]:
    """Warnings in the scores of the snapshots that are shown (kimg by run); each code once, as the first protocol says it."""
    found: dict[str, dict[WarningCode, str]] = {}
    for score in scores:
        run = score.scored.run
        if score.warnings and run in shown and shown[run] == score.scored.kimg:
            for warning in score.warnings:
                found.setdefault(run, {}).setdefault(warning.code, warning.sentence)
    return tuple(SnapshotWarnings(run, shown[run], warnings) for run, warnings in found.items())


def runs_by_warning(warnings: Sequence[SnapshotWarnings]) -> dict[str, list[str]]:
    """For each thing that is wrong, in words, the runs of which it is, most runs first."""
    runs = {words: [each.run for each in warnings if code in each.warnings] for code, words in IN_WORDS.items()}
    return {words: runs[words] for words in sorted(runs, key=lambda words: -len(runs[words])) if runs[words]}

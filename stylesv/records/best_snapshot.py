"""Which snapshot is the best: by its score, among those whose clips move where the protocol says so (docs/protocols.md 7.3).

One rule for the file of a choice and for tables, curves and the page.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from stylesv.config.protocol import ProtocolSettings
from stylesv.records.warning import ScoreWarning

NOT_MOVING = frozenset({"still", "slow", "fast"})
"""Warnings with which a snapshot is only the best if all have one."""


@dataclass(frozen=True)
class Candidate:
    """A snapshot that may be the best."""

    kimg: int | None
    value: float
    warnings: tuple[ScoreWarning, ...]

    @property
    def moves(self) -> bool:
        """Whether its clips move about as much as real ones."""
        return not any(warning.code in NOT_MOVING for warning in self.warnings)


@dataclass(frozen=True)
class Best:
    """The best of several candidates."""

    place: int
    """Its place among them."""
    moving: tuple[bool, ...] | None
    """Which of them it was looked for among; None where motion does not decide."""
    reason: str
    """Why it is this one."""
    by_motion: bool
    """Whether motion made it another one than the score alone would, or could not, since none moves: worth being told."""


def best_snapshot(candidates: Sequence[Candidate], settings: ProtocolSettings) -> Best:
    """The best of at least one candidate; of equally good ones the earliest."""
    sign = -1 if settings.higher_is_better else 1
    order = sorted(range(len(candidates)), key=lambda n: (sign * candidates[n].value, candidates[n].kimg or 0))
    extreme = f"{'highest' if settings.higher_is_better else 'lowest'} {settings.metric_label}"
    if not settings.motion_decides:
        return Best(order[0], None, f"the {extreme} of all snapshots", False)
    moving = tuple(candidate.moves for candidate in candidates)
    if not any(moving):
        reason = f"the {extreme} of all snapshots: there is none whose clips move about as much as real ones"
        return Best(order[0], moving, reason, True)
    place = next(number for number in order if moving[number])
    reason = f"the {extreme} of the snapshots whose clips move about as much as real ones"
    if place != order[0]:
        first = candidates[order[0]]
        codes = " and ".join(warning.code for warning in first.warnings if warning.code in NOT_MOVING)
        reason += f"; that of kimg {first.kimg} is better ({first.value:.4g}), but its clips are {codes}"
    return Best(place, moving, reason, place != order[0])

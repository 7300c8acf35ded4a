"""Which snapshot is the best: by its score, among those whose clips move where the protocol says so (docs/protocols.md 7.3).

One rule for the file of a choice and for tables, curves and the page.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from stylesv.config.protocol import ProtocolSettings
from stylesv.records.motion import MotionScore
from stylesv.records.warning import ScoreWarning

LIKE_REAL = 0.5
"""Likeness of motion from which clips move about as much as real ones: change and flow between half and twice theirs."""
WORDS = {"still": "stand still", "slow": "are too slow", "fast": "are too fast", "morphs": "morph more than they move"}


@dataclass(frozen=True)
class Candidate:
    """A snapshot that may be the best."""

    kimg: int | None
    value: float
    warnings: tuple[ScoreWarning, ...] = ()
    motion: MotionScore | None = None

    @property
    def likeness(self) -> float:
        """How like the real clips' its motion is, 0 to 1; 1 where nothing was measured."""
        return 1.0 if self.motion is None else self.motion.likeness


@dataclass(frozen=True)
class Best:
    """The best of several candidates."""

    place: int
    """Its place among them."""
    moving: tuple[bool, ...] | None
    """Which of them move about as much as real clips; None where motion does not decide."""
    reason: str
    """Why it is this one."""
    by_motion: bool
    """Whether motion made it another one than the score alone would, or none moves as real clips do: worth being told."""


def best_snapshot(candidates: Sequence[Candidate], settings: ProtocolSettings) -> Best:
    """The best of at least one candidate; of equally good ones the earliest.

    Where motion decides it is the best score among snapshots that move about as much as real clips; where none does, among those
    whose motion is at least half as like the real one's as that of the snapshot which comes nearest.
    """
    sign = -1 if settings.higher_is_better else 1
    order = sorted(range(len(candidates)), key=lambda n: (sign * candidates[n].value, candidates[n].kimg or 0))
    extreme = f"the {'highest' if settings.higher_is_better else 'lowest'} {settings.metric_label}"
    if not settings.motion_decides:
        return Best(order[0], None, f"{extreme} of all snapshots", False)
    nearest = max(candidate.likeness for candidate in candidates)
    moving = tuple(candidate.likeness >= LIKE_REAL for candidate in candidates)
    limit = LIKE_REAL if any(moving) else nearest / 2
    place = next(number for number in order if candidates[number].likeness >= limit)
    if any(moving):
        reason = f"{extreme} of the snapshots whose clips move about as much as real ones"
    else:
        reason = (
            f"{extreme} of the snapshots that come nearest: there is none whose clips move about as much as real ones"
        )
    if place != order[0]:
        first = candidates[order[0]]
        wrong = [WORDS[warning.code] for warning in first.warnings if warning.code in WORDS]
        but = " and ".join(wrong) or "move less like real ones"
        reason += f"; that of kimg {first.kimg} is better ({first.value:.4g}), but its clips {but}"
    return Best(place, moving, reason, place != order[0] or not any(moving))

"""When the motion of generated clips is called wrong, and in which words (docs/protocols.md 7.3)."""

import math

from stylesv.records.motion import MIN_FLOW_RELATIVE, STILL_GREY_LEVELS, ClipShare, Distribution, MotionScore
from stylesv.records.warning import ScoreWarning

SHARE_ABOVE_REAL = 0.1  # more clips than this, beyond the share of real ones, are worth a warning
SLOW, FAST = 0.5, 2.0  # of the real clips' frame difference
MORPHING = 0.5  # of the real clips' flow
SAME_DIRECTION = 0.5  # cosine
MIN_CERTAIN_CELLS = 0.05  # share of the picture
ERRORS = 2  # standard errors, from which two means differ


def motion_warnings(motion: MotionScore) -> tuple[ScoreWarning, ...]:
    """What is wrong with how the clips move; nothing where they move as real ones do."""
    found: list[ScoreWarning | None] = [_still(motion)]
    if motion.share("still").generated <= 0.5:  # of clips that stand still there is nothing else to say
        found += [_slow_or_fast(motion), _morphs(motion), _wrong_direction(motion), _repeats(motion)]
    return tuple(warning for warning in (*found, _collapsed(motion)) if warning is not None)


def _still(motion: MotionScore) -> ScoreWarning | None:
    share = motion.share("still")
    if not _beyond_real(share):
        return None
    made, real = (side.mean for side in _sides(motion, "difference_1"))
    return ScoreWarning(
        code="still",
        sentence=f"{_percent(share.generated)} of its clips stand still (real: {_percent(share.real)}): frames change by "
        f"{made:.2g} grey levels on average, where real ones change by {real:.2g}.",
    )


def _slow_or_fast(motion: MotionScore) -> ScoreWarning | None:
    made, real = (side.mean for side in _sides(motion, "difference_1"))
    if not _surely_differ(motion, "difference_1"):
        return None
    if made < SLOW * real and real > STILL_GREY_LEVELS:
        code, words = "slow", "less than half"
    elif made > FAST * max(real, STILL_GREY_LEVELS):
        code, words = "fast", "more than twice"
    else:
        return None
    return ScoreWarning(
        code=code,
        sentence=f"Its clips change {words} as much from frame to frame as real ones: {made:.2g} against {real:.2g} grey levels.",
    )


def _morphs(motion: MotionScore) -> ScoreWarning | None:
    made, real = (side.mean for side in _sides(motion, "difference_1"))
    flow = [side.mean for side in _sides(motion, "flow_relative")]
    if made < SLOW * real or flow[0] >= MORPHING * flow[1] or flow[1] < MIN_FLOW_RELATIVE:
        return None
    if not _surely_differ(motion, "flow_relative"):
        return None
    return ScoreWarning(
        code="morphs",
        sentence=f"Its frames change from one to the next (by {made:.2g} grey levels, real ones by {real:.2g}), but what is in "
        f"them moves less than half as far ({flow[0]:.2g} against {flow[1]:.2g} % of the width a frame): they morph more than "
        "they move.",
    )


def _wrong_direction(motion: MotionScore) -> ScoreWarning | None:
    cosine = motion.direction_cosine
    if cosine is None or cosine >= SAME_DIRECTION or motion.certain_cells < MIN_CERTAIN_CELLS:
        return None
    return ScoreWarning(
        code="wrong_direction",
        sentence=f"Its clips move in other directions than real ones: mean cosine {cosine:.2f} where real clips have a direction "
        "in common (1 the same, 0 unrelated, -1 opposite).",
    )


def _repeats(motion: MotionScore) -> ScoreWarning | None:
    share = motion.share("repeating")
    if not _beyond_real(share):
        return None
    return ScoreWarning(
        code="repeats",
        sentence=f"{_percent(share.generated)} of its clips repeat their motion within {motion.generated_frames} frames (real: "
        f"{_percent(share.real)}).",
    )


def _collapsed(motion: MotionScore) -> ScoreWarning | None:
    share = motion.share("collapsed")
    if not _beyond_real(share):
        return None
    return ScoreWarning(
        code="collapsed",
        sentence=f"{_percent(share.generated)} of its clips have nearly the content of another (real: {_percent(share.real)}).",
    )


def _sides(motion: MotionScore, name: str) -> tuple[Distribution, Distribution]:
    number = motion.number(name)
    return number.generated, number.real


def _surely_differ(motion: MotionScore, name: str) -> bool:
    """Whether the two means are further apart than other clips would move them: by two standard errors of their difference."""
    made, real = _sides(motion, name)
    return abs(made.mean - real.mean) > ERRORS * math.hypot(made.error or 0, real.error or 0)


def _beyond_real(share: ClipShare) -> bool:
    if share.generated is None or share.real is None:
        return False
    return share.generated > share.real + SHARE_ABOVE_REAL


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"

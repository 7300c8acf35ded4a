"""A record of motion for tests: so many times as much as real clips."""

from stylesv.records.motion import NUMBERS, ClipShare, Distribution, MotionNumber, MotionScore

REAL = {"difference_1": 4.0, "difference_4": 8.0, "difference_16": 9.0, "flow_px": 0.5, "flow_relative": 1.5}
REAL |= {"flow_change": 0.5, "repetition": 0.2}


def spread(mean: float) -> Distribution:
    return Distribution(mean=mean, error=0.1, low=mean, median=mean, high=mean, clips=8)


def motion(
    change: float = 1.0,
    flow: float = 1.0,
    still: float = 0.0,
    *,
    cosine: float | None = None,
    repeating: float = 0.0,
    real: dict[str, float] = REAL,
) -> MotionScore:
    """Motion of `change` and `flow` times the real one."""
    times = {name: change if name.startswith("difference") else flow for name in NUMBERS}
    numbers = (
        MotionNumber(name=name, generated=spread(times[name] * value), real=spread(value))
        for name, value in real.items()
    )
    shares = {"still": (still, 0.0), "repeating": (repeating, 0.0), "collapsed": (None, None)}
    return MotionScore(
        **{"generated_clips": 8, "generated_frames": 32, "real_clips": 8, "real_frames": 32},
        numbers=tuple(numbers),
        shares=tuple(ClipShare(name=name, generated=made, real=own) for name, (made, own) in shares.items()),
        direction_cosine=cosine,
        certain_cells=0.0 if cosine is None else 0.8,
    )

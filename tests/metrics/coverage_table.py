"""How often intervals and floors hold what they say they hold, by simulation: the table of docs/protocols.md 8.5.

`python tests/metrics/coverage_table.py` makes it again, in about three minutes. Features are of 40 dimensions whose variances
fall as 1/k; generators are perfect, or 1.2 times as wide and shifted.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from stylesv.config.beside import FloorSettings
from stylesv.metrics.bootstrap import frechet_interval
from stylesv.metrics.floor import GeneratedClips, floor_of_features, floor_of_moments
from stylesv.metrics.infinity import extrapolate
from stylesv.metrics.moments import Moments
from stylesv.metrics.resampling import RealSide, ResampledFrechet, once

ROOTS = np.sqrt(1 / np.arange(1, 41))
SETTINGS = FloorSettings(draws=100, level=0.95, parts=3, seed=0)
SCALE, SHIFT = 1.2, 0.3 * (np.arange(40) < 4)
SCORES, TRIALS = 400, 60

Draw = Callable[[np.random.Generator, int, int], np.ndarray]


def normal(random: np.random.Generator, videos: int, per_video: int) -> np.ndarray:
    """Normal vectors; clips of one video share four fifths of their standard deviation."""
    own = random.standard_normal((videos * per_video, 40))
    if per_video == 1:
        return own * ROOTS
    return (0.8 * np.repeat(random.standard_normal((videos, 40)), per_video, axis=0) + 0.6 * own) * ROOTS


def heavy(degrees: float) -> Draw:
    """Student's t: normal vectors, each longer or shorter as a whole."""

    def draw(random: np.random.Generator, videos: int, per_video: int) -> np.ndarray:
        scale = np.sqrt((degrees - 2) / random.chisquare(degrees, (videos * per_video, 1)))
        return normal(random, videos, per_video) * scale

    return draw


def kinds(random: np.random.Generator, videos: int, per_video: int) -> np.ndarray:
    """30 kinds of clips, as wide as each other by a factor of up to e."""
    fixed = np.random.default_rng(99)
    centres, widths = fixed.standard_normal((30, 40)), fixed.lognormal(0, 0.5, 30)
    kind = random.integers(30, size=videos * per_video)
    own = random.standard_normal((videos * per_video, 40))
    return (0.8 * centres[kind] + 0.6 * widths[kind][:, None] * own) * ROOTS


@dataclass(frozen=True)
class Case:
    """What is simulated."""

    name: str
    draw: Draw
    videos: int
    per_video: int
    generated: int


CASES = (
    Case("normal", normal, 400, 1, 400),
    Case("normal, few", normal, 60, 1, 40),
    Case("normal, 8 clips a video", normal, 50, 8, 400),
    Case("30 kinds", kinds, 400, 1, 400),
    Case("t, 8 degrees", heavy(8), 400, 1, 400),
    Case("t, 4.5 degrees", heavy(4.5), 400, 1, 400),
    Case("t, 4.5 degrees, few", heavy(4.5), 60, 1, 40),
)


def compared(real: np.ndarray, generated: np.ndarray) -> ResampledFrechet:
    """Both sides of a score."""
    return ResampledFrechet(RealSide(real, "population", kept_bytes=0), generated)


def score(case: Case, random: np.random.Generator, *, perfect: bool) -> float:
    """One score of a perfect generator, or of the other one."""
    real, made = case.draw(random, case.videos, case.per_video), case.draw(random, case.generated, 1)
    made = made if perfect else SCALE * made + SHIFT
    return compared(real, made).distance(once(len(real)), once(len(made)))


def row(case: Case) -> list[str]:
    """One line of the table."""
    random = np.random.default_rng(0)
    perfect, other = (np.array([score(case, random, perfect=kind) for _ in range(SCORES)]) for kind in (True, False))
    whole = case.draw(random, 200_000, 1)
    mean = whole.mean(axis=0)
    true = np.square((SCALE - 1) * mean + SHIFT).sum() + (SCALE - 1) ** 2 * whole.var(axis=0).sum()
    videos = np.repeat(np.arange(case.videos), case.per_video)
    held, floors, inside, normals, infinite = [], [], [], [], []
    for _ in range(TRIALS):
        real = case.draw(random, case.videos, case.per_video)
        made = SCALE * case.draw(random, case.generated, 1) + SHIFT
        groups = (videos, np.arange(case.generated))
        low, high = frechet_interval(compared(real, made), groups=groups, resamples=100, level=0.95, seed=0)
        held.append(low <= other.mean() <= high)
        options = {"covariance": "population", "settings": SETTINGS}
        clips = GeneratedClips(case.generated, 1)
        floor = floor_of_features(real, videos, clips, **options)
        floors.append(floor.value / perfect.mean())
        inside.append(np.mean((floor.low <= perfect) & (perfect <= floor.high)))
        normals.append(floor_of_moments(Moments.from_features(real), 1, clips, **options).value / perfect.mean())
        infinite.append(extrapolate(compared(real, made), groups=groups, parts=3, seed=0).value / true)
    counts = f"{case.videos * case.per_video} and {case.generated}"
    return [
        case.name,
        counts,
        f"{100 * np.mean(held):.0f} %",
        f"{np.mean(floors):.2f} +- {np.std(floors):.2f}",
        f"{100 * np.mean(inside):.0f} %",
        f"{np.mean(normals):.2f}",
        f"{other.mean() / true:.2f}",
        f"{np.mean(infinite):.2f} +- {np.std(infinite):.2f}",
    ]


HEAD = (
    *("features", "real and generated", "95 % intervals that hold the expected score", "floor / true floor"),
    *("perfect scores inside the floor's 95 %", "gaussian floor / true floor", "score / true distance"),
    "value at infinity / true distance",
)

if __name__ == "__main__":
    print("| " + " | ".join(HEAD) + " |\n|" + "---|" * len(HEAD))
    for case in CASES:
        print("| " + " | ".join(row(case)) + " |", flush=True)

"""The score that endlessly many clips would have, as FID-infinity has it (Chong and Forsyth 2020).

A Fréchet distance falls about linearly with one over the number of clips. Both sides are cut into 1, 2, ... equal disjoint
parts, real clips by videos; a line through the mean distances of the parts, against the number of parts, has the score of
endlessly many clips where it meets zero. Chong and Forsyth draw random subsets of the generated side alone; here the real
side is finite, too. With no more clips than feature dimensions the line is no line, and the value stays too high
(docs/protocols.md 8.1).
"""

import numpy as np
from jaxtyping import Int

from stylesv.metrics.resampling import ResampledFrechet
from stylesv.records.floor import Infinity, InfinityPoint
from stylesv.seeding import numpy_generator


def extrapolate(
    clips: ResampledFrechet,
    *,
    groups: tuple[Int[np.ndarray, "n"], Int[np.ndarray, "m"]],
    parts: int,
    seed: int,
) -> Infinity | None:
    """The value at infinitely many clips from 1 to `parts` parts; None where no part of two has two clips.

    `groups` has the video of every real and generated clip: no video is cut in two.
    """
    points = []
    for number in range(1, parts + 1):
        random = numpy_generator(seed, "infinity", number)
        sides = [_split(videos, number, random) for videos in groups]
        if min(int((side == part).sum()) for side in sides for part in range(number)) < 2:
            break
        distances = [clips.distance(*((side == part).astype(np.int64) for side in sides)) for part in range(number)]
        sizes = [len(side) // number for side in sides]
        points.append(InfinityPoint(real_clips=sizes[0], generated_clips=sizes[1], distance=float(np.mean(distances))))
    if len(points) < 2:
        return None
    slope_and_value = np.polyfit(np.arange(1, len(points) + 1), [point.distance for point in points], 1)
    return Infinity(value=float(slope_and_value[1]), points=tuple(points))


def _split(videos: Int[np.ndarray, "n"], parts: int, random: np.random.Generator) -> Int[np.ndarray, "n"]:
    """The part of each clip: as many videos in each as can be."""
    _, numbers = np.unique(videos, return_inverse=True)
    count = int(numbers.max()) + 1
    return (random.permutation(count) * parts // count)[numbers]

"""Which frames of a video make a training clip: spans or equal distances (docs/model.md 8; StyleGAN-V, section 3.3).

Different from the published code on purpose: a draw is a function of (seed, purpose, clip number) and not of the
draws before it; the largest distance can be drawn; a single frame is any frame of the video with equal probability.
The published behaviour of the last two stays available as `FrameSamplingSettings.published_spans`.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int, Num

from stylesv.config.training import FrameSamplingSettings
from stylesv.errors import ConfigError, DataError
from stylesv.seeding import numpy_generator


def sample_frame_times(
    rng: np.random.Generator,
    *,
    clip_length: int,
    num_frames: int,
    sampling: FrameSamplingSettings,
    fractional: bool = False,
) -> Num[np.ndarray, "t"]:
    """Times of one clip's frames, ascending, in frames from the start of a video of `clip_length` frames.

    Whole numbers (int64) for real frames; `fractional` shifts the clip by a part of a frame (float64), as generated
    clips are.

    Raises:
        ConfigError: no distance in the settings can hold `num_frames` frames.
        DataError: the video is too short.
    """
    distances = allowed_distances(clip_length, num_frames, sampling)
    distance = distances[int(rng.integers(len(distances)))]
    if sampling.kind == "uniform":
        steps = distance * np.arange(num_frames)
        slack = clip_length - 1 - int(steps[-1])
    elif num_frames == 1:
        steps = np.zeros(1, dtype=np.int64)
        slack = clip_length - 1 - distance
    else:
        interior = 1 + rng.choice(max(distance - 1, 1), num_frames - 2, replace=False)
        steps = np.array([0, *sorted(interior), distance], dtype=np.int64)
        slack = clip_length - 1 - distance
    if fractional:
        return steps + rng.random() * slack
    return steps + rng.integers(slack + 1)


def frame_times_for_batch(
    seed: int,
    purpose: str,
    *,
    clip_numbers: Sequence[int],
    clip_lengths: Sequence[int],
    num_frames: int,
    sampling: FrameSamplingSettings,
    max_num_frames: int,
    fractional: bool = False,
) -> Num[np.ndarray, "n t"]:
    """Times of a batch of clips, each a function of (seed, purpose, its clip number) alone.

    Clips of videos longer than `max_num_frames` lie within a window of that many frames; `window_starts` says where
    in the video the window begins.
    """
    if not clip_numbers:
        raise ValueError("a batch needs at least one clip")
    rows = [
        sample_frame_times(
            numpy_generator(seed, purpose, number),
            clip_length=min(length, max_num_frames),
            num_frames=num_frames,
            sampling=sampling,
            fractional=fractional,
        )
        for number, length in zip(clip_numbers, clip_lengths, strict=True)
    ]
    return np.stack(rows)


def window_starts(
    seed: int, purpose: str, *, clip_numbers: Sequence[int], clip_lengths: Sequence[int], max_num_frames: int
) -> Int[np.ndarray, "n"]:
    """First frame, in each video, of the window of at most `max_num_frames` frames that a clip's times count from."""
    starts = [
        numpy_generator(seed, f"{purpose} window", number).integers(max(length - max_num_frames, 0) + 1)
        for number, length in zip(clip_numbers, clip_lengths, strict=True)
    ]
    return np.array(starts, dtype=np.int64)


def min_clip_length(num_frames: int, sampling: FrameSamplingSettings) -> int:
    """Frames a video must have for clips of `num_frames` frames to be drawn from it.

    Raises:
        ConfigError: no distance in the settings can hold `num_frames` frames.
    """
    if _any_frame(num_frames, sampling):
        return 1
    candidates = _distances_up_to(max(sampling.distances or [num_frames + 1]), num_frames, sampling)
    if not candidates:
        raise ConfigError(
            f"frame sampling: none of the distances {sampling.distances or 'up to max_distance'} with max_distance "
            f"{sampling.max_distance} can hold {num_frames} frames; raise max_distance, add distances or lower "
            "the number of frames"
        )
    smallest = min(candidates)
    if sampling.kind == "uniform":
        return smallest * (num_frames - 1) + 1
    return smallest + (2 if sampling.published_spans and sampling.distances is None else 1)


def allowed_distances(clip_length: int, num_frames: int, sampling: FrameSamplingSettings) -> Sequence[int]:
    """The distances that may be drawn for a video of `clip_length` frames, each with equal probability.

    `kind: random`: from the clip's first to its last frame; `uniform`: from each frame to the next.

    Raises:
        ConfigError: no distance in the settings can hold `num_frames` frames.
        DataError: the video is too short.
    """
    needed = min_clip_length(num_frames, sampling)
    if clip_length < needed:
        raise DataError(
            f"a video of {clip_length} frames is too short for clips of {num_frames} frames: the sampling settings "
            f"need at least {needed}; leave short videos out when packing, or lower the number of frames or the "
            "distances"
        )
    if _any_frame(num_frames, sampling):
        return [0]
    if sampling.kind == "random":
        reach = clip_length - 1
    elif sampling.published_spans and sampling.distances is None:
        reach = clip_length // num_frames
    else:
        reach = (clip_length - 1) // (num_frames - 1)
    return _distances_up_to(reach, num_frames, sampling)


def _any_frame(num_frames: int, sampling: FrameSamplingSettings) -> bool:
    """Whether a clip is one frame, drawn without a distance."""
    return num_frames == 1 and (sampling.kind == "uniform" or not sampling.published_spans)


def _distances_up_to(reach: int, num_frames: int, sampling: FrameSamplingSettings) -> Sequence[int]:
    """The distances that the settings allow and that are at most `reach` frames."""
    smallest = num_frames - 1 if sampling.kind == "random" else 1
    largest = reach if sampling.max_distance is None else min(reach, sampling.max_distance)
    if sampling.distances is not None:
        return [distance for distance in sampling.distances if smallest <= distance <= largest]
    end_left_out = sampling.kind == "random" and sampling.published_spans
    return range(smallest, largest if end_left_out else largest + 1)

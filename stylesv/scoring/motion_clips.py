"""Which clips the motion of a side is measured on: neighbouring frames, as many as the protocol asks for or its videos have."""

from collections import Counter
from collections.abc import Sequence

from stylesv.config.protocol import ProtocolSettings
from stylesv.errors import DataError
from stylesv.metrics.clip_selection import ClipSelection, select_generated_clips, select_real_clips
from stylesv.seeding import numpy_generator


def select_motion_clips(
    lengths: Sequence[int], films: Sequence[int], settings: ProtocolSettings, *, is_real: bool
) -> ClipSelection | None:
    """Clips of real or generated videos with these lengths (in frames), cut from these films; None for fewer than two clips.

    Real videos are drawn, one of each film before any gives a second; one clip of each before any gives a second, as the
    protocol takes clips for its score. Where fewer than half of the videos have the frames that the protocol asks for, clips
    have as many as half of the videos have.
    """
    motion, start = settings.motion, 0 if is_real else settings.generated.start_time
    half = sorted(lengths, reverse=True)[(len(lengths) - 1) // 2] - start
    num_frames = min(motion.num_frames, half)
    if num_frames < 2:
        return None
    real, generated = settings.real, settings.generated
    taken = settings.model_copy(
        update={
            **{"num_frames": num_frames, "frame_stride": 1},
            "real": real.model_copy(update={"max_clips": motion.num_clips, "whole_strides": False}),
            "generated": generated.model_copy(update={"num_clips": motion.num_clips, "clips_per_video": 1}),
        }
    )
    try:
        if not is_real:
            return select_generated_clips(lengths, taken)
        fitting = [video for video, length in enumerate(lengths) if length >= num_frames]
        drawn = _drawn_videos(fitting, films, motion.num_clips)
        return select_real_clips([length if video in drawn else 0 for video, length in enumerate(lengths)], taken)
    except DataError:  # a single clip
        return None


def _drawn_videos(videos: Sequence[int], films: Sequence[int], count: int) -> set[int]:
    """`count` of the videos, or all of them; the first of a data set by name are often of one place or day."""
    order = numpy_generator(0, "real motion clips").permutation(len(videos))
    turns: Counter[int] = Counter()  # how many videos of each film come before
    ranked = []
    for place in order:
        film = films[videos[place]]
        ranked.append((turns[film], videos[place]))
        turns[film] += 1
    return {video for _, video in sorted(ranked, key=lambda pair: pair[0])[:count]}

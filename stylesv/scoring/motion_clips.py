"""Which clips the motion of a side is measured on: neighbouring frames, as many as the protocol asks for or its videos have."""

from collections.abc import Sequence

from stylesv.config.protocol import ProtocolSettings
from stylesv.errors import DataError
from stylesv.metrics.clip_selection import ClipSelection, select_generated_clips, select_real_clips


def select_motion_clips(lengths: Sequence[int], settings: ProtocolSettings, *, is_real: bool) -> ClipSelection | None:
    """Clips of real or generated videos with these lengths (in frames); None if there are no two clips of two frames.

    One of each video before any gives a second, as the protocol takes clips for its score. Where fewer than half of the videos
    have the frames that the protocol asks for, clips have as many as half of the videos have.
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
        return (select_real_clips if is_real else select_generated_clips)(lengths, taken)
    except DataError:  # a single clip
        return None

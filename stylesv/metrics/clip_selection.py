"""Which real clips a protocol takes, from the lengths of the videos alone (SPEC section 8).

Different from the published code on purpose: first frames are a function of the seed and the video, short videos are
counted, and a video is long enough when the clip fits into it (published: `num_frames * frame_stride` frames).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from stylesv.config.protocol import ProtocolSettings
from stylesv.errors import DataError
from stylesv.seeding import numpy_generator


@dataclass(frozen=True)
class ClipSelection:
    """`clips` are (video number, first frame), sorted; `times` are the frames of a clip counted from its first."""

    clips: tuple[tuple[int, int], ...]
    times: tuple[int, ...]
    num_short_videos: int

    @property
    def sha256(self) -> str:
        """Hash of the selection: equal for equal clips of equally numbered videos."""
        return hashlib.sha256(repr((self.clips, self.times)).encode()).hexdigest()


def select_real_clips(video_lengths: Sequence[int], protocol: ProtocolSettings) -> ClipSelection:
    """Real clips of videos with these lengths (in frames), in the order of the data set.

    Raises:
        DataError: fewer than two clips fit.
    """
    starts = [length - protocol.span + 1 for length in video_lengths]  # number of first frames that fit
    per_video = [_first_frames(video, count, protocol) for video, count in enumerate(starts) if count > 0]
    numbers = [video for video, count in enumerate(starts) if count > 0]
    clips: list[tuple[int, int]] = []
    for place in range(protocol.real.max_clips_per_video):
        clips += [(v, frames[place]) for v, frames in zip(numbers, per_video, strict=True) if place < len(frames)]
    clips = sorted(clips[: protocol.real.max_clips])
    if len(clips) < 2:
        raise DataError(
            f"{len(clips)} real clips of {protocol.span} frames in {len(starts)} videos (the longest has "
            f"{max(video_lengths, default=0)} frames); at least 2 are needed: give more or longer videos, or lower "
            "num_frames or frame_stride of the protocol"
        )
    times = tuple(range(0, protocol.span, protocol.frame_stride))
    return ClipSelection(tuple(clips), times, num_short_videos=len(starts) - len(numbers))


def _first_frames(video: int, count: int, protocol: ProtocolSettings) -> list[int]:
    """First frames in one video, of `count` that fit; in the order in which they are taken."""
    wanted = min(protocol.real.max_clips_per_video, count)
    if protocol.real.first_frames == "random":
        draw = numpy_generator(protocol.real.seed, "real-clips", video)
        return [int(first) for first in draw.choice(count, size=wanted, replace=False)]
    if wanted == 1:
        return [(count - 1) // 2]
    return [place * (count - 1) // (wanted - 1) for place in range(wanted)]

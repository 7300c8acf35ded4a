"""Which clips of videos a protocol takes, from the lengths of the videos alone (docs/protocols.md 2.1).

Different from the published code on purpose: first frames are a function of the seed and the video, and short videos
are counted. A video is long enough when the clip fits into it, or with `whole_strides`, as published, when it has
`num_frames * frame_stride` frames.
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
    needed = protocol.num_frames * protocol.frame_stride if protocol.real.whole_strides else protocol.span
    starts = [
        length - protocol.span + 1 if length >= needed else 0 for length in video_lengths
    ]  # first frames that fit
    per_video = {video: _first_frames(video, count, protocol) for video, count in enumerate(starts) if count > 0}
    clips: list[tuple[int, int]] = []
    for place in range(max((len(frames) for frames in per_video.values()), default=0)):
        clips += [(video, frames[place]) for video, frames in per_video.items() if place < len(frames)]
    clips = sorted(clips[: protocol.real.max_clips])
    _require_two(clips, video_lengths, needed, "real")
    return ClipSelection(tuple(clips), _times(protocol), num_short_videos=len(starts) - len(per_video))


def select_generated_clips(video_lengths: Sequence[int], protocol: ProtocolSettings) -> ClipSelection:
    """Clips of generated videos, as they would be generated: `clips_per_video` from `start_time`, one behind the other.

    Raises:
        DataError: fewer than two clips fit.
    """
    generated = protocol.generated
    firsts = [generated.start_time + place * protocol.span for place in range(generated.clips_per_video)]
    clips = [
        (v, first) for v, length in enumerate(video_lengths) for first in firsts if first + protocol.span <= length
    ]
    clips = clips[: generated.num_clips]
    _require_two(clips, video_lengths, generated.start_time + protocol.span, "generated")
    short = sum(length < firsts[0] + protocol.span for length in video_lengths)
    return ClipSelection(tuple(clips), _times(protocol), num_short_videos=short)


def select_late_clips(
    video_lengths: Sequence[int], *, start: int, num_frames: int, frame_stride: int, max_clips: int
) -> ClipSelection:
    """One clip from `start` of each of the first videos that are long enough; perhaps none."""
    times = tuple(range(0, num_frames * frame_stride, frame_stride))
    fitting = [video for video, length in enumerate(video_lengths) if start + times[-1] < length]
    clips = tuple((video, start) for video in fitting[:max_clips])
    return ClipSelection(clips, times, num_short_videos=len(video_lengths) - len(fitting))


def _times(protocol: ProtocolSettings) -> tuple[int, ...]:
    return tuple(range(0, protocol.span, protocol.frame_stride))


def _first_frames(video: int, count: int, protocol: ProtocolSettings) -> list[int]:
    """First frames in one video, of `count` that fit; in the order in which they are taken."""
    wanted = min(protocol.real.max_clips_per_video or count, count)
    if protocol.real.first_frames == "random":
        draw = numpy_generator(protocol.real.seed, "real-clips", video)
        return [int(first) for first in draw.choice(count, size=wanted, replace=False)]
    if wanted == 1:
        return [(count - 1) // 2]
    return [place * (count - 1) // (wanted - 1) for place in range(wanted)]


def _require_two(clips: Sequence[tuple[int, int]], video_lengths: Sequence[int], needed: int, kind: str) -> None:
    if len(clips) < 2:
        raise DataError(
            f"{len(clips)} {kind} clips of {needed} frames in {len(video_lengths)} videos (the longest has "
            f"{max(video_lengths, default=0)} frames); at least 2 are needed: give more or longer videos, or lower "
            "num_frames or frame_stride of the protocol"
        )

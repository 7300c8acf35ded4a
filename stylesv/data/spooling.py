"""From a source to its encoded frames in a spool file, by one process or several.

A video is spooled before it is packed because only its last frame tells whether it is damaged, and because the order
in the packed zip must not depend on which process is done first.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stylesv.config.dataset import PackSettings
from stylesv.data.decoding import SourceFrame, VideoFacts, decode_film, resample
from stylesv.data.frame_codec import frame_codec
from stylesv.data.frame_fitting import encode_frame
from stylesv.data.pictures import decode_frame_folder
from stylesv.data.video_sources import VideoSource
from stylesv.data.workers import Job, run_in_order
from stylesv.errors import DataError, MachineError

_END_BYTES, _ENDS_AT_ONCE = 8, 4096


@dataclass(frozen=True)
class SpooledVideo:
    """One source's frames, encoded, one behind the other in a file; where each ends, in bytes, is in another (int64)."""

    facts: VideoFacts
    sha256: str | None
    frames_file: Path
    ends_file: Path
    num_frames: int
    num_kept_jpegs: int
    enlarged: bool

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """Frames `start` up to but not including `end`, one after the other."""
        with open(self.frames_file, "rb") as frames, open(self.ends_file, "rb") as ends:
            place = 0
            if start:
                ends.seek((start - 1) * _END_BYTES)
                (place,) = array("q", ends.read(_END_BYTES))
            frames.seek(place)  # frames between shots, and shots that are too short, are passed over
            for first in range(start, end, _ENDS_AT_ONCE):
                for frame_end in array("q", ends.read(min(_ENDS_AT_ONCE, end - first) * _END_BYTES)):
                    yield frames.read(frame_end - place)
                    place = frame_end

    def remove(self) -> None:
        """Give its disk space back."""
        self.frames_file.unlink()
        self.ends_file.unlink()


def spool_in_order(
    sources: list[VideoSource], partial: Path, settings: PackSettings, num_workers: int
) -> Iterator[SpooledVideo]:
    """Each source decoded and encoded, by `num_workers` processes, in the order of `sources`."""
    jobs = [Job(source.name, (source, partial / f"{number:06d}", settings)) for number, source in enumerate(sources)]
    if num_workers <= 1:
        yield from (spool_video(*job.arguments) for job in jobs)
    else:  # how far they go ahead bounds the disk space that spooled frames take
        yield from run_in_order(spool_video, jobs, num_workers=num_workers, max_ahead=2 * num_workers)


def spool_video(source: VideoSource, spool: Path, settings: PackSettings) -> SpooledVideo:
    """Decode, resample, fit and encode one source into the file `spool`; frames of a damaged one up to the damage.

    Memory is that of a few frames, however long the source is.
    """
    facts, codec, count, kept, enlarged = VideoFacts(), frame_codec(settings), 0, 0, False
    ends = spool.with_name(f"ends-{spool.name}")
    with open(spool, "wb") as frames_file, open(ends, "wb") as ends_file:
        for frame in _frames_of(source, spool, facts, settings.fps):
            stored = encode_frame(frame, settings.resolution, settings.crop, codec)
            kept += stored is frame.jpeg
            enlarged |= min(frame.image.size) < settings.resolution
            frames_file.write(stored)
            ends_file.write(array("q", [frames_file.tell()]).tobytes())
            count += 1
    try:
        sha256 = source.sha256()
    except DataError:
        sha256 = None  # a link that leads nowhere or a member of a zip that cannot be unpacked; `facts.damage` says so
    return SpooledVideo(facts, sha256, spool, ends, count, kept, enlarged)


def _frames_of(source: VideoSource, spool: Path, facts: VideoFacts, fps: float | None) -> Iterator[SourceFrame]:
    if source.kind == "frames":
        yield from decode_frame_folder(source, facts)
        return
    if source.members[0] in source.dangling:
        facts.damage = "is a link that leads nowhere"
        return
    path = source.root / source.members[0]
    if source.zipped:
        path = spool.with_suffix(".film")
        try:
            source.unpack(source.members[0], path)
        except DataError as error:
            facts.damage = f"is damaged: {error}"
            return
    try:
        frames = decode_film(path, facts)
        yield from resample(frames, fps) if fps is not None else frames
    except MachineError as error:
        if source.zipped:
            raise MachineError(f"{source.root}: {source.name}: {error}") from error
        raise
    if source.zipped:
        path.unlink()

"""From a source to its compressed frames in a spool file, by one process or several.

A video is spooled before it is packed because only its last frame tells whether it is damaged, and because the order
in the packed zip must not depend on which process is done first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stylesv.config.dataset import PackSettings
from stylesv.data.decoding import SourceFrame, VideoFacts, decode_film, resample
from stylesv.data.frame_fitting import encode_frame
from stylesv.data.pictures import decode_frame_folder
from stylesv.data.video_sources import VideoSource
from stylesv.data.workers import Job, run_in_order
from stylesv.errors import DataError, MachineError


@dataclass(frozen=True)
class SpooledVideo:
    """One source's frames, compressed, one behind the other in a file; `sizes` in bytes."""

    facts: VideoFacts
    sha256: str | None
    frames_file: Path
    sizes: tuple[int, ...]
    num_kept_jpegs: int
    enlarged: bool


def spool_in_order(
    sources: list[VideoSource], partial: Path, settings: PackSettings, num_workers: int
) -> Iterator[SpooledVideo]:
    """Each source decoded and compressed, by `num_workers` processes, in the order of `sources`."""
    jobs = [Job(source.name, (source, partial / f"{number:06d}", settings)) for number, source in enumerate(sources)]
    if num_workers <= 1:
        yield from (spool_video(*job.arguments) for job in jobs)
    else:  # how far they go ahead bounds the disk space that spooled frames take
        yield from run_in_order(spool_video, jobs, num_workers=num_workers, max_ahead=2 * num_workers)


def spool_video(source: VideoSource, spool: Path, settings: PackSettings) -> SpooledVideo:
    """Decode, resample, fit and compress one source into the file `spool`; frames of a damaged one up to the damage."""
    facts, sizes, kept, enlarged = VideoFacts(), [], 0, False
    with open(spool, "wb") as frames_file:
        for frame in _frames_of(source, spool, facts, settings.fps):
            jpeg = encode_frame(frame, settings.resolution, settings.crop, settings.jpeg_quality)
            kept += jpeg is frame.jpeg
            enlarged |= min(frame.image.size) < settings.resolution
            frames_file.write(jpeg)
            sizes.append(len(jpeg))
    try:
        sha256 = source.sha256()
    except DataError:
        sha256 = None  # a link that leads nowhere or a member of a zip that cannot be unpacked; `facts.damage` says so
    return SpooledVideo(facts, sha256, spool, tuple(sizes), kept, enlarged)


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
            path.write_bytes(source.read(source.members[0]))
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

"""The two sides of a score, from videos or from a snapshot: which clips, how they are recorded, what stands beside them."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from stylesv.config.protocol import ProtocolSettings
from stylesv.files import file_sha256
from stylesv.generation.clips import load_generator
from stylesv.metrics.clip_selection import (
    ClipSelection,
    select_generated_clips,
    select_late_clips,
    select_real_clips,
)
from stylesv.metrics.features import describe_generated_clips, describe_real_clips
from stylesv.metrics.shards import Clips
from stylesv.networks.generator import Generator
from stylesv.records.protocol import UsedProtocol
from stylesv.records.score import GeneratedClipSet, RealClipSet
from stylesv.scoring.clip_sources import PackedVideos, SnapshotClips, StoredClips, Videos
from stylesv.scoring.motion_clips import select_motion_clips
from stylesv.seeding import derive_seed


@dataclass(frozen=True)
class Side:
    """One side of a comparison: the clips of the score, those beside it, and what they are."""

    clips: Clips
    record: RealClipSet | GeneratedClipSet
    fingerprint: str
    """Of videos or snapshot: what decides, with the protocol, whether earlier shards may be used again."""
    videos: tuple[int, ...]
    """The film that each clip's video was cut from, or its latent: clips of one are alike."""
    artefact_clips: Clips | None
    first_time: int
    """Time of the first frame of `artefact_clips`."""
    late_clips: dict[int, Clips] = field(default_factory=dict)
    motion_clips: StoredClips | SnapshotClips | None = None

    def with_motion_of(self, num_frames: int) -> "Side":
        """The same with motion measured on at most so many frames, as many as the other side's clips have: the longer a clip, the
        further apart the frames that a repetition is looked for in."""
        if self.motion_clips is None or self.motion_clips.num_frames <= num_frames:
            return self
        return replace(self, motion_clips=self.motion_clips.shortened(num_frames))


def real_side(videos: Videos, used: UsedProtocol, *, name: str) -> Side:
    """The clips that a protocol takes of real videos; of packed ones the record says what they were asked to hold.

    Raises:
        DataError: fewer than two clips fit.
    """
    selection = select_real_clips(videos.lengths, used.settings)
    described = describe_real_clips(
        selection, films=videos.films, dataset=name, protocol=used, resolution_px=videos.resolution
    )
    asked = videos.asked if isinstance(videos, PackedVideos) else None
    record = described.model_copy(update={"asked": asked})
    return _side_of_videos(videos, selection, record, used.settings, first_artefact_frame=0)


def generated_side(videos: Videos, used: UsedProtocol, *, name: str) -> Side:
    """The clips that a protocol takes of generated videos, whoever generated them.

    Raises:
        DataError: fewer than two clips fit.
    """
    selection = select_generated_clips(videos.lengths, used.settings)
    made = describe_generated_clips(source=name, protocol=used, resolution_px=videos.resolution)
    unknown = {"seed": None, "truncation": None}
    counts = {"count": len(selection.clips), "short_videos": selection.num_short_videos}
    record = made.model_copy(update=unknown | counts)
    start = used.settings.generated.start_time
    return _side_of_videos(videos, selection, record, used.settings, first_artefact_frame=start)


def snapshot_side(networks: Path, used: UsedProtocol, *, name: str) -> Side:
    """The clips that a protocol generates from a snapshot.

    Raises:
        CheckpointError: the snapshot is missing or damaged.
    """
    generator, snapshot = load_generator(networks)
    settings = used.settings
    record = describe_generated_clips(source=name, protocol=used, resolution_px=snapshot.resolution)
    return _side_of_generator(generator, settings, record, file_sha256(networks), seed=settings.generated.seed)


def snapshot_as_real_side(networks: Path, used: UsedProtocol, *, name: str) -> Side:
    """A snapshot's clips in place of real ones, of other latents than those it would be scored with.

    Raises:
        CheckpointError: the snapshot is missing or damaged.
    """
    generator, snapshot = load_generator(networks)
    settings = used.settings
    count, per_video = settings.generated.num_clips, settings.generated.clips_per_video
    record = RealClipSet(
        dataset=name,
        count=count,
        num_videos=-(-count // per_video),
        short_videos=0,
        max_clips_per_video=per_video,
        frame_stride=settings.frame_stride,
        first_frames="generated",
        selection_sha256=file_sha256(networks),
        resolution_px=snapshot.resolution,
    )
    seed = derive_seed(settings.real.seed, "clips in place of real ones")
    return _side_of_generator(generator, settings, record, record.selection_sha256, seed=seed)


def _side_of_videos(
    videos: Videos,
    selection: ClipSelection,
    record: RealClipSet | GeneratedClipSet,
    settings: ProtocolSettings,
    *,
    first_artefact_frame: int,
) -> Side:
    def late(start: int, num_frames: int, stride: int, max_clips: int) -> StoredClips:
        found = select_late_clips(
            videos.lengths, start=start, num_frames=num_frames, frame_stride=stride, max_clips=max_clips
        )
        return StoredClips(videos, found)

    artefacts, drift = settings.artefacts, settings.drift
    starts = drift.start_times if drift else ()
    is_real = isinstance(record, RealClipSet)
    moving = None
    if settings.measured_motion:
        moving = select_motion_clips(videos.lengths, videos.films, settings, is_real=is_real)
    return Side(
        StoredClips(videos, selection),
        record,
        videos.fingerprint,
        tuple(videos.films[video] for video, _ in selection.clips),
        late(first_artefact_frame, artefacts.num_frames, 1, artefacts.num_clips) if artefacts else None,
        first_artefact_frame,
        {start: late(start, settings.num_frames, settings.frame_stride, drift.num_clips) for start in starts},
        StoredClips(videos, moving) if moving else None,
    )


def _side_of_generator(
    generator: Generator,
    settings: ProtocolSettings,
    record: RealClipSet | GeneratedClipSet,
    fingerprint: str,
    *,
    seed: int,
) -> Side:
    generated, artefacts, drift, motion = (
        settings.generated,
        settings.artefacts,
        settings.drift,
        settings.measured_motion,
    )
    start, per_video = generated.start_time, generated.clips_per_video

    def clips(count: int, times: tuple[int, int], start_time: int, clips_per_video: int = 1) -> SnapshotClips:
        num_frames, stride = times
        return SnapshotClips(
            generator,
            count=count,
            num_frames=num_frames,
            frame_stride=stride,
            start_time=start_time,
            clips_per_video=clips_per_video,
            seed=seed,
            truncation=generated.truncation,
        )

    times = (settings.num_frames, settings.frame_stride)
    return Side(
        clips(record.count, times, start, per_video),
        record,
        fingerprint,
        tuple(clip // per_video for clip in range(record.count)),
        clips(artefacts.num_clips, (artefacts.num_frames, 1), start) if artefacts else None,
        start,
        {late: clips(drift.num_clips, times, late) for late in (drift.start_times if drift else ())},
        clips(motion.num_clips, (motion.num_frames, 1), start) if motion else None,
    )

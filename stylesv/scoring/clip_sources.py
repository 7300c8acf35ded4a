"""Where scored clips come from, behind one interface: packed clips, folders and zips of videos, snapshots.

Each can give any of its clips at any time, so that shards of the work can be made in any order and by several jobs.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from stylesv.data.decoding import SourceFrame, VideoFacts
from stylesv.data.frame_fitting import fit_frame
from stylesv.data.ledger import counts_of
from stylesv.data.packed import PackedClips
from stylesv.data.video_sources import VideoSource, find_sources, open_archive
from stylesv.data.whole_videos import decode_source
from stylesv.errors import DataError, printable
from stylesv.generation.clips import generate_clips
from stylesv.metrics.clip_selection import ClipSelection
from stylesv.networks.generator import Generator

_FRAMES_AT_ONCE = 256  # in a call of the detector


@runtime_checkable
class Videos(Protocol):
    """Videos of one resolution whose frames can be read in any order."""

    lengths: tuple[int, ...]
    films: tuple[int, ...]
    """Number of the film that each video was cut from; those of one film are alike."""
    resolution: int
    fingerprint: str
    rates: tuple[float | None, ...]
    """Frames per second of each; None: it has no times."""

    def read(self, video: int, frames: Sequence[int]) -> UInt8[np.ndarray, "t c h w"]: ...

    def likeness(self, video: int) -> tuple[object, ...]:
        """What equal videos have in common, had without reading them."""
        ...

    def sha256(self, video: int) -> str:
        """SHA-256 of a video's content."""
        ...


class PackedVideos:
    """A folder that `pack_videos` made."""

    def __init__(self, folder: Path):
        self._packed = PackedClips(folder)
        self.lengths = tuple(self._packed.num_frames(clip) for clip in range(self._packed.num_clips))
        numbers: dict[str, int] = {}
        self.films = tuple(numbers.setdefault(clip.source, len(numbers)) for clip in self._packed.index.clips)
        self.resolution = self._packed.resolution
        self.fingerprint = self._packed.digest
        self.rates = tuple(clip.fps for clip in self._packed.index.clips)
        self.asked = counts_of(self._packed.index)

    def read(self, video: int, frames: Sequence[int]) -> UInt8[np.ndarray, "t c h w"]:
        """Frames of a video."""
        return self._packed.read(video, frames)

    def likeness(self, video: int) -> tuple[object, ...]:
        """Its length."""
        return "packed", self.lengths[video]

    def sha256(self, video: int) -> str:
        """SHA-256 of a clip's frames as they were packed."""
        return self._packed.sha256(video)

    def label(self, video: int) -> int | None:
        """A clip's class; None where videos have no classes."""
        return self._packed.label(video)


class LooseVideos:
    """A folder or zip of films or frame folders, read as they are: no frame is compressed again.

    `resolution` None takes frames as they are, which must then be squares of one size; else they are fitted to it
    (short side, centred square, Lanczos). Each film is decoded twice: for its length, and for its frames.

    Raises:
        DataError: there are no videos, one is damaged, or frames are no squares of one size.
    """

    def __init__(self, path: Path, resolution: int | None, *, pictures_apart: bool = False):
        self._sources, _ = find_sources(path)
        if pictures_apart and len(self._sources) == 1 and self._sources[0].kind == "frames":
            (folder,) = self._sources
            self._sources = [replace(folder, name=printable(each), members=(each,)) for each in folder.members]
        self._fitted = resolution is not None
        self.resolution = resolution or _size_of_first_frame(self._sources[0])
        counted = [_count_frames(source) for source in self._sources]
        self.lengths, self.rates = tuple(count for count, _ in counted), tuple(rate for _, rate in counted)
        self.films = tuple(range(len(self._sources)))
        self.fingerprint = _fingerprint(self._sources)
        self._video = lru_cache(maxsize=1)(self._read_whole)  # clips come video by video

    def read(self, video: int, frames: Sequence[int]) -> UInt8[np.ndarray, "t c h w"]:
        """Frames of a video."""
        return self._video(video)[list(frames)]

    def likeness(self, video: int) -> tuple[object, ...]:
        """Its kind and the sizes of its files."""
        source = self._sources[video]
        return source.kind, *(_num_bytes(source, member) for member in source.members)

    def sha256(self, video: int) -> str:
        """SHA-256 of a film's bytes; of names, sizes and bytes for frames."""
        return self._sources[video].sha256()

    def _read_whole(self, video: int) -> UInt8[np.ndarray, "t c h w"]:
        source = self._sources[video]
        frames = []
        with closing(decode_source(source)) as decoded:
            for frame in decoded:
                if not self._fitted and frame.image.size != (self.resolution, self.resolution):
                    raise _not_square(source, frame)
                frames.append(fit_frame(frame, self.resolution, "center").transpose(2, 0, 1))
        return np.stack(frames)


class GivenVideos:
    """Videos that are in memory.

    Raises:
        DataError: there are none, numbers are no uint8, or frames are no squares of three colours.
    """

    def __init__(self, videos: np.ndarray):
        shape = videos.shape
        if videos.dtype != np.uint8 or len(shape) != 5 or not videos.size or shape[2] != 3 or shape[3] != shape[4]:
            raise DataError(
                f"array of {videos.dtype} and shape {shape}: uint8 from 0 to 255 of shape (videos, frames, 3 colours, height, "
                "width) is expected, of at least one video, and frames must be squares"
            )
        count, num_frames, _, height, _ = shape
        self._videos = videos
        self.lengths = (num_frames,) * count
        self.films, self.rates = tuple(range(count)), (None,) * count
        self.resolution = height
        self.fingerprint = hashlib.sha256(np.ascontiguousarray(videos).data).hexdigest()

    def read(self, video: int, frames: Sequence[int]) -> UInt8[np.ndarray, "t c h w"]:
        """Frames of a video."""
        return self._videos[video, list(frames)]

    def likeness(self, video: int) -> tuple[object, ...]:
        """Its length."""
        return "given", self.lengths[video]

    def sha256(self, video: int) -> str:
        """SHA-256 of a video's frames."""
        return hashlib.sha256(np.ascontiguousarray(self._videos[video]).data).hexdigest()


@dataclass(frozen=True)
class StoredClips:
    """Chosen clips of videos."""

    videos: Videos
    selection: ClipSelection

    @property
    def count(self) -> int:
        """Number of clips."""
        return len(self.selection.clips)

    @property
    def num_frames(self) -> int:
        """Frames of a clip."""
        return len(self.selection.times)

    def shortened(self, num_frames: int) -> "StoredClips":
        """The first so many frames of each."""
        return replace(self, selection=replace(self.selection, times=self.selection.times[:num_frames]))

    def batches(self, start: int, end: int) -> Iterator[UInt8[Tensor, "_ t c h w"]]:
        """Clips `start` to `end` in order, some at a time."""
        at_once = max(1, _FRAMES_AT_ONCE // self.num_frames)
        for begin in range(start, end, at_once):
            chosen = self.selection.clips[begin : min(begin + at_once, end)]
            clips = [self.videos.read(v, [first + time for time in self.selection.times]) for v, first in chosen]
            yield torch.from_numpy(np.stack(clips))


@dataclass(frozen=True)
class SnapshotClips:
    """Clips that a generator makes: `clips_per_video` of each latent, one behind the other from `start_time`."""

    generator: Generator
    count: int
    num_frames: int
    frame_stride: int
    start_time: int
    clips_per_video: int
    seed: int
    truncation: float

    def shortened(self, num_frames: int) -> "SnapshotClips":
        """The first so many frames of each; of clips that are one of each latent."""
        return replace(self, num_frames=min(num_frames, self.num_frames))

    def batches(self, start: int, end: int) -> Iterator[UInt8[Tensor, "_ t c h w"]]:
        """Clips `start` to `end` in order, some at a time; clip number and seed decide them, not the batch."""
        per_video = self.clips_per_video
        span = (self.num_frames - 1) * self.frame_stride + 1
        clip = self.frame_stride * torch.arange(self.num_frames, dtype=torch.float32)
        times = torch.cat([self.start_time + place * span + clip for place in range(per_video)])
        number = start - start % per_video
        videos = range(number // per_video, -(-end // per_video))
        for batch in generate_clips(
            self.generator, seed=self.seed, clip_numbers=videos, times=times, truncation=self.truncation
        ):
            clips = batch.unflatten(1, (per_video, self.num_frames)).flatten(0, 1)
            kept = clips[max(start - number, 0) : end - number]
            number += len(clips)
            yield kept


def open_videos(path: Path, resolution: int | None, *, pictures_apart: bool = False) -> Videos:
    """The videos at a path: packed clips, or a folder or zip of videos.

    `pictures_apart`: if all is one folder of pictures, each of them is a video of its own, as tools that compare images
    have it.

    Raises:
        DataError: there are none, or packed clips are of another resolution than asked for.
    """
    path = Path(path)
    if (path / "index.json").exists() or path.name == "index.json":
        packed = PackedVideos(path)
        if resolution not in (None, packed.resolution):
            raise DataError(
                f"{path}: packed at {packed.resolution} px, not {resolution}; pack the videos again, or leave --resolution"
            )
        return packed
    return LooseVideos(path, resolution, pictures_apart=pictures_apart)


def _count_frames(source: VideoSource) -> tuple[int, float | None]:
    """How many there are, and how many a second."""
    if source.kind == "frames":
        return len(source.members), None
    facts = VideoFacts()
    return sum(1 for _ in decode_source(source, facts)), facts.fps


def _num_bytes(source: VideoSource, member: str) -> int:
    return (
        open_archive(source.root).getinfo(member).file_size if source.zipped else (source.root / member).stat().st_size
    )


def _size_of_first_frame(source: VideoSource) -> int:
    with closing(decode_source(source)) as frames:
        frame = next(frames, None)
    if frame is None:
        raise DataError(f"{source.root / source.name}: holds no frames; leave it out")
    if frame.image.width != frame.image.height:
        raise _not_square(source, frame)
    return frame.image.width


def _not_square(source: VideoSource, frame: SourceFrame) -> DataError:
    return DataError(
        f"{source.root / source.name}: frames of {frame.image.width} x {frame.image.height} px are not squares of one size; "
        "leave it out if it is none of the videos, or give --resolution to fit all of them (short side, centred square)"
    )


def _fingerprint(sources: Sequence[VideoSource]) -> str:
    """Names and contents of all videos: what decides whether earlier shards may be used again."""
    digest = hashlib.sha256()
    for source in sources:
        try:
            digest.update(f"{source.name} {source.kind} {source.sha256()}\n".encode())
        except DataError as error:
            raise DataError(f"{source.root / source.name}: {error}; mend it or leave it out") from error
    return digest.hexdigest()

"""Clips for people to look at: films, and what figures are drawn from. Here of real ones, whose job loads no generator."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8

from stylesv.config.figures import ClipSettings
from stylesv.data.packed import PackedClips
from stylesv.media.animation import write_animation
from stylesv.metrics.artefacts import texture_sticking
from stylesv.metrics.clip_measures import (
    drift_from_start,
    frame_differences,
    likeness_by_lag,
    radial_spectrum,
    still_detail,
)
from stylesv.records.look import Look
from stylesv.records.shown_clips import ShownClips, ShownFrom, write_shown_clips
from stylesv.report.clip_grids import draw_film_frame, write_clip_film
from stylesv.seeding import numpy_generator

Clips = UInt8[np.ndarray, "n t c h w"]
DECOMPOSITION_FRAMES = 3  # of each clip in the grid of content and motion: first, middle, last


@dataclass(frozen=True)
class FilmFiles:
    """A film, and the same as an animated picture."""

    film: Path
    animation: Path

    def write(self, title: str, clips: Clips, *, columns: int, fps: float) -> None:
        """All clips at once, in rows of `columns`."""
        write_clip_film(self.film, {title: clips}, columns=columns, fps=fps)
        frames = (draw_film_frame({title: clips[:, time]}, columns=columns) for time in range(clips.shape[1]))
        write_animation(self.animation, frames, fps=fps)


def show_real_clips(data: Path, look: Look, *, clips: FilmFiles, shown: Path) -> None:
    """Films of real clips of a data set, and what figures are drawn from.

    Raises:
        DataError: the packed clips cannot be read.
    """
    packed, settings = PackedClips(data), look.clips
    real = read_real_clips(packed, settings.num_clips, settings.num_frames, settings.seed)
    clips.write("real", real, columns=settings.columns, fps=look.fps)
    long_clips = read_real_clips(packed, settings.long_clips, settings.long_frames, settings.seed)
    about = ShownFrom(name=packed.path.absolute().name, kimg=None, fps=look.fps, motion_distance=None)
    write_shown_clips(shown, measure_shown(about, settings, real, long_clips))


def read_real_clips(packed: PackedClips, count: int, num_frames: int, seed: int) -> Clips:
    """Real clips of different videos as far as there are that many, those that are long enough or longest first.

    Where these are too few, all clips are as short as the shortest one: its last frame held would pass for a still video.
    """
    order = numpy_generator(seed, "shown videos").permutation(packed.num_clips)
    order = sorted(order, key=lambda clip: -min(packed.num_frames(int(clip)), num_frames))  # stable
    clips = [int(order[i % len(order)]) for i in range(count)]
    shown = min([num_frames, *map(packed.num_frames, clips)])
    return np.stack([packed.read(clip, list(range(shown))) for clip in clips])


def measure_shown(
    about: ShownFrom,
    settings: ClipSettings,
    clips: Clips,
    long_clips: Iterable[UInt8[np.ndarray, "long_t c h w"]],
    *,
    decomposition: UInt8[np.ndarray, "rows columns t c h w"] | None = None,
) -> ShownClips:
    """What is shown of clips; long ones are measured one by one, so that only one is in memory."""
    few, times = clips[: settings.strip_clips], _times(clips.shape[1], settings.strip_frames)
    moves = clips.shape[1] > 1
    tensors = [torch.from_numpy(np.ascontiguousarray(clip)) for clip in clips]
    sticking = [texture_sticking(clip.float().mean(dim=1)) for clip in tensors] if moves else []
    longs = [_measure_long(clip, settings.strip_frames) for clip in long_clips]
    grid = np.empty((0, 0, 0, *clips.shape[2:]), np.uint8) if decomposition is None else decomposition
    grid_times = _times(grid.shape[2], DECOMPOSITION_FRAMES) if grid.size else np.empty(0, np.int64)
    return ShownClips(
        about=about,
        strip=few[:, times].transpose(0, 1, 3, 4, 2),
        strip_times=times,
        slices=few[:, :, :, :, clips.shape[4] // 2].transpose(0, 3, 1, 2),
        still_detail=np.stack([still_detail(clip) for clip in tensors[: len(few)]]),
        sticking=np.array(sticking, np.float32),
        spectrum=radial_spectrum(torch.cat([clip[_times(len(clip), settings.strip_frames)] for clip in tensors])),
        long_strip=np.stack([long.frames for long in longs]),
        long_times=longs[0].times,
        differences=np.stack([long.differences for long in longs]),
        likeness=np.stack([long.likeness for long in longs]),
        drift=np.stack([long.drift for long in longs]),
        decomposition=grid[:, :, grid_times].transpose(0, 1, 2, 4, 5, 3),
        decomposition_times=grid_times,
    )


@dataclass(frozen=True)
class _Long:
    frames: np.ndarray
    times: np.ndarray
    differences: np.ndarray
    likeness: np.ndarray
    drift: np.ndarray


def _measure_long(clip: UInt8[np.ndarray, "t c h w"], num_frames: int) -> _Long:
    tensor, times = torch.from_numpy(np.ascontiguousarray(clip)), _times(len(clip), num_frames)
    return _Long(
        frames=clip[times].transpose(0, 2, 3, 1),
        times=times,
        differences=frame_differences(tensor),
        likeness=likeness_by_lag(tensor, len(clip) // 2),
        drift=drift_from_start(tensor),
    )


def _times(num_frames: int, count: int) -> np.ndarray:
    """Times evenly spread from the first frame to the last."""
    return np.linspace(0, num_frames - 1, min(count, num_frames)).round().astype(np.int64)

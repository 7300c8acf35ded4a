"""Films and strips from snapshots: what `generate.py` writes, and the figures of an experiment."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from stylesv.data.packed import PackedClips
from stylesv.errors import ConfigError
from stylesv.files import file_sha256
from stylesv.networks.generator import Generator
from stylesv.records.look import Look
from stylesv.report.clip_grids import draw_clip_strips, draw_time_slices, write_clip_film
from stylesv.report.video_file import write_frames, write_video
from stylesv.sampling.clips import Latents, draw_latents, load_generator, synthesize
from stylesv.sampling.film_folder import FilmTarget, film_folder
from stylesv.seeding import numpy_generator

FPS_RANGE = (0.1, 1000.0)  # what players play


@dataclass(frozen=True)
class GenerateRequest:
    """What `generate.py` was asked for."""

    num_videos: int
    num_frames: int
    start_frame: int
    slow_motion: int
    fps: float
    grid: tuple[int, int] | None
    """Columns and rows of a film of some of the videos."""
    truncation: float
    seed: int
    decomposition: bool
    """Grid whose columns share content and whose rows share motion."""
    save: Literal["mp4", "jpg"]

    def times(self) -> Tensor:
        """Times of the frames, in frames; slow motion puts some between whole ones."""
        return self.start_frame + torch.arange(self.num_frames, dtype=torch.float32) / self.slow_motion


def write_films(networks: Path, target: FilmTarget, request: GenerateRequest) -> Iterator[int]:
    """Write the videos, and the grid beside them; yields how many are made, and names them when all are.

    Raises:
        ConfigError: the grid does not fit the number of videos, decomposition has no grid, a number is out of range, or
            something is in the way that must not be replaced.
        CheckpointError: the snapshot is missing or damaged, or not finite.
        DataError: another call is writing there, or the disk is full.
    """
    _check(request)
    target.earlier()  # before any work
    generator, _ = load_generator(networks)
    with film_folder(target, networks_sha256=file_sha256(networks), settings=asdict(request)) as parts:
        shown = []
        for number, film in enumerate(_films(generator, request)):
            if request.save == "mp4":
                write_video(parts.videos / f"{number:06d}.mp4", film, fps=request.fps)
            else:
                write_frames(parts.videos / f"{number:06d}", film, first_number=request.start_frame)
            if request.grid is not None and len(shown) < request.grid[0] * request.grid[1]:
                shown.append(film)
            yield number + 1
        if request.grid is not None:
            write_clip_film(parts.grid, {"generated": np.stack(shown)}, columns=request.grid[0], fps=request.fps)


@dataclass(frozen=True)
class ClipFigures:
    """Where the figures of a run's clips go."""

    film: Path
    strip: Path
    slices: Path


def draw_experiment_clips(networks: Path, data: Path, look: Look, out: ClipFigures) -> None:
    """The figures of a snapshot of a run beside real clips.

    Raises:
        CheckpointError: the snapshot is missing or damaged.
    """
    generator, header = load_generator(networks)
    figures = look.figures
    request = GenerateRequest(
        num_videos=figures.num_clips,
        num_frames=1 if header["num_frames"] == 1 else figures.num_frames,
        start_frame=0,
        slow_motion=1,
        fps=look.fps,
        grid=None,
        truncation=figures.truncation,
        seed=figures.seed,
        decomposition=False,
        save="mp4",
    )
    generated = np.stack(list(_films(generator, request)))
    real = _real_clips(PackedClips(data), figures.num_clips, request.num_frames, figures.seed)
    panels = {"real": real, f"generated, kimg {header['kimg']}": generated}
    columns, rows = figures.columns, min(figures.num_clips, figures.strip_clips)
    write_clip_film(out.film, panels, columns=columns, fps=look.fps)
    draw_clip_strips(out.strip, panels, num_frames=figures.strip_frames, num_clips=rows)
    draw_time_slices(out.slices, panels, num_clips=rows)


def _check(request: GenerateRequest) -> None:
    if not 0 <= request.truncation <= 1:  # also NaN
        raise ConfigError(f"--truncation {request.truncation}: a number from 0 to 1 is expected; 1 is none")
    if not (math.isfinite(request.fps) and FPS_RANGE[0] <= request.fps <= FPS_RANGE[1]):
        raise ConfigError(
            f"--fps {request.fps}: from {FPS_RANGE[0]:g} to {FPS_RANGE[1]:g} frames per second are possible"
        )
    if request.decomposition and request.grid is None:
        raise ConfigError("--decomposition needs --grid COLUMNSxROWS: columns share content, rows share motion")
    if request.grid is not None and request.grid[0] * request.grid[1] > request.num_videos:
        columns, rows = request.grid
        raise ConfigError(
            f"--grid {columns}x{rows} shows {columns * rows} videos, but --num-videos is {request.num_videos}; "
            f"raise it to {columns * rows} or take a smaller grid"
        )


def _films(generator: Generator, request: GenerateRequest) -> Iterator[UInt8[np.ndarray, "t c h w"]]:
    times = request.times()
    for number in range(request.num_videos):
        latents = _latents(generator, request, number, float(times.max()))
        yield synthesize(generator, latents, times, truncation=request.truncation)[0].numpy()


def _latents(generator: Generator, request: GenerateRequest, number: int, max_time: float) -> Latents:
    if not request.decomposition or request.grid is None:
        return draw_latents(generator, request.seed, clip_numbers=[number], max_time=max_time)
    row, column = divmod(number, request.grid[0])
    content = draw_latents(generator, request.seed, clip_numbers=[column], max_time=max_time).content
    motion = draw_latents(generator, request.seed, clip_numbers=[row], max_time=max_time).motion
    return Latents(content, motion)


def _real_clips(packed: PackedClips, count: int, num_frames: int, seed: int) -> UInt8[np.ndarray, "n t c h w"]:
    """Real clips of different videos as far as there are that many; a shorter video holds its last frame."""
    order = numpy_generator(seed, "shown videos").permutation(packed.num_clips)
    clips = [int(order[i % len(order)]) for i in range(count)]
    return np.stack(
        [packed.read(c, np.minimum(np.arange(num_frames), packed.num_frames(c) - 1).tolist()) for c in clips]
    )

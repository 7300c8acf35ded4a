"""Films from snapshots: what `generate.py` writes."""

import math
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from stylesv.errors import ConfigError
from stylesv.files import file_sha256
from stylesv.generation.clips import load_generator, synthesize
from stylesv.generation.film_folder import FilmParts, FilmTarget, film_folder
from stylesv.generation.latents import Latents, draw_class, draw_latents
from stylesv.media.frame_files import write_frame, write_frames
from stylesv.media.video_file import VideoWriter, write_video
from stylesv.networks.generator import Generator
from stylesv.report.clip_grids import draw_film_frame

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
    """Grid whose columns share content and whose rows share motion; all are of one class, which motion depends on."""
    class_number: int | None
    """Class of every video, of a snapshot that knows classes; None: one drawn for each."""
    save: Literal["mp4", "jpg"]

    def times(self) -> Tensor:
        """Times of the frames, in frames; slow motion puts some between whole ones."""
        return self.start_frame + torch.arange(self.num_frames, dtype=torch.float32) / self.slow_motion


def write_films(networks: Path, target: FilmTarget, request: GenerateRequest) -> Iterator[int]:
    """Write the videos, and the grid beside them; yields how many are made, and names them when all are.

    Those of the grid come first, side by side and with it, the others one by one. Nowhere are more frames in memory than
    pieces of those videos that are being written.

    Raises:
        ConfigError: the grid does not fit the number of videos, decomposition has no grid, a number is out of range,
            there is no such class, or something is in the way that must not be replaced.
        CheckpointError: the snapshot is missing or damaged, or not finite.
        DataError: another call is writing there, or the disk is full.
    """
    _check(request)
    target.earlier()  # before any work
    generator, _ = load_generator(networks)
    _check_class(request.class_number, networks, generator.class_dim)
    with film_folder(target, networks_sha256=file_sha256(networks), settings=asdict(request)) as parts:
        in_grid = 0
        if request.grid is not None:
            in_grid = request.grid[0] * request.grid[1]
            _write_grid(generator, parts, request)
            yield from range(1, in_grid + 1)
        for number in range(in_grid, request.num_videos):
            path = _path(parts.videos, request, number)
            if request.save == "mp4":
                write_video(path, film_frames(generator, request, number), fps=request.fps)
            else:
                write_frames(path, film_frames(generator, request, number), first_number=request.start_frame)
            yield number + 1


def _write_grid(generator: Generator, parts: FilmParts, request: GenerateRequest) -> None:
    """The videos of the grid, side by side with it."""
    numbers = range(request.grid[0] * request.grid[1])
    paths = [_path(parts.videos, request, number) for number in numbers]
    with ExitStack() as stack:
        videos = []
        if request.save == "mp4":
            videos = [stack.enter_context(VideoWriter(path, fps=request.fps)) for path in paths]
        grid = stack.enter_context(VideoWriter(parts.grid, fps=request.fps))
        films = [film_frames(generator, request, number) for number in numbers]
        for time, frames in enumerate(zip(*films, strict=True), request.start_frame):
            for number, frame in enumerate(frames):
                if request.save == "mp4":
                    videos[number].add(frame)
                else:
                    write_frame(paths[number], frame, time)
            grid.add(draw_film_frame({"generated": np.stack(frames)}, columns=request.grid[0]))


def _path(folder: Path, request: GenerateRequest, number: int) -> Path:
    return folder / (f"{number:06d}.mp4" if request.save == "mp4" else f"{number:06d}")


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


def _check_class(class_number: int | None, networks: Path, num_classes: int) -> None:
    if class_number is None:
        return
    if num_classes == 0:
        raise ConfigError(f"--class {class_number}: {networks} knows no classes; leave --class out")
    if class_number >= num_classes:
        raise ConfigError(f"--class {class_number}: {networks} has classes 0 to {num_classes - 1}")


def film_frames(generator: Generator, request: GenerateRequest, number: int) -> Iterator[UInt8[np.ndarray, "c h w"]]:
    """The frames of one of the videos, one by one."""
    times = request.times()
    latents = _latents(generator, request, number, float(times.max()))
    for piece in synthesize(generator, latents, times, truncation=request.truncation):
        yield from piece[0].numpy()


def _latents(generator: Generator, request: GenerateRequest, number: int, max_time: float) -> Latents:
    options = {"max_time": max_time, "class_number": request.class_number}
    if not request.decomposition or request.grid is None:
        return draw_latents(generator, request.seed, clip_numbers=[number], **options)
    if generator.class_dim and request.class_number is None:
        options["class_number"] = draw_class(generator, request.seed, 0)
    row, column = divmod(number, request.grid[0])
    content = draw_latents(generator, request.seed, clip_numbers=[column], **options)
    motion = draw_latents(generator, request.seed, clip_numbers=[row], **options)
    return Latents(content.content, motion.motion, content.labels)

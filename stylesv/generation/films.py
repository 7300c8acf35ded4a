"""Films from snapshots: what `generate.py` writes."""

import math
from collections.abc import Callable, Iterator, Sequence
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
from stylesv.generation.clips import FRAMES_AT_ONCE, load_generator, prepare_truncation, synthesize
from stylesv.generation.film_folder import FilmParts, FilmTarget, film_folder
from stylesv.generation.latents import Latents, draw_class, draw_latents
from stylesv.media.frame_files import write_frame
from stylesv.media.video_file import VideoWriter
from stylesv.networks.generator import Generator
from stylesv.report.clip_grids import draw_film_frame

FPS_RANGE = (0.1, 1000.0)  # what players play
MOST_TRUNCATION = 4.0  # frames break far below


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
    batch_size: int = 1
    """Videos made at a time, of those that are not in the grid; another number may round a frame otherwise."""

    def times(self) -> Tensor:
        """Times of the frames, in frames; slow motion puts some between whole ones."""
        return self.start_frame + torch.arange(self.num_frames, dtype=torch.float32) / self.slow_motion


def write_films(
    networks: Path, target: FilmTarget, request: GenerateRequest, *, tell: Callable[[str], object] = print
) -> Iterator[int]:
    """Write the videos, and the grid beside them; yields how many are made, and names them when all are.

    `tell` is given a sentence where the mean of w had to be estimated.

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
    if note := prepare_truncation(generator, request.truncation):
        tell(f"{networks}: {note}")
    with film_folder(target, networks_sha256=file_sha256(networks), settings=asdict(request)) as parts:
        in_grid = 0
        if request.grid is not None:
            in_grid = request.grid[0] * request.grid[1]
            _write_grid(generator, parts, request)
            yield from range(1, in_grid + 1)
        for first in range(in_grid, request.num_videos, request.batch_size):
            numbers = range(first, min(first + request.batch_size, request.num_videos))
            _write_videos(generator, parts, request, numbers)
            yield from range(first + 1, numbers.stop + 1)


def _write_videos(generator: Generator, parts: FilmParts, request: GenerateRequest, numbers: range) -> None:
    """Some videos, made in one batch."""
    paths = [_path(parts.videos, request, number) for number in numbers]
    with ExitStack() as stack:
        videos = []
        if request.save == "mp4":
            videos = [stack.enter_context(VideoWriter(path, fps=request.fps)) for path in paths]
        for time, frames in enumerate(_frames_of(generator, request, numbers), request.start_frame):
            for place, frame in enumerate(frames):
                if request.save == "mp4":
                    videos[place].add(frame)
                else:
                    write_frame(paths[place], frame, time)


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
    check_truncation("--truncation ", request.truncation)
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


def check_truncation(name: str, truncation: float | int) -> None:
    """Check psi.

    Raises:
        ConfigError: it is out of range; the message begins with `name` and the value.
    """
    if not 0 <= truncation <= MOST_TRUNCATION:  # also NaN
        raise ConfigError(
            f"{name}{truncation}: a number from 0 to {MOST_TRUNCATION:g} is expected; 1 is none, above it is more variety"
        )


def film_frames(generator: Generator, request: GenerateRequest, number: int) -> Iterator[UInt8[np.ndarray, "c h w"]]:
    """The frames of one of the videos, one by one."""
    for frames in _frames_of(generator, request, range(number, number + 1)):
        yield frames[0]


def _frames_of(
    generator: Generator, request: GenerateRequest, numbers: range
) -> Iterator[UInt8[np.ndarray, "n c h w"]]:
    """The frames of some videos, made together: of each the first, of each the second, and so on."""
    times = request.times()
    latents = _joined([_latents(generator, request, number, float(times.max())) for number in numbers])
    at_once = FRAMES_AT_ONCE * len(numbers)
    for piece in synthesize(generator, latents, times, truncation=request.truncation, frames_at_once=at_once):
        yield from piece.transpose(0, 1).numpy()


def _joined(latents: Sequence[Latents]) -> Latents:
    labels = None if latents[0].labels is None else torch.cat([each.labels for each in latents])
    return Latents(torch.cat([each.content for each in latents]), torch.cat([each.motion for each in latents]), labels)


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

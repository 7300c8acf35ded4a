"""Films and strips from snapshots: what `generate.py` writes, and the figures of an experiment."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from stylesv.data.packed import PackedClips
from stylesv.errors import ConfigError
from stylesv.networks.generator import Generator
from stylesv.report.clip_grids import draw_clip_strips, draw_film_frame, draw_time_slices, write_clip_film
from stylesv.report.video_file import VideoWriter, write_frame, write_frames, write_video
from stylesv.sampling.clips import Latents, draw_class, draw_latents, load_generator, synthesize
from stylesv.seeding import numpy_generator


@dataclass(frozen=True)
class GenerateRequest:
    """What `generate.py` was asked for."""

    num_videos: int
    num_frames: int
    start_frame: int
    slow_motion: int
    fps: float
    grid: tuple[int, int] | None
    """Columns and rows of grid.mp4."""
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


def write_films(networks: Path, out: Path, request: GenerateRequest) -> Iterator[Path]:
    """Write the videos; yields the paths written.

    Those of the grid come first, side by side and with it, the others one by one. Nowhere are more frames in memory than
    pieces of those videos that are being written.

    Raises:
        ConfigError: the grid does not fit the number of videos, decomposition has no grid, or there is no such class.
        CheckpointError: the snapshot is missing or damaged.
    """
    _check(request)
    generator, _ = load_generator(networks)
    _check_class(request.class_number, networks, generator.class_dim)
    in_grid = 0
    if request.grid is not None:
        in_grid = request.grid[0] * request.grid[1]
        yield from _write_grid(generator, out, request)
    for number in range(in_grid, request.num_videos):
        path = _path(out, request, number)
        if request.save == "mp4":
            write_video(path, _frames(generator, request, number), fps=request.fps)
        else:
            write_frames(path, _frames(generator, request, number), first_number=request.start_frame)
        yield path


def _write_grid(generator: Generator, out: Path, request: GenerateRequest) -> list[Path]:
    numbers = range(request.grid[0] * request.grid[1])
    paths, grid_path = [_path(out, request, number) for number in numbers], out / "grid.mp4"
    with ExitStack() as stack:
        videos = []
        if request.save == "mp4":
            videos = [stack.enter_context(VideoWriter(path, fps=request.fps)) for path in paths]
        grid = stack.enter_context(VideoWriter(grid_path, fps=request.fps))
        films = [_frames(generator, request, number) for number in numbers]
        for time, frames in enumerate(zip(*films, strict=True), request.start_frame):
            for number, frame in enumerate(frames):
                if request.save == "mp4":
                    videos[number].add(frame)
                else:
                    write_frame(paths[number], frame, time)
            grid.add(draw_film_frame({"generated": np.stack(frames)}, columns=request.grid[0]))
    return [*paths, grid_path]


def _path(out: Path, request: GenerateRequest, number: int) -> Path:
    return out / (f"{number:06d}.mp4" if request.save == "mp4" else f"{number:06d}")


@dataclass(frozen=True)
class ClipFigures:
    """Where the figures of a run's clips go."""

    film: Path
    strip: Path
    slices: Path


def draw_experiment_clips(choice: Path, data: Path, settings: dict[str, Any], figures: ClipFigures) -> None:
    """The figures of a run's best snapshot beside real clips.

    Raises:
        CheckpointError: the chosen snapshot is missing or damaged.
    """
    chosen = json.loads(choice.read_text())
    generator, header = load_generator(choice.parent.parent / chosen["networks"])
    request = GenerateRequest(
        num_videos=settings["num_clips"],
        num_frames=settings["num_frames"] if header["num_frames"] > 1 else 1,
        start_frame=0,
        slow_motion=1,
        fps=settings["fps"],
        grid=None,
        truncation=settings["truncation"],
        seed=settings["seed"],
        decomposition=False,
        class_number=None,
        save="mp4",
    )
    generated = np.stack([np.stack(list(_frames(generator, request, n))) for n in range(request.num_videos)])
    real = _real_clips(PackedClips(data), settings["num_clips"], request.num_frames, settings["seed"])
    panels = {"real": real, f"generated, kimg {chosen['kimg']}": generated}
    columns, rows = settings["columns"], min(settings["num_clips"], settings["strip_clips"])
    write_clip_film(figures.film, panels, columns=columns, fps=settings["fps"])
    draw_clip_strips(figures.strip, panels, num_frames=settings["strip_frames"], num_clips=rows)
    draw_time_slices(figures.slices, panels, num_clips=rows)


def _check(request: GenerateRequest) -> None:
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


def _frames(generator: Generator, request: GenerateRequest, number: int) -> Iterator[UInt8[np.ndarray, "c h w"]]:
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


def _real_clips(packed: PackedClips, count: int, num_frames: int, seed: int) -> UInt8[np.ndarray, "n t c h w"]:
    """Real clips of different videos as far as there are that many; a shorter video holds its last frame."""
    order = numpy_generator(seed, "shown videos").permutation(packed.num_clips)
    clips = [int(order[i % len(order)]) for i in range(count)]
    return np.stack(
        [packed.read(c, np.minimum(np.arange(num_frames), packed.num_frames(c) - 1).tolist()) for c in clips]
    )

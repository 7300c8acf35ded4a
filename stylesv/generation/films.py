"""Films from snapshots: what `generate.py` writes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from operator import floordiv, mod
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from stylesv.files import file_sha256
from stylesv.generation.batch_memory import fit_into_memory
from stylesv.generation.classes import draw_class, require_class
from stylesv.generation.clips import FRAMES_AT_ONCE, load_generator, prepare_truncation, synthesize
from stylesv.generation.content_walk import ContentWalk
from stylesv.generation.film_folder import FilmParts, FilmTarget, film_folder
from stylesv.generation.film_shares import is_made, join_shares, share_target
from stylesv.generation.latents import Latents, mixed_latents
from stylesv.generation.real_clips import play_real_clips
from stylesv.generation.request import GenerateRequest
from stylesv.media.film_writers import FilmWriter, film_name, open_film
from stylesv.networks.generator import Generator
from stylesv.report.clip_grids import draw_film_frame


def write_films(
    networks: Path, target: FilmTarget, request: GenerateRequest, *, tell: Callable[[str], object] = print
) -> Iterator[int]:
    """Write the videos, and the grid beside them; yields how many frames are made of all, and names the videos when all are.

    `tell` is given a sentence where the mean of w had to be estimated, one on what is made in one go, and one where a grid goes
    with the videos that are replaced.

    Those of the grid come first, side by side and with it, the others some at a time. Nowhere are more frames in memory
    than pieces of those videos that are being written. Of a request for a share, that share is made, and what it made is named
    when all shares are there.

    Raises:
        ConfigError: options do not fit together, a number is out of range, there is no such class, or something is in the way
            that must not be replaced.
        CheckpointError: the snapshot is missing or damaged, or not finite.
        DataError: another call is writing there, or the disk is full.
    """
    request.check()
    earlier = target.earlier()  # before any work
    generator, _ = load_generator(networks)
    require_class(request.class_number, generator.class_dim, networks)
    if note := prepare_truncation(generator, request.truncation):
        tell(f"{networks}: {note}")
    if earlier is not None and (stale := target.stale_grid(earlier)):
        tell(f"{stale}: the grid of the videos that are replaced; it is removed with them")
    share, shares = request.share
    numbers = range(share, request.num_videos, shares)
    about = {"networks_sha256": file_sha256(networks), "settings": request.settings()}
    if shares == 1:
        yield from _write(generator, target, request, numbers, about, tell)
        return
    own = share_target(target, share, shares, **about)
    if not is_made(own.out):
        yield from _write(generator, own, request, numbers, about, tell)
    else:
        yield request.num_frames * len(numbers)
    left = join_shares(target, shares, **about)
    tell(
        f"share {share}/{shares} is made"
        + (f"; to come: {', '.join(left)}" if left else ", and with it all videos are")
    )


def _write(
    generator: Generator,
    target: FilmTarget,
    request: GenerateRequest,
    numbers: range,
    about: dict[str, object],
    tell: Callable[[str], object],
) -> Iterator[int]:
    """Make and name some of the videos."""
    request, at_once = _fitted(generator, request, len(numbers), tell)
    with film_folder(target, **about) as parts:
        in_grid = 0
        if request.grid is not None:
            in_grid = request.grid[0] * request.grid[1]
            for time in _write_grid(generator, parts, request, at_once):
                yield in_grid * time
        alone = [] if request.only_grid else numbers[in_grid:]
        for first in range(0, len(alone), request.batch_size):
            some = alone[first : first + request.batch_size]
            for time in _write_videos(generator, parts, request, some, at_once):
                yield request.num_frames * (in_grid + first) + len(some) * time


def _fitted(
    generator: Generator, request: GenerateRequest, num_videos: int, tell: Callable[[str], object]
) -> tuple[GenerateRequest, int]:
    """The request with its number of videos at a time, and how many frames of each are made in one go."""
    if request.batch_size is not None:
        return request, FRAMES_AT_ONCE
    fitting = fit_into_memory(generator, num_videos)
    tell(str(fitting))
    return replace(request, batch_size=fitting.videos), fitting.frames


def _write_videos(
    generator: Generator, parts: FilmParts, request: GenerateRequest, numbers: Sequence[int], at_once: int
) -> Iterator[int]:
    """Some videos, made in one batch; yields how many frames each has."""
    with ExitStack() as stack:
        videos = [stack.enter_context(_open(parts.videos, request, number)) for number in numbers]
        for time, frames in enumerate(_frames_of(generator, request, numbers, at_once), 1):
            for video, frame in zip(videos, frames, strict=True):
                video.add(frame)
            yield time


def _write_grid(generator: Generator, parts: FilmParts, request: GenerateRequest, at_once: int) -> Iterator[int]:
    """The grid and, unless it is to be alone, its videos side by side with it; yields how many frames each has."""
    columns, rows = request.grid
    numbers = range(columns * rows)
    real = []
    if request.beside is not None:
        real = play_real_clips(request.beside, generator.resolution, count=len(numbers), seed=request.seed)
    title = "columns share content, rows motion" if request.decomposition else "generated"
    with ExitStack() as stack:
        opened = numbers[: 0 if request.only_grid else None]
        videos = [stack.enter_context(_open(parts.videos, request, number)) for number in opened]
        grid = stack.enter_context(
            open_film(parts.grid, parts.grid.suffix[1:], fps=request.fps, num_frames=request.num_frames)
        )
        films = [film_frames(generator, request, number, at_once=at_once) for number in numbers]
        for time, frames in enumerate(zip(*films, strict=True), 1):
            for video, frame in zip(videos, frames, strict=False):
                video.add(frame)
            panels = {"real": np.stack([next(clip) for clip in real])} if real else {}
            grid.add(draw_film_frame(panels | {title: np.stack(frames)}, columns=columns))
            yield time


def _open(folder: Path, request: GenerateRequest, number: int) -> FilmWriter:
    path = folder / film_name(request.stem(number), request.save)
    numbered = {"num_frames": request.num_frames, "first_number": request.start_frame}
    return open_film(path, request.save, fps=request.fps, **numbered)


def film_frames(
    generator: Generator, request: GenerateRequest, number: int, *, at_once: int = FRAMES_AT_ONCE
) -> Iterator[UInt8[np.ndarray, "c h w"]]:
    """The frames of one of the videos, one by one."""
    for frames in _frames_of(generator, request, [number], at_once):
        yield frames[0]


def _frames_of(
    generator: Generator, request: GenerateRequest, numbers: Sequence[int], at_once: int
) -> Iterator[UInt8[np.ndarray, "n c h w"]]:
    """The frames of some videos, made together: of each the first, of each the second, and so on."""
    latents, walk = _latents(generator, request, numbers)
    options = {"truncation": request.truncation, "frames_at_once": at_once * len(numbers)}
    for piece in synthesize(generator, latents, request.times(), **options, walk=walk, still=request.still):
        yield from piece.transpose(0, 1).numpy()


def _latents(
    generator: Generator, request: GenerateRequest, numbers: Sequence[int]
) -> tuple[Latents, ContentWalk | None]:
    """What some of the videos are made from; in a decomposition content is that of the column, motion that of the row."""
    columns = rows = numbers
    class_number = request.class_number
    if request.decomposition and request.grid is not None:
        columns, rows = ([part(number, request.grid[0]) for number in numbers] for part in (mod, floordiv))
        if generator.class_dim and class_number is None:
            class_number = draw_class(generator, *request.clip(0))
    contents, motions = [request.clip(number) for number in columns], [request.motion(number) for number in rows]
    walk = None
    if request.interpolate is not None:
        walk = ContentWalk(tuple(contents), request.interpolate, request.contents)
    return mixed_latents(generator, contents, motions, class_number), walk

"""Rendered driving films: the raw videos of the demo and of tests that want more than noise.

Real H.264 files of varied length, frame rate and size, the same bytes for the same seed (one encoder thread, no times
or versions in the container), so that packing has the work it has with films of a camera.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from stylesv.data.workers import Job, run_in_order
from stylesv.data.world.drawing import draw_frame, prepare_canvas
from stylesv.data.world.scenes import draw_scene
from stylesv.errors import ConfigError, DataError, MachineError, machine_trouble
from stylesv.files import PARTIAL, lock_folder
from stylesv.media.video_file import Encoding, write_video
from stylesv.progress import watched
from stylesv.seeding import numpy_generator

FILM_SIZES_PX = ((112, 64), (96, 96), (112, 96), (96, 64), (128, 72), (96, 72))  # width, height
FILM_RATES_FPS = (10, 20, 30)
FILM_SECONDS = (5.0, 8.0)
# Another encoding is other films: raise RECIPE_VERSIONS["videos"] with it.
AS_FILMED = Encoding(
    {
        "preset": "veryfast",
        "crf": "18",
        "threads": "1",
        "flags": "+bitexact",
        # x264's macroblock tree gives other bytes from run to run, also with one thread (seen with FFmpeg 8.1)
        "x264-params": "mbtree=0",
    },
    container={"fflags": "+bitexact"},
    tagged=False,
)


def render_driving_videos(
    out_dir: Path,
    *,
    num_videos: int = 60,
    seed: int = 0,
    seconds: tuple[float, float] = FILM_SECONDS,
    num_workers: int = 1,
    progress: bool = False,
) -> list[Path]:
    """Render `num_videos` films `drive_0000.mp4`, ... of so many `seconds` (shortest, longest) into a new folder.

    A film is a function of (seed, its number): more films leave the first ones as they are, and `num_workers` processes
    make the same ones. They are written beside the target and the folder gets its name when all are whole.

    Raises:
        ConfigError: a number is out of range.
        DataError: the folder holds files already, or another process is making it.
        MachineError: the disk is full, or the machine is short of something else.
    """
    if num_videos < 1 or not 0 < seconds[0] <= seconds[1]:
        raise ConfigError(f"num_videos {num_videos}, seconds {seconds}: both must be above 0, shortest first")
    out_dir = Path(out_dir)
    if out_dir.exists() and (not out_dir.is_dir() or any(out_dir.iterdir())):
        raise DataError(f"{out_dir}: exists and is not an empty folder; remove it or give another --out")
    partial = out_dir.with_name(f".{out_dir.name}.partial")
    partial.mkdir(parents=True, exist_ok=True)
    handle = os.open(partial, os.O_RDONLY | os.O_DIRECTORY)
    try:
        lock_folder(handle, out_dir, "rendering")
        if not partial.exists() or not os.path.samestat(os.fstat(handle), os.stat(partial)):
            raise DataError(f"{out_dir}: another rendering has just ended here; look at it, or give another --out")
        try:
            _remove_films(partial)  # of a call that was killed
            films = _render_films(partial, range(num_videos), seed, seconds, num_workers)
            for _ in watched(films, "rendering", unit="films", total=num_videos) if progress else films:
                pass
            os.replace(partial, out_dir)
        except Exception as error:
            trouble = machine_trouble(error)
            if trouble is None:
                raise
            raise MachineError(f"{out_dir}: {trouble.what}; no film was kept: {trouble.advice}") from error
        finally:
            if partial.exists():
                _remove_films(partial)
                with suppress(OSError):  # something else lies there
                    partial.rmdir()
    finally:
        os.close(handle)
    return sorted(out_dir.glob("*.mp4"))


def _remove_films(folder: Path) -> None:
    for entry in list(folder.iterdir()):
        if re.fullmatch(rf"\.?drive_[0-9]+\.mp4({PARTIAL})?", entry.name):
            entry.unlink(missing_ok=True)


def _render_films(
    out_dir: Path, numbers: range, seed: int, seconds: tuple[float, float], num_workers: int
) -> Iterator[None]:
    films = [(out_dir / f"drive_{number:04d}.mp4", seed, number, seconds) for number in numbers]
    if num_workers <= 1:
        yield from (_render_film(*film) for film in films)
    else:
        jobs = [Job(film[0].name, film) for film in films]
        yield from run_in_order(_render_film, jobs, num_workers=num_workers, max_ahead=2 * num_workers)


def _render_film(path: Path, seed: int, number: int, seconds: tuple[float, float]) -> None:
    rng = numpy_generator(seed, "driving-film", number)
    width, height = FILM_SIZES_PX[rng.integers(len(FILM_SIZES_PX))]
    rate_fps = int(rng.choice(FILM_RATES_FPS))
    length = max(round(rng.uniform(*seconds) * rate_fps), 1)
    scene = draw_scene(seed, number, duration_seconds=length / rate_fps)
    canvas = prepare_canvas(scene, height, width)
    frames = (draw_frame(canvas, frame / rate_fps).transpose(2, 0, 1) for frame in range(length))
    write_video(path, frames, fps=rate_fps, encoding=AS_FILMED)

"""Make videos from a snapshot: a folder with one file (or folder of pictures) a video, and a film of a grid of them beside it.

The folder holds videos alone, so that score.py can be given it as it is. They appear when all of them are made. A seed's video
is the same whatever else is made with it, and any part of it can be made alone.
"""

import re
from fractions import Fraction
from pathlib import Path

import click

from stylesv.command_line import (
    CPU_THREADS,
    FPS,
    FRAMES,
    NETWORKS,
    SEEDS,
    SLOW_MOTION,
    SNAPSHOT,
    TIME,
    TIME_STEP,
    OptionalPath,
    parse_share,
    step_of_time,
)
from stylesv.errors import ConfigError, run_command
from stylesv.film_forms import FORMS, MOST_IN_GRID, MOST_VIDEOS
from stylesv.threads import use_cpu_threads

CONFIG = Path(__file__).resolve().parent.parent / "config"


def parse_grid(_context: click.Context, _option: click.Parameter, text: str | None) -> tuple[int, int] | None:
    """`COLUMNSxROWS` as two numbers."""
    if text is None:
        return None
    found = re.fullmatch("([0-9]{1,9})x([0-9]{1,9})", text)
    columns, rows = (int(found[1]), int(found[2])) if found else (0, 0)
    if not columns * rows:
        raise ConfigError(f"--grid {text}: COLUMNSxROWS with whole numbers from 1 is expected, e.g. 5x5")
    if columns * rows > MOST_IN_GRID:
        raise ConfigError(f"--grid {text}: at most {MOST_IN_GRID:,} videos are shown side by side; give a smaller one")
    return columns, rows


@click.command(help=__doc__)
@NETWORKS
@click.option(
    "--choice", type=OptionalPath(), help="Which snapshot of a run is best, JSON; --networks is then not read."
)
@SNAPSHOT
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the videos.")
@click.option(
    "--num-videos",
    type=click.IntRange(1, MOST_VIDEOS),
    help="Videos of --seed.  [default: those of the grid, without one 25]",
)
@click.option("--frames", default=128, show_default=True, type=FRAMES, help="Frames of each video.")
@click.option("--start-frame", default=0, show_default=True, type=TIME, help="Time of the first frame.")
@TIME_STEP
@SLOW_MOTION
@FPS
@click.option(
    "--grid", callback=parse_grid, help="COLUMNSxROWS: also write a film of the first videos side by side, e.g. 5x5."
)
@click.option("--grid-out", type=click.Path(path_type=Path), help="Its file.  [default: OUT_grid.mp4, beside OUT]")
@click.option("--only-grid", is_flag=True, help="Write the grid without single videos.")
@click.option(
    "--beside",
    type=click.Path(path_type=Path),
    help="Real videos that the grid shows, too: packed clips, a folder or zip.",
)
@click.option(
    "--truncation",
    default=1.0,
    show_default=True,
    help="Truncation psi, 0 to 4: below 1 closer to the mean, 1 is none, above 1 more variety.",
)
@click.option(
    "--batch-size", type=click.IntRange(min=1), help="Videos made at a time.  [default: what fits into the memory]"
)
@click.option(
    "--share", default="0/1", callback=parse_share, help="NUMBER/JOBS: make a share of the videos, e.g. 0/4 to 3/4."
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0))
@click.option(
    "--seeds", type=SEEDS, help="The first video of each of these seeds, such as 0-24 or 3,7-9, not many of one."
)
@click.option(
    "--first-video",
    default=0,
    show_default=True,
    type=click.IntRange(0, 10**9),
    help="Number of the first video of --seed.",
)
@click.option(
    "--motion-seed", type=click.IntRange(min=0), help="Seed of the motions.  [default: each video's own seed]"
)
@click.option(
    "--motion-video",
    type=click.IntRange(0, 10**9),
    help="Number of the video whose motion all have.  [default: each video's own]",
)
@click.option("--decomposition/--no-decomposition", help="Columns share content, rows share motion; needs --grid.")
@click.option("--interpolate", type=float, help="Content changes: frames of time from one content to the next.")
@click.option(
    "--contents", type=SEEDS, help="Seeds whose contents it goes through, again and again.  [default: new ones]"
)
@click.option("--still", is_flag=True, help="Motion stands still.")
@click.option(
    "--class",
    "class_number",
    type=click.IntRange(min=0),
    help="Class of every video, for a snapshot that knows classes.  [default: drawn for each]",
)
@click.option(
    "--save",
    default="mp4",
    show_default=True,
    type=click.Choice(FORMS),
    help="Films, folders of pictures, or arrays (numpy).",
)
@click.option("--overwrite", is_flag=True, help="Replace the videos and the grid that an earlier call made there.")
@CPU_THREADS
def generate(
    networks: Path,
    choice: Path | None,
    snapshot: str | None,
    out: Path,
    num_videos: int | None,
    frames: int,
    start_frame: int,
    time_step: Fraction | None,
    slow_motion: int | None,
    fps: float | None,
    grid: tuple[int, int] | None,
    grid_out: Path | None,
    only_grid: bool,
    beside: Path | None,
    truncation: float,
    batch_size: int | None,
    share: tuple[int, int],
    seed: int,
    seeds: tuple[int, ...] | None,
    first_video: int,
    motion_seed: int | None,
    motion_video: int | None,
    decomposition: bool,
    interpolate: float | None,
    contents: tuple[int, ...] | None,
    still: bool,
    class_number: int | None,
    save: str,
    overwrite: bool,
    cpu_threads: int,
) -> None:
    use_cpu_threads(cpu_threads)
    from stylesv.generation.film_folder import FilmTarget
    from stylesv.generation.films import write_films
    from stylesv.generation.request import GenerateRequest
    from stylesv.progress import watched_counts
    from stylesv.workflow.given_networks import chosen_snapshot, frame_rate, snapshot_file

    step = step_of_time(time_step, slow_motion)
    if seeds is not None and num_videos not in (None, len(seeds)):
        raise ConfigError(
            f"--num-videos {num_videos}: --seeds names {len(seeds)} videos already; leave --num-videos out"
        )
    in_grid = grid[0] * grid[1] if grid else 0
    target = FilmTarget.of(out, has_grid=grid is not None, grid_out=grid_out, overwrite=overwrite, form=save)
    given = networks if choice is None else chosen_snapshot(choice)
    file = snapshot_file(given, CONFIG, snapshot=snapshot, tell=click.echo)
    request = GenerateRequest(
        num_videos=len(seeds) if seeds else num_videos or in_grid or 25,
        num_frames=frames,
        start_frame=start_frame,
        time_step=step,
        fps=frame_rate(file, fps, tell=click.echo),
        grid=grid,
        truncation=truncation,
        seed=seed,
        seeds=seeds,
        first_video=first_video,
        motion_seed=motion_seed,
        motion_video=motion_video,
        decomposition=decomposition,
        interpolate=interpolate,
        contents=contents,
        still=still,
        class_number=class_number,
        save=save,
        beside=beside,
        only_grid=only_grid,
        batch_size=batch_size,
        share=share,
    )
    made = write_films(file, target, request, tell=click.echo)
    for _ in watched_counts(made, "generating", unit="frames", total=request.num_made * frames):
        pass
    if not only_grid:
        videos = "1 video" if request.num_made == 1 else f"{request.num_made} videos"
        click.echo(f"{videos} of {frames} frames in {out}")
    if target.grid is not None:
        click.echo(f"their grid: {target.grid}")


if __name__ == "__main__":
    run_command(generate)

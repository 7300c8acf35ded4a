"""Make videos from a snapshot: a folder with one file (or folder of pictures) a video, and a film of a grid of them beside it.

The folder holds videos alone, so that score.py can be given it as it is. They appear when all of them are made. A seed's video
is the same whatever else is made with it, and any part of it can be made alone.
"""

from fractions import Fraction
from pathlib import Path

import click

from stylesv.command_line import CPU_THREADS, SEEDS, OptionalPath, parse_share
from stylesv.errors import ConfigError, run_command
from stylesv.threads import use_cpu_threads

CONFIG = Path(__file__).resolve().parent.parent / "config"
FORMS = ("mp4", "gif", "webp", "png", "jpg", "npz")  # stylesv.media.film_writers, which takes its time to load
USUAL_FPS = 25.0


def parse_grid(_context: click.Context, _option: click.Parameter, text: str | None) -> tuple[int, int] | None:
    """`COLUMNSxROWS` as two numbers."""
    if text is None:
        return None
    columns, _, rows = text.partition("x")
    if not (columns.isdigit() and rows.isdigit() and int(columns) and int(rows)):
        raise ConfigError(f"--grid {text}: COLUMNSxROWS with whole numbers from 1 is expected, e.g. 5x5")
    return int(columns), int(rows)


def parse_step(_context: click.Context, _option: click.Parameter, text: str | None) -> Fraction | None:
    """A number above 0, also as a fraction."""
    try:
        step = None if text is None else Fraction(text)
    except (ValueError, ZeroDivisionError):
        step = Fraction(0)
    if step is not None and not (0 < step <= 1000 and step.denominator <= 10**6):
        raise ConfigError(f"--time-step {text}: a number above 0 and up to 1000 is expected, such as 0.5, 2 or 1/3")
    return step


def chosen(choice: Path) -> Path:
    """The snapshot that a choice names."""
    from stylesv.records.choice import read_choice

    return choice.parent.parent / read_choice(choice).networks


def frame_rate(networks: Path, asked: float | None) -> float:
    """Frames per second of the films: as asked for, or those of the data that the snapshot was trained on."""
    from stylesv.workflow.given_networks import find_frame_rate

    if asked is not None:
        return asked
    found = find_frame_rate(networks)
    if found is None:
        click.echo(f"{USUAL_FPS:g} frames per second: nobody knows those of the snapshot's data; --fps sets others")
        return USUAL_FPS
    click.echo(f"{found.fps:g} frames per second, {found.why}; --fps sets others")
    return found.fps


@click.command(help=__doc__)
@click.option(
    "--networks",
    required=True,
    type=click.Path(path_type=Path),
    help="networks.safetensors of a snapshot; or a run's folder or the name of an experiment, whose --snapshot is taken.",
)
@click.option(
    "--choice", type=OptionalPath(), help="Which snapshot of a run is best, JSON; --networks is then not read."
)
@click.option(
    "--snapshot",
    help="Which one of a run: best (by its score), last, or its KIMG.  [default: best, or last without scores]",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the videos.")
@click.option(
    "--num-videos", type=click.IntRange(min=1), help="Videos of --seed.  [default: those of the grid, without one 25]"
)
@click.option("--frames", default=128, show_default=True, type=click.IntRange(min=1), help="Frames of each video.")
@click.option(
    "--start-frame", default=0, show_default=True, type=click.IntRange(min=0), help="Time of the first frame."
)
@click.option(
    "--time-step",
    callback=parse_step,
    help="Time from one frame to the next: 0.5 is half the speed, or with twice the --fps twice the frame rate.  [default: 1]",
)
@click.option("--slow-motion", type=click.IntRange(min=1), help="The same as --time-step 1/N.")
@click.option("--fps", type=float, help="Frames per second of the films.  [default: those of the snapshot's data]")
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
    "--motion-seed", type=click.IntRange(min=0), help="Seed of the motions.  [default: each video's own seed]"
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
    motion_seed: int | None,
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
    from stylesv.progress import watched
    from stylesv.workflow.given_networks import find_networks

    if slow_motion is not None and time_step is not None:
        raise ConfigError("--slow-motion and --time-step say the same: give one of them")
    if seeds is not None and num_videos not in (None, len(seeds)):
        raise ConfigError(
            f"--num-videos {num_videos}: --seeds names {len(seeds)} videos already; leave --num-videos out"
        )
    in_grid = grid[0] * grid[1] if grid else 0
    target = FilmTarget.of(out, has_grid=grid is not None, grid_out=grid_out, overwrite=overwrite, form=save)
    found = find_networks(networks if choice is None else chosen(choice), CONFIG, snapshot=snapshot)
    if found.note is not None:
        click.echo(found.note)
    request = GenerateRequest(
        num_videos=len(seeds) if seeds else num_videos or in_grid or 25,
        num_frames=frames,
        start_frame=start_frame,
        time_step=time_step or Fraction(1, slow_motion or 1),
        fps=frame_rate(found.file, fps),
        grid=grid,
        truncation=truncation,
        seed=seed,
        seeds=seeds,
        motion_seed=motion_seed,
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
    made = write_films(found.file, target, request, tell=click.echo)
    for _ in watched(made, "generating", unit="videos", total=request.num_made):
        pass
    if not only_grid:
        videos = "1 video" if request.num_made == 1 else f"{request.num_made} videos"
        click.echo(f"{videos} of {frames} frames in {out}")
    if target.grid is not None:
        click.echo(f"their grid: {target.grid}")


if __name__ == "__main__":
    run_command(generate)

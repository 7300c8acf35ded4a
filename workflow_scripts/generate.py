"""Make videos from a snapshot: a folder with one MP4 (or folder of JPEGs) a video, and a film of a grid of them beside it.

The folder holds videos alone, so that score.py can be given it as it is. They appear when all of them are made.
"""

from pathlib import Path

import click

from stylesv.command_line import CPU_THREADS
from stylesv.errors import ConfigError, run_command
from stylesv.threads import use_cpu_threads

CONFIG = Path(__file__).resolve().parent.parent / "config"


def parse_grid(_context: click.Context, _option: click.Parameter, text: str | None) -> tuple[int, int] | None:
    """`COLUMNSxROWS` as two numbers."""
    if text is None:
        return None
    columns, _, rows = text.partition("x")
    if not (columns.isdigit() and rows.isdigit() and int(columns) and int(rows)):
        raise ConfigError(f"--grid {text}: COLUMNSxROWS with whole numbers from 1 is expected, e.g. 5x5")
    return int(columns), int(rows)


@click.command(help=__doc__)
@click.option(
    "--networks",
    required=True,
    type=click.Path(path_type=Path),
    help="networks.safetensors of a snapshot; or a run's folder or the name of an experiment, whose best snapshot is taken.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the videos.")
@click.option("--num-videos", default=25, show_default=True, type=click.IntRange(min=1))
@click.option("--frames", default=128, show_default=True, type=click.IntRange(min=1), help="Frames of each video.")
@click.option(
    "--start-frame", default=0, show_default=True, type=click.IntRange(min=0), help="Time of the first frame."
)
@click.option(
    "--slow-motion", default=1, show_default=True, type=click.IntRange(min=1), help="Frames between two whole ones."
)
@click.option("--fps", default=25.0, show_default=True, help="Frames per second of the MP4s.")
@click.option(
    "--grid", callback=parse_grid, help="COLUMNSxROWS: also write a film of the first videos side by side, e.g. 5x5."
)
@click.option("--grid-out", type=click.Path(path_type=Path), help="Its file.  [default: OUT_grid.mp4, beside OUT]")
@click.option(
    "--truncation",
    default=1.0,
    show_default=True,
    help="Truncation psi, 0 to 4: below 1 closer to the mean, 1 is none, above 1 more variety.",
)
@click.option(
    "--batch-size",
    default=1,
    show_default=True,
    type=click.IntRange(min=1),
    help="Videos made at a time: faster on a GPU, and more memory. Those of a grid are made one by one.",
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0))
@click.option("--decomposition", is_flag=True, help="Columns share content, rows share motion; needs --grid.")
@click.option(
    "--class",
    "class_number",
    type=click.IntRange(min=0),
    help="Class of every video, for a snapshot that knows classes.  [default: drawn for each]",
)
@click.option(
    "--save", default="mp4", show_default=True, type=click.Choice(["mp4", "jpg"]), help="MP4s, or folders of frames."
)
@click.option("--overwrite", is_flag=True, help="Replace the videos and the grid that an earlier call made there.")
@CPU_THREADS
def generate(
    networks: Path,
    out: Path,
    num_videos: int,
    frames: int,
    start_frame: int,
    slow_motion: int,
    fps: float,
    grid: tuple[int, int] | None,
    grid_out: Path | None,
    truncation: float,
    batch_size: int,
    seed: int,
    decomposition: bool,
    class_number: int | None,
    save: str,
    overwrite: bool,
    cpu_threads: int,
) -> None:
    use_cpu_threads(cpu_threads)
    from stylesv.generation.film_folder import FilmTarget
    from stylesv.generation.films import GenerateRequest, write_films
    from stylesv.progress import watched
    from stylesv.workflow.given_networks import find_networks

    target = FilmTarget.of(out, has_grid=grid is not None, grid_out=grid_out, overwrite=overwrite)
    request = GenerateRequest(
        num_videos=num_videos,
        num_frames=frames,
        start_frame=start_frame,
        slow_motion=slow_motion,
        fps=fps,
        grid=grid,
        truncation=truncation,
        seed=seed,
        decomposition=decomposition,
        class_number=class_number,
        save=save,
        batch_size=batch_size,
    )
    found = find_networks(networks, CONFIG)
    if found.note is not None:
        click.echo(found.note)
    made = write_films(found.file, target, request, tell=click.echo)
    for _ in watched(made, "generating", unit="videos", total=num_videos):
        pass
    click.echo(f"{num_videos} videos of {frames} frames in {out}")
    if target.grid is not None:
        click.echo(f"their grid: {target.grid}")


if __name__ == "__main__":
    run_command(generate)

"""Draw a film and a strip of the best snapshot's clips beside real ones."""

from pathlib import Path

import click

from stylesv.config.recipe import parse_json
from stylesv.errors import run_command
from stylesv.threads import use_cpu_threads


@click.command(help=__doc__)
@click.option("--choice", required=True, type=click.Path(path_type=Path), help="Which snapshot is best, JSON.")
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Folder of packed clips.")
@click.option("--settings", required=True, help="Figure settings as JSON.")
@click.option("--film", required=True, type=click.Path(path_type=Path), help="MP4 to write.")
@click.option("--strip", required=True, type=click.Path(path_type=Path), help="PNG to write.")
@click.option("--slices", required=True, type=click.Path(path_type=Path), help="PNG of slices through time to write.")
@click.option("--cpu-threads", default=2, show_default=True, type=click.IntRange(min=1), help="Threads on a CPU.")
def draw_clips(
    choice: Path, data: Path, settings: str, film: Path, strip: Path, slices: Path, cpu_threads: int
) -> None:
    use_cpu_threads(cpu_threads)
    from stylesv.sampling.films import ClipFigures, draw_experiment_clips

    draw_experiment_clips(choice, data, parse_json("--settings", settings), ClipFigures(film, strip, slices))


if __name__ == "__main__":
    run_command(draw_clips)

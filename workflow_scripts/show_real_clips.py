"""Make a film of real clips, and what figures of them are drawn from."""

from pathlib import Path

import click

from stylesv.command_line import CPU_THREADS
from stylesv.errors import run_command
from stylesv.threads import use_cpu_threads


@click.command(help=__doc__)
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Folder of packed clips.")
@click.option("--look", required=True, type=click.Path(path_type=Path), help="How clips are shown, look.yaml.")
@click.option("--film", required=True, type=click.Path(path_type=Path), help="MP4 of clips to write.")
@click.option("--animation", required=True, type=click.Path(path_type=Path), help="The same as WebP.")
@click.option(
    "--shown", required=True, type=click.Path(path_type=Path), help="What figures are drawn from, safetensors."
)
@CPU_THREADS
def show_real_clips(data: Path, look: Path, film: Path, animation: Path, shown: Path, cpu_threads: int) -> None:
    use_cpu_threads(cpu_threads)
    from stylesv.generation.shown_clips import FilmFiles
    from stylesv.generation.shown_clips import show_real_clips as show
    from stylesv.records.look import read_look

    show(data, read_look(look), clips=FilmFiles(film, animation), shown=shown)


if __name__ == "__main__":
    run_command(show_real_clips)

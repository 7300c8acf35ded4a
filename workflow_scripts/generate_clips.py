"""Make films of a snapshot's clips, and what figures of them are drawn from."""

from pathlib import Path

import click

from stylesv.command_line import CPU_THREADS, OptionalPath
from stylesv.errors import ConfigError, run_command
from stylesv.threads import use_cpu_threads


@click.command(help=__doc__)
@click.option("--choice", type=OptionalPath(), help="Which snapshot is best, JSON; without it --networks is shown.")
@click.option("--networks", type=click.Path(path_type=Path), help="The snapshot to show; with --choice not read.")
@click.option("--look", required=True, type=click.Path(path_type=Path), help="How clips are shown, look.yaml.")
@click.option("--film", required=True, type=click.Path(path_type=Path), help="MP4 of clips to write.")
@click.option("--animation", required=True, type=click.Path(path_type=Path), help="The same as WebP.")
@click.option(
    "--decomposition", required=True, type=click.Path(path_type=Path), help="MP4 of content by motion to write."
)
@click.option("--decomposition-animation", required=True, type=click.Path(path_type=Path), help="The same as WebP.")
@click.option(
    "--shown", required=True, type=click.Path(path_type=Path), help="What figures are drawn from, safetensors."
)
@CPU_THREADS
def generate_clips(
    choice: Path | None,
    networks: Path | None,
    look: Path,
    film: Path,
    animation: Path,
    decomposition: Path,
    decomposition_animation: Path,
    shown: Path,
    cpu_threads: int,
) -> None:
    if choice is None and networks is None:
        raise ConfigError("give --choice, the file that says which snapshot is best, or --networks, a snapshot to show")
    use_cpu_threads(cpu_threads)
    from stylesv.generation.shown_clips import FilmFiles
    from stylesv.generation.shown_snapshot import show_snapshot
    from stylesv.records.choice import read_choice
    from stylesv.records.look import read_look

    snapshot = networks if choice is None else choice.parent.parent / read_choice(choice).networks
    show_snapshot(
        snapshot,
        read_look(look),
        clips=FilmFiles(film, animation),
        decomposition=FilmFiles(decomposition, decomposition_animation),
        shown=shown,
    )


if __name__ == "__main__":
    run_command(generate_clips)

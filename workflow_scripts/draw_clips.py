"""Draw a film, a strip and slices through time of a snapshot's clips beside real ones."""

from pathlib import Path

import click

from stylesv.command_line import OptionalPath
from stylesv.errors import ConfigError, run_command
from stylesv.threads import use_cpu_threads


@click.command(help=__doc__)
@click.option("--choice", type=OptionalPath(), help="Which snapshot is best, JSON; without it --networks is shown.")
@click.option("--networks", type=click.Path(path_type=Path), help="The snapshot to show; with --choice not read.")
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Folder of packed clips.")
@click.option("--look", required=True, type=click.Path(path_type=Path), help="How they are shown, look.yaml.")
@click.option("--film", required=True, type=click.Path(path_type=Path), help="MP4 to write.")
@click.option("--strip", required=True, type=click.Path(path_type=Path), help="PNG to write.")
@click.option("--slices", required=True, type=click.Path(path_type=Path), help="PNG of slices through time to write.")
@click.option("--cpu-threads", default=2, show_default=True, type=click.IntRange(min=1), help="Threads on a CPU.")
def draw_clips(
    choice: Path | None,
    networks: Path | None,
    data: Path,
    look: Path,
    film: Path,
    strip: Path,
    slices: Path,
    cpu_threads: int,
) -> None:
    if choice is None and networks is None:
        raise ConfigError("give --choice, the file that says which snapshot is best, or --networks, a snapshot to show")
    use_cpu_threads(cpu_threads)
    from stylesv.generation.run_clips import ClipFiles
    from stylesv.generation.run_clips import draw_clips as draw
    from stylesv.records.choice import read_choice
    from stylesv.records.look import read_look

    shown = networks if choice is None else choice.parent.parent / read_choice(choice).networks
    draw(shown, data, read_look(look), ClipFiles(film, strip, slices))


if __name__ == "__main__":
    run_command(draw_clips)

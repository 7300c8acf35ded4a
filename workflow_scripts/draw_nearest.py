"""Draw the generated clips of a snapshot that are nearest to real ones, beside those."""

from pathlib import Path

import click

from stylesv.command_line import CPU_THREADS, OptionalPath
from stylesv.errors import ConfigError, run_command
from stylesv.threads import use_cpu_threads


@click.command(help=__doc__)
@click.option("--choice", type=OptionalPath(), help="Which snapshot is best, JSON; without it --networks is shown.")
@click.option("--networks", type=click.Path(path_type=Path), help="The snapshot to show; with --choice not read.")
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Folder of packed clips.")
@click.option("--protocol", required=True, help="Protocol with its key: its score lies beside the snapshot.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="PNG to write.")
@CPU_THREADS
def draw_nearest(
    choice: Path | None, networks: Path | None, data: Path, protocol: str, out: Path, cpu_threads: int
) -> None:
    if choice is None and networks is None:
        raise ConfigError("give --choice, the file that says which snapshot is best, or --networks, a snapshot to show")
    use_cpu_threads(cpu_threads)
    from stylesv.records.choice import read_choice
    from stylesv.scoring.nearest_pictures import draw_nearest as draw

    shown = networks if choice is None else choice.parent.parent / read_choice(choice).networks
    draw(shown, data, shown.parent / "scores" / f"{protocol}.json", out)


if __name__ == "__main__":
    run_command(draw_nearest)

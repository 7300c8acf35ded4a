"""Features of the real clips that a protocol chooses, for all snapshots of a data set to be scored against."""

from pathlib import Path

import click

from stylesv.config.recipe import parse_json
from stylesv.errors import run_command
from stylesv.threads import use_cpu_threads


@click.command(help=__doc__)
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Folder of packed clips.")
@click.option("--protocol", required=True, help="The protocol as JSON: name, key, settings.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="features.safetensors to write.")
@click.option("--cpu-threads", default=2, show_default=True, type=click.IntRange(min=1), help="Threads on a CPU.")
def measure_reference(data: Path, protocol: str, out: Path, cpu_threads: int) -> None:
    use_cpu_threads(cpu_threads)
    from stylesv.sampling import scoring

    scoring.measure_reference(data, parse_json("--protocol", protocol), out)


if __name__ == "__main__":
    run_command(measure_reference)

"""What a perfect generator would score against the real clips of a data set under a protocol, for all its snapshots."""

from pathlib import Path

import click

from stylesv.command_line import CPU_THREADS
from stylesv.errors import run_command
from stylesv.threads import use_cpu_threads


@click.command(help=__doc__)
@click.option("--reference", required=True, type=click.Path(path_type=Path), help="Features of the real clips.")
@click.option(
    "--protocol", required=True, type=click.Path(path_type=Path), help="Protocol, as the workflow writes them."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Floor to write, JSON.")
@CPU_THREADS
def measure_floor(reference: Path, protocol: Path, out: Path, cpu_threads: int) -> None:
    use_cpu_threads(cpu_threads)
    from stylesv.records.measured_floor import write_measured_floor
    from stylesv.records.protocol import read_protocol
    from stylesv.scoring.floor_of_reference import measure_floor as measure

    found = measure(reference, read_protocol(protocol))
    write_measured_floor(out, found)
    if found.floor is not None:
        click.echo(f"{found.floor.value:.4g}, {found.floor.low:.4g} to {found.floor.high:.4g}")


if __name__ == "__main__":
    run_command(measure_floor)

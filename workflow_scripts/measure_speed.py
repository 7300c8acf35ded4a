"""How fast a run would train on this machine: a few steps of its recipe on random frames."""

from pathlib import Path

import click

from stylesv.command_line import CPU_THREADS
from stylesv.errors import run_command
from stylesv.threads import use_cpu_threads

FILE = click.Path(path_type=Path)


@click.command(help=__doc__)
@click.option("--recipe", required=True, type=FILE, help="The run's recipe.yaml.")
@click.option("--run", required=True, help="Its name.")
@click.option("--model", required=True, help="Its model.")
@click.option("--out", required=True, type=FILE, help="JSON file to write.")
@CPU_THREADS
def measure_speed(recipe: Path, run: str, model: str, out: Path, cpu_threads: int) -> None:
    use_cpu_threads(cpu_threads)
    from stylesv.records.speed import write_measured_speed
    from stylesv.training.speed import measure_speed

    found = measure_speed(recipe, run=run, model=model)
    write_measured_speed(out, found)
    click.echo(
        f"{found.seconds_per_kimg:.3g} s/kimg on {found.device}, {found.start_seconds:.1f} s to the end of the first step"
    )


if __name__ == "__main__":
    run_command(measure_speed)

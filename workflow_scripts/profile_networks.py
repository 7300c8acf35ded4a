"""Print what each layer of the generator and the discriminator costs: parameters, FLOP, time and memory of a forward pass.

MFLOP are millions of multiplications and additions of convolutions and matrix products; those of resampling filters do not count.
Time is measured on this machine; kept MB are what the layer keeps for the backward pass.
"""

from pathlib import Path

import click

from stylesv.command_line import CPU_THREADS
from stylesv.errors import run_command
from stylesv.threads import use_cpu_threads

CONFIG = Path(__file__).resolve().parent.parent / "config"


@click.command(help=__doc__)
@click.option(
    "--networks",
    required=True,
    help="networks.safetensors of a snapshot, a run's folder, or the name of an experiment, trained or not.",
)
@click.option("--clips", default=1, show_default=True, type=click.IntRange(1, 10**6), help="Clips of a batch.")
@click.option("--passes", default=3, show_default=True, type=click.IntRange(min=1), help="Passes that are timed.")
@CPU_THREADS
def profile_networks(networks: str, clips: int, passes: int, cpu_threads: int) -> None:
    use_cpu_threads(cpu_threads)
    from stylesv.generation.clips import best_device
    from stylesv.ops.backend import active_backend
    from stylesv.training.profiled_networks import (
        networks_of_recipe,
        networks_of_snapshot,
        profile_networks,
        table_text,
    )
    from stylesv.workflow.experiment_run import planned_run
    from stylesv.workflow.given_networks import find_networks

    run = planned_run(networks, CONFIG)
    if run is not None:
        click.echo(f"networks of {run.name}, as they would be trained")
        built = networks_of_recipe(run.recipe)
    else:
        built = networks_of_snapshot(find_networks(networks).file)
    device = best_device()
    for name, rows in profile_networks(built, device=device, num_clips=clips, passes=passes).items():
        click.echo(table_text(f"{name}, {clips} clips of {built.num_frames} frames", rows) + "\n")
    click.echo(f"operations: {active_backend(device)[0]}")


if __name__ == "__main__":
    run_command(profile_networks)

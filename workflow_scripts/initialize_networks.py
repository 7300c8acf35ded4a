"""Write snapshot 0 of a run: fresh networks, or those of a parent's chosen or last snapshot."""

from pathlib import Path

import click

from stylesv.command_line import CPU_THREADS, OptionalPath
from stylesv.errors import run_command
from stylesv.threads import use_cpu_threads


@click.command(help=__doc__)
@click.option("--recipe", required=True, type=click.Path(path_type=Path), help="The run's recipe.yaml.")
@click.option("--data", type=OptionalPath(), help="The packed clips' index.json, where videos have classes.")
@click.option("--parent-choice", type=OptionalPath(), help="Choice of the parent run's best snapshot.")
@click.option(
    "--parent-networks", type=OptionalPath(), help="The parent run's last snapshot, where the recipe says so."
)
@click.option("--networks-out", required=True, type=click.Path(path_type=Path), help="networks.safetensors to write.")
@click.option("--state-out", required=True, type=click.Path(path_type=Path), help="state.safetensors to write.")
@click.option("--samples", type=click.Path(path_type=Path), help="PNG of a few of its clips to write.")
@CPU_THREADS
def initialize_networks(
    recipe: Path,
    data: Path | None,
    parent_choice: Path | None,
    parent_networks: Path | None,
    networks_out: Path,
    state_out: Path,
    samples: Path | None,
    cpu_threads: int,
) -> None:
    use_cpu_threads(cpu_threads)
    from stylesv.generation.samples import draw_snapshot_samples
    from stylesv.training.segment import initialize_run

    given = {"parent_choice": parent_choice, "parent_networks": parent_networks}
    files = {"networks_out": networks_out, "state_out": state_out}
    for line in initialize_run(recipe, data=data, **given, **files):
        click.echo(line)
    if samples is not None:
        draw_snapshot_samples(networks_out, samples)


if __name__ == "__main__":
    run_command(initialize_networks)

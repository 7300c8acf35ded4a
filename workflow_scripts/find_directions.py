"""Find directions in w for edit.py: principal components of w, or the difference between two sets of codes."""

from pathlib import Path

import click

from stylesv.command_line import ANY_SNAPSHOT, CODES_OR_SEEDS, CPU_THREADS, NETWORKS, OVERWRITE, SNAPSHOT, require_new
from stylesv.errors import ConfigError, run_command
from stylesv.threads import use_cpu_threads

CONFIG = Path(__file__).resolve().parent.parent / "config"


@click.command(help=__doc__)
@NETWORKS
@SNAPSHOT
@click.option("--components", type=click.IntRange(min=1), help="How many principal components of draws of w.")
@click.option("--start", type=CODES_OR_SEEDS, help="Instead: files of codes, or seeds, with commas between them ...")
@click.option("--end", type=CODES_OR_SEEDS, help="... and those that the direction leads to.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File to write, .safetensors.")
@ANY_SNAPSHOT
@OVERWRITE
@CPU_THREADS
def find_directions(
    networks: Path,
    snapshot: str | None,
    components: int | None,
    start: tuple[Path | int, ...] | None,
    end: tuple[Path | int, ...] | None,
    out: Path,
    any_snapshot: bool,
    overwrite: bool,
    cpu_threads: int,
) -> None:
    if (components is None) == (not start and not end) or bool(start) != bool(end):
        raise ConfigError("give --components, a number, or --start and --end, two sets of codes or seeds")
    if out.suffix.lower() != ".safetensors":
        raise ConfigError(f"--out {out}: give a name that ends in .safetensors")
    from stylesv.records.directions import read_directions

    require_new(out, overwrite=overwrite, own=read_directions)
    use_cpu_threads(cpu_threads)
    from stylesv.generation.editing import write_component_directions, write_difference_direction
    from stylesv.workflow.given_networks import snapshot_file

    file = snapshot_file(networks, CONFIG, snapshot=snapshot, tell=click.echo)
    if components is None:
        directions = write_difference_direction(file, out, start, end, any_snapshot=any_snapshot)
    else:
        directions = write_component_directions(file, out, count=components)
    for number, share in enumerate(directions.about.shares):
        click.echo(f"component {number}: {100 * share:.1f} % of the variance of w")
    count = len(directions.steps)
    click.echo(f"{count} direction{'' if count == 1 else 's'} in {out}")


if __name__ == "__main__":
    run_command(find_directions)

"""Let TensorBoard follow trainings: writes the logs of all runs as events, and goes on as they grow, until Ctrl-C."""

from contextlib import suppress
from pathlib import Path

import click

from stylesv.errors import run_command


@click.command(help=__doc__)
@click.option("--runs", default="results/runs", show_default=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--out",
    default="results/following",
    show_default=True,
    type=click.Path(path_type=Path),
    help="Folder of events: tensorboard --logdir OUT.",
)
@click.option(
    "--seconds", default=15.0, show_default=True, type=click.FloatRange(min=0.1), help="Between two looks at the logs."
)
def follow(runs: Path, out: Path, seconds: float) -> None:
    from stylesv.report.tensorboard import follow_runs

    click.echo(f"{runs} -> {out}; watch with: tensorboard --logdir {out}; Ctrl-C ends")
    with suppress(KeyboardInterrupt):
        follow_runs(runs, out, seconds=seconds)


if __name__ == "__main__":
    run_command(follow)

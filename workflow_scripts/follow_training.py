"""Let TensorBoard follow trainings: writes the logs of all runs as events, and goes on as they grow, until Ctrl-C."""

from contextlib import suppress
from math import isnan
from pathlib import Path

import click

from stylesv.errors import ConfigError, run_command


def a_number(_context: click.Context, _option: click.Parameter, value: float) -> float:
    """The value, unless it is NaN, which no range keeps out."""
    if isnan(value):
        raise ConfigError(f"--seconds {value}: a number from 0.1 to 86400 is expected")
    return value


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
    "--seconds",
    default=15.0,
    show_default=True,
    type=click.FloatRange(0.1, 86400),
    callback=a_number,
    help="Between two looks at the logs.",
)
def follow(runs: Path, out: Path, seconds: float) -> None:
    from stylesv.report.tensorboard import follow_runs

    click.echo(f"{runs} -> {out}; watch with: tensorboard --logdir {out}; Ctrl-C ends")
    with suppress(KeyboardInterrupt):
        follow_runs(runs, out, seconds=seconds, tell=click.echo)


if __name__ == "__main__":
    run_command(follow)

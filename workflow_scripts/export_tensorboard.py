"""Write one run's training logs as TensorBoard events."""

from pathlib import Path

import click

from stylesv.errors import run_command


@click.command(help=__doc__)
@click.argument("logs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of events to write.")
def export(logs: tuple[Path, ...], out: Path) -> None:
    from stylesv.report.tensorboard import export_tensorboard

    click.echo(f"{out}: {export_tensorboard(logs, out):,} numbers")


if __name__ == "__main__":
    run_command(export)

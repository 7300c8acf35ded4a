"""Choose the snapshot with the lowest score; of equal ones, the earliest."""

from pathlib import Path

import click

from stylesv.errors import run_command


@click.command(help=__doc__)
@click.argument("scores", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="JSON file to write.")
def choose_snapshot(scores: tuple[Path, ...], out: Path) -> None:
    from stylesv.metrics.choice import choose_best, write_choice

    write_choice(out, choose_best(list(scores)))


if __name__ == "__main__":
    run_command(choose_snapshot)

"""Choose the snapshot of a run with the best score; of equal ones, the earliest."""

from pathlib import Path

import click

from stylesv.command_line import NUMBERS
from stylesv.errors import run_command


@click.command(help=__doc__)
@click.option("--run", required=True, type=click.Path(path_type=Path), help="Folder of the run, with its snapshots.")
@click.option("--protocol", required=True, help="Protocol with its key, as in the names of score files.")
@click.option("--kimgs", required=True, type=NUMBERS, help="Snapshots, with commas between: 0,4,8.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="JSON file to write.")
def choose_snapshot(run: Path, protocol: str, kimgs: tuple[int, ...], out: Path) -> None:
    from stylesv.metrics.choice import choose_best
    from stylesv.records.choice import write_choice
    from stylesv.records.score import read_score_of

    write_choice(out, choose_best([read_score_of(run, kimg, protocol) for kimg in kimgs]))


if __name__ == "__main__":
    run_command(choose_snapshot)

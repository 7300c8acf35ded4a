"""Put the scores of a run's snapshots into one file."""

from pathlib import Path

import click

from stylesv.command_line import NAMES, NUMBERS
from stylesv.errors import run_command


@click.command(help=__doc__)
@click.option("--run", required=True, type=click.Path(path_type=Path), help="Folder of the run, with its snapshots.")
@click.option("--protocols", required=True, type=NAMES, help="Protocols with their keys, with commas between.")
@click.option("--kimgs", required=True, type=NUMBERS, help="Snapshots, with commas between: 0,4,8.")
@click.option("--last", default="", type=NAMES, help="Protocols of the last of these snapshots alone; none: empty.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="JSON file to write.")
def collect_scores(
    run: Path, protocols: tuple[str, ...], kimgs: tuple[int, ...], last: tuple[str, ...], out: Path
) -> None:
    from stylesv.records.score import read_score_of, write_run_scores

    asked = [(kimg, protocol) for protocol in protocols for kimg in kimgs]
    asked += [(kimgs[-1], protocol) for protocol in last]
    write_run_scores(out, [read_score_of(run, *each) for each in asked])


if __name__ == "__main__":
    run_command(collect_scores)

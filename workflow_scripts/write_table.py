"""Write the scores of one protocol as CSV, Markdown and LaTeX; scores of different protocols are refused."""

from pathlib import Path

import click

from stylesv.errors import run_command


@click.command(help=__doc__)
@click.argument("scores", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--csv", required=True, type=click.Path(path_type=Path), help="CSV to write.")
@click.option("--markdown", required=True, type=click.Path(path_type=Path), help="Markdown to write.")
@click.option("--tex", required=True, type=click.Path(path_type=Path), help="LaTeX to write.")
def write_table(scores: tuple[Path, ...], csv: Path, markdown: Path, tex: Path) -> None:
    from stylesv.report.tables import read_score_rows, write_score_table

    write_score_table(read_score_rows(scores), csv=csv, markdown=markdown, tex=tex)


if __name__ == "__main__":
    run_command(write_table)

"""Write the tables, the figures and the page with everything that an experiment found."""

from contextlib import chdir
from pathlib import Path

import click

from stylesv.config.recipe import parse_json
from stylesv.errors import run_command


@click.command(help=__doc__)
@click.option("--settings", required=True, help="Title, scores, clips, runs and data sets as JSON.")
@click.option(
    "--root", default=".", show_default=True, type=click.Path(path_type=Path), help="Folder its paths are relative to."
)
@click.option("--page", required=True, type=click.Path(path_type=Path), help="HTML file to write.")
@click.option("--tables", required=True, type=click.Path(path_type=Path), help="Folder for the tables.")
@click.option("--figures", required=True, type=click.Path(path_type=Path), help="Folder for the figures.")
def write_report(settings: str, root: Path, page: Path, tables: Path, figures: Path) -> None:
    from stylesv.report.experiment import write_experiment

    page, tables, figures = page.absolute(), tables.absolute(), figures.absolute()
    with chdir(root):
        write_experiment(parse_json("--settings", settings), page=page, tables=tables, figures=figures)


if __name__ == "__main__":
    run_command(write_report)

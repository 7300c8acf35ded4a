"""Write one self-contained page with everything that an experiment found."""

from pathlib import Path

import click

from stylesv.config.recipe import parse_json
from stylesv.errors import run_command


@click.command(help=__doc__)
@click.option("--settings", required=True, help="Title, scores, figures, runs and data sets as JSON.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="HTML file to write.")
def write_report(settings: str, out: Path) -> None:
    from stylesv.report.experiment import experiment_content
    from stylesv.report.html import write_report as write_page

    write_page(out, experiment_content(parse_json("--settings", settings)))


if __name__ == "__main__":
    run_command(write_report)

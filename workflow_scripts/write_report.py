"""Write the figures and the page with everything that an experiment found."""

from pathlib import Path

import click

from stylesv.errors import run_command


@click.command(help=__doc__)
@click.option("--experiment", required=True, type=click.Path(path_type=Path), help="What the report is about, YAML.")
@click.option("--page", required=True, type=click.Path(path_type=Path), help="HTML file to write.")
@click.option("--figures", required=True, type=click.Path(path_type=Path), help="Folder for the figures.")
def write_report(experiment: Path, page: Path, figures: Path) -> None:
    from stylesv.report.experiment import write_experiment

    write_experiment(experiment, page=page, figures=figures)


if __name__ == "__main__":
    run_command(write_report)

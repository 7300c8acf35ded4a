"""Write the folder with the page on everything that an experiment found, and all that it shows."""

from pathlib import Path

import click

from stylesv.command_line import keep_key, keeps_key
from stylesv.errors import run_command


@click.command(help=__doc__)
@click.option("--experiment", required=True, type=click.Path(path_type=Path), help="What the report is about, YAML.")
@click.option("--rule-graph", required=True, type=click.Path(path_type=Path), help="The rules that made it, YAML.")
@click.option("--captions", required=True, type=click.Path(path_type=Path), help="Folder of the figures' captions.")
@click.option("--project", required=True, type=click.Path(path_type=Path), help="Checkout, for the commit.")
@click.option("--benchmarks", required=True, type=click.Path(path_type=Path), help="Folder of Snakemake's benchmarks.")
@click.option("--page", required=True, type=click.Path(path_type=Path), help="HTML file to write.")
@keeps_key
def write_report(
    experiment: Path,
    rule_graph: Path,
    captions: Path,
    project: Path,
    benchmarks: Path,
    page: Path,
    key: str | None,
    key_out: Path | None,
) -> None:
    from stylesv.report.page.content import ReportFiles
    from stylesv.report.page.html import write_report as write

    write(page, ReportFiles(experiment, rule_graph, captions, project, benchmarks))
    keep_key(key, key_out)


if __name__ == "__main__":
    run_command(write_report)

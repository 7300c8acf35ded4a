"""Put an experiment's report, what it was made of, and the workflow into a zip that says what is in it (an RO-Crate)."""

from pathlib import Path

import click

from stylesv.errors import run_command


@click.command(help=__doc__)
@click.option("--experiment", required=True, type=click.Path(path_type=Path), help="What the report is about, YAML.")
@click.option("--page", required=True, type=click.Path(path_type=Path), help="The report's page.")
@click.option("--project", required=True, type=click.Path(path_type=Path), help="Checkout of the workflow.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Zip to write.")
def write_crate(experiment: Path, page: Path, project: Path, out: Path) -> None:
    from stylesv.report.crate import CrateSource
    from stylesv.report.crate import write_crate as write

    count = write(out, CrateSource(experiment, page.parent, project))
    click.echo(f"{count} files in {out}")


if __name__ == "__main__":
    run_command(write_crate)

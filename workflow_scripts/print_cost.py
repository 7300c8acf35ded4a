"""Print what an experiment costs, planned and so far, with the assumption of each number."""

from pathlib import Path

import click

from stylesv.errors import run_command

FILE = click.Path(path_type=Path)


@click.command(help=__doc__)
@click.option("--plan", required=True, type=FILE, help="What the experiment's tables are made of, YAML.")
@click.option("--speeds", required=True, type=FILE, help="Table of speeds, CSV.")
@click.option("--benchmarks", default="benchmarks", show_default=True, type=FILE, help="Snakemake's benchmarks.")
def print_cost(plan: Path, speeds: Path, benchmarks: Path) -> None:
    from stylesv.files import project_of
    from stylesv.records.table_plan import read_table_plan
    from stylesv.report.cost_table import cost_table, cost_text

    found = read_table_plan(plan)
    click.echo(cost_text(cost_table(found, project_of(plan), speeds=speeds, benchmarks=benchmarks, by_own=True)))


if __name__ == "__main__":
    run_command(print_cost)

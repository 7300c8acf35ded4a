"""Write one table of an experiment: CSV, Markdown, LaTeX and HTML."""

from pathlib import Path

import click

from stylesv.command_line import keep_key, keeps_key
from stylesv.errors import run_command

FILE = click.Path(path_type=Path)


@click.command(help=__doc__)
@click.option("--plan", required=True, type=FILE, help="What the experiment's tables are made of, YAML.")
@click.option("--table", required=True, help="main, ablation, protocols, long_video, cost, or the name of a protocol.")
@click.option("--published", required=True, type=FILE, help="Published numbers, CSV.")
@click.option("--speeds", required=True, type=FILE, help="Speeds that the cost is planned with, CSV.")
@click.option("--benchmarks", default="benchmarks", show_default=True, type=FILE, help="Snakemake's benchmarks.")
@click.option("--csv", required=True, type=FILE, help="CSV file to write.")
@click.option("--markdown", required=True, type=FILE, help="Markdown file to write.")
@click.option("--tex", required=True, type=FILE, help="LaTeX file to write.")
@click.option("--html", required=True, type=FILE, help="HTML file to write.")
@keeps_key
def write_table(
    plan: Path,
    table: str,
    published: Path,
    speeds: Path,
    benchmarks: Path,
    csv: Path,
    markdown: Path,
    tex: Path,
    html: Path,
    key: str | None,
    key_out: Path | None,
) -> None:
    from stylesv.report.experiment_tables import write_experiment_table
    from stylesv.report.table_files import TableFiles

    files = TableFiles(csv=csv, markdown=markdown, tex=tex, html=html)
    write_experiment_table(plan, table, published=published, speeds=speeds, benchmarks=benchmarks, files=files)
    keep_key(key, key_out)


if __name__ == "__main__":
    run_command(write_table)

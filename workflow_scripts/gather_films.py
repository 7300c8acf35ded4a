"""Write down what became of all films of a table, and stop if too many of its clips are missing."""

from pathlib import Path

import click

from stylesv.command_line import Number
from stylesv.errors import run_command


@click.command(help=__doc__)
@click.argument("groups", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--table", required=True, type=click.Path(path_type=Path), help="Table of clips, CSV.")
@click.option("--recipe", required=True, type=click.Path(path_type=Path), help="Recipe of the data set.")
@click.option("--max-missing", required=True, type=Number(0.0, 1.0), help="Largest share of clips that may be missing.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="What became of each film, CSV.")
def gather_films(groups: tuple[Path, ...], table: Path, recipe: Path, max_missing: float, out: Path) -> None:
    from stylesv.data.clip_table import read_clip_table
    from stylesv.data.cutting import gather_clips
    from stylesv.records.ledger import count_clips, read_films, write_films
    from stylesv.records.recipe import read_clips_recipe

    asked = read_clips_recipe(recipe)
    films = [row for group in groups for row in read_films(group)]
    rows = read_clip_table(table, partition=asked.source.partition)
    name = out.absolute().parent.name.rpartition("-")[0]
    ledger = gather_clips(rows, films, leave_out=asked.leave_out, max_missing=max_missing, name=name)
    write_films(out, films)
    click.echo(count_clips(ledger).text)


if __name__ == "__main__":
    run_command(gather_films)

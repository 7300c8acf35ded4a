"""Fetch a group of a table's films; those that are there are not fetched again, those that cannot be had are listed."""

from pathlib import Path

import click

from stylesv.errors import run_command


@click.command(help=__doc__)
@click.option("--table", required=True, type=click.Path(path_type=Path), help="Table of clips, CSV.")
@click.option("--films", required=True, help="Address of a film, or path of a user's own, with {id} in it.")
@click.option("--film-format", required=True, help="Which of a film's files to take, as yt-dlp has it.")
@click.option("--partition", default=None, help="Rows of this partition alone.")
@click.option("--group", required=True, help="Which films, such as 000of028: every 28th from the first on.")
@click.option("--folder", required=True, type=click.Path(path_type=Path), help="Folder for the films.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="What became of each film, CSV.")
def fetch_films(
    table: Path, films: str, film_format: str, partition: str | None, group: str, folder: Path, out: Path
) -> None:
    from stylesv.data.clip_table import films_of_group, read_clip_table
    from stylesv.data.films import fetch_films
    from stylesv.records.ledger import write_films

    ids = films_of_group(read_clip_table(table, partition=partition or None), group)
    write_films(out, fetch_films(ids, films=films, film_format=film_format, folder=folder))


if __name__ == "__main__":
    run_command(fetch_films)

"""Try again to fetch the films that are missing, and no others, and write down what became of them."""

from pathlib import Path

import click

from stylesv.errors import run_command


@click.command(help=__doc__)
@click.argument("groups", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--films", required=True, help="Address of a film, with {id} in it.")
@click.option("--film-format", required=True, help="Which of a film's files to take, as yt-dlp has it.")
@click.option("--folder", required=True, type=click.Path(path_type=Path), help="Folder of the films.")
def repair_films(groups: tuple[Path, ...], films: str, film_format: str, folder: Path) -> None:
    from stylesv.data.films import fetch_films
    from stylesv.records.ledger import read_films, write_films

    came, missing = 0, 0
    for group in groups:
        known = read_films(group)
        before = {row.id for row in known if row.status == "ok"}
        rows = fetch_films([row.id for row in known], films=films, film_format=film_format, folder=folder, known=known)
        write_films(group, rows)
        came += sum(row.status == "ok" and row.id not in before for row in rows)
        missing += sum(row.status != "ok" for row in rows)
    click.echo(
        f"{came} films came, {missing} are still missing. A data set that is packed already does not change: raise "
        "source.clip_list.attempt in its settings to make one of what is there now, under a new name"
    )


if __name__ == "__main__":
    run_command(repair_films)

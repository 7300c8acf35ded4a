"""Cut the clips of a group of films into a zip of frames, and write down what became of each."""

from pathlib import Path

import click

from stylesv.errors import run_command


@click.command(help=__doc__)
@click.option("--table", required=True, type=click.Path(path_type=Path), help="Table of clips, CSV.")
@click.option("--films", required=True, type=click.Path(path_type=Path), help="What became of each film, CSV.")
@click.option("--folder", required=True, type=click.Path(path_type=Path), help="Folder of the films.")
@click.option("--recipe", required=True, type=click.Path(path_type=Path), help="Recipe of the data set.")
@click.option("--group", required=True, help="Which films, such as 000of028: every 28th from the first on.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Zip to write.")
@click.option("--ledger", required=True, type=click.Path(path_type=Path), help="What became of each clip, CSV.")
def cut_clips(table: Path, films: Path, folder: Path, recipe: Path, group: str, out: Path, ledger: Path) -> None:
    from stylesv.data.clip_table import films_of_group, read_clip_table
    from stylesv.data.cutting import cut_clips
    from stylesv.records.ledger import count_clips, read_films, write_ledger
    from stylesv.records.recipe import read_clips_recipe

    asked = read_clips_recipe(recipe)
    rows = read_clip_table(table, partition=asked.source.partition)
    ids = set(films_of_group(rows, group))
    own = [row for row in rows if row.video_id in ids]
    found = cut_clips(own, read_films(films), out, folder=folder, packing=asked.packing, leave_out=asked.leave_out)
    write_ledger(ledger, found)
    click.echo(count_clips(found).text)


if __name__ == "__main__":
    run_command(cut_clips)

"""Write a data set's sheet: numbers, the ledger of what was asked for, a contact sheet, a histogram of lengths."""

from pathlib import Path

import click

from stylesv.errors import run_command


@click.command(help=__doc__)
@click.argument("fetched", nargs=-1, type=click.Path(path_type=Path))
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Folder of packed clips.")
@click.option("--recipe", required=True, type=click.Path(path_type=Path), help="Its recipe.")
@click.option("--ledger", required=True, type=click.Path(path_type=Path), help="Ledger to write, CSV.")
@click.option("--sheet", required=True, type=click.Path(path_type=Path), help="Numbers to write, JSON.")
@click.option("--contact-sheet", required=True, type=click.Path(path_type=Path), help="Picture to write, PNG.")
@click.option("--lengths", required=True, type=click.Path(path_type=Path), help="Histogram to write, PNG.")
def write_data_sheet(
    fetched: tuple[Path, ...],
    data: Path,
    recipe: Path,
    ledger: Path,
    sheet: Path,
    contact_sheet: Path,
    lengths: Path,
) -> None:
    """FETCHED are records of what was fetched (.json), or tables of what became of films (.csv)."""
    from stylesv.data.packed import PackedClips
    from stylesv.data.sheet import contact_frames, describe_data
    from stylesv.records import data_sheet
    from stylesv.records.ledger import read_fetched, read_films, write_ledger
    from stylesv.records.recipe import read_data_recipe
    from stylesv.report.data_sheet import draw_contact_sheet, draw_lengths

    clips = PackedClips(data)
    described, rows = describe_data(
        data.name,
        clips,
        read_data_recipe(recipe),
        fetched=[read_fetched(file) for file in fetched if file.suffix == ".json"],
        films=[row for file in fetched if file.suffix == ".csv" for row in read_films(file)],
    )
    write_ledger(ledger, rows)
    draw_contact_sheet(contact_sheet, contact_frames(clips, most=60), columns=10)
    draw_lengths(lengths, [clip.num_frames for clip in clips.index.clips], title=data.name)
    data_sheet.write_data_sheet(sheet, described)  # last: a call that asks for it alone is content once it is there
    click.echo(described.counts.text)


if __name__ == "__main__":
    run_command(write_data_sheet)

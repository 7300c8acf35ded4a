"""Join the parts of an archive into one zip."""

from pathlib import Path

import click

from stylesv.errors import run_command


@click.command(help=__doc__)
@click.argument("parts", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Zip to write.")
def join_archive(parts: tuple[Path, ...], out: Path) -> None:
    from stylesv.fetching.archive import join_parts

    join_parts(list(parts), out)


if __name__ == "__main__":
    run_command(join_archive)

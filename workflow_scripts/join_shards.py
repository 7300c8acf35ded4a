"""Copy packed clips that lie in shards into one clips.zip, byte for byte what one job would have packed."""

from pathlib import Path

import click

from stylesv.data.packing import describe_packing
from stylesv.data.sharding import join_shards
from stylesv.errors import run_command


@click.command(context_settings={"max_content_width": 120})
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder of packed clips.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the three files.")
def main(data: Path, out: Path) -> None:
    """Make one clips.zip of shards, for other programs; this project reads shards as they are."""
    click.echo("\n".join(describe_packing(join_shards(data, out))))


if __name__ == "__main__":
    run_command(main)

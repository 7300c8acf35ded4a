"""Copy packed clips that lie in shards into one clips.zip, byte for byte what one job would have packed."""

from pathlib import Path

import click

from stylesv.command_line import OVERWRITE
from stylesv.data.packed_writer import require_no_clips
from stylesv.data.packing import describe_packing
from stylesv.data.sharding import join_shards
from stylesv.errors import run_command
from stylesv.records.packed_index import INDEX_FILE


@click.command(context_settings={"max_content_width": 120})
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder of packed clips.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the three files.")
@OVERWRITE
def main(data: Path, out: Path, overwrite: bool) -> None:
    """Make one clips.zip of shards, for other programs; this project reads shards as they are."""
    require_no_clips(out, data / INDEX_FILE, overwrite=overwrite)
    click.echo("\n".join(describe_packing(join_shards(data, out))))


if __name__ == "__main__":
    run_command(main)

"""Put the shards of a data set together: one index over all of them."""

from pathlib import Path

import click

from stylesv.command_line import Number
from stylesv.data.packing import describe_packing
from stylesv.data.sharding import index_shards
from stylesv.errors import run_command
from stylesv.records.packed_shards import shard_names


@click.command(context_settings={"max_content_width": 120})
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder that `shards/` lies in.")
@click.option("--num-shards", type=click.IntRange(1), required=True, help="How many shards there are.")
@click.option(
    "--max-missing",
    type=Number(0.0, 1.0),
    default=1.0,
    help="Largest share of the videos that may be damaged or missing; more stops here.  [default: all]",
)
def main(out: Path, num_shards: int, max_missing: float) -> None:
    """Write shards.json, which says where clips lie, and index.json, which says what they are; no clip is copied.

    The index is the same for any number of shards. join_shards.py makes one clips.zip of them.
    """
    index = index_shards(out, [f"shards/{name}" for name in shard_names(num_shards)], max_missing=max_missing)
    click.echo("\n".join(describe_packing(index)))


if __name__ == "__main__":
    run_command(main)

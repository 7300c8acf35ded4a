"""Pack a share of a data set's raw videos: clips.zip, offsets.npy, index.json of a shard."""

from pathlib import Path

import click

from stylesv.command_line import WORKERS, OptionalPath
from stylesv.data.packing import describe_packing, pack_videos
from stylesv.data.selection import Selection
from stylesv.data.shard import Shard
from stylesv.errors import run_command
from stylesv.records.packed_shards import numbers_of_shard
from stylesv.records.recipe import FetchedClips, read_data_recipe
from stylesv.records.shots import read_shots


@click.command(context_settings={"max_content_width": 120})
@click.option("--videos", type=click.Path(path_type=Path), required=True, help="As of pack_videos.py: all videos.")
@click.argument("more_videos", nargs=-1, type=click.Path(path_type=Path))
@click.option("--recipe", type=click.Path(path_type=Path), required=True, help="The data set's recipe.yaml.")
@click.option("--shard", required=True, help="Which share, of how many: 0000of0002 is the first of two.")
@click.option("--shots", type=OptionalPath(), help="Shots of the videos, from split_shots.py, CSV.")
@click.option(
    "--num-workers", type=WORKERS, default=1, show_default=True, help="Processes; the bytes made are the same."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the shard's three files.")
def main(
    videos: Path,
    more_videos: tuple[Path, ...],
    recipe: Path,
    shard: str,
    shots: Path | None,
    num_workers: int,
    out: Path,
) -> None:
    """Pack the videos of one shard, as pack_videos.py packs all of them; index_shards.py puts the shards together.

    Each shard takes videos that follow each other and about as many bytes as the others; one may be left without any.
    """
    asked = read_data_recipe(recipe)
    index = pack_videos(
        [videos, *more_videos] if isinstance(asked.source, FetchedClips) else videos,
        out,
        settings=asked.packing,
        selection=Selection.of_recipe(asked, shots=read_shots(shots) if shots else None),
        shard=Shard(*numbers_of_shard(shard)),
        num_workers=num_workers,
        progress=True,
    )
    click.echo("\n".join(describe_packing(index)))


if __name__ == "__main__":
    run_command(main)

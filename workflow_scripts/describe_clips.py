"""Say what packed clips are: clips, lengths, codec, size, classes, split, what was dropped and why, hashes, shards."""

from pathlib import Path

import click

from stylesv.data.description import describe_clips
from stylesv.data.packed import PackedClips
from stylesv.errors import run_command
from stylesv.records.recipe import read_data_recipe


@click.command(help=__doc__)
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Folder of packed clips.")
def main(data: Path) -> None:
    packed = PackedClips(data)
    recipe = packed.path / "recipe.yaml"  # the workflow writes it there; pack_videos.py by hand does not
    click.echo("\n".join(describe_clips(packed, read_data_recipe(recipe) if recipe.exists() else None)))


if __name__ == "__main__":
    run_command(main)

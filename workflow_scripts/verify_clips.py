"""Check that packed clips are what was packed: read all of them and compare with the hashes in their index."""

from pathlib import Path

import click

from stylesv.data.packed import PackedClips
from stylesv.errors import run_command


@click.command(help=__doc__)
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Folder that pack_videos.py made.")
def verify_clips(data: Path) -> None:
    clips = PackedClips(data)
    clips.verify()
    frames = sum(clips.num_frames(clip) for clip in range(clips.num_clips))
    click.echo(f"{data}: ok: {clips.num_clips} clips, {frames:,} frames of {clips.resolution} px are what was packed")


if __name__ == "__main__":
    run_command(verify_clips)

"""Pack raw videos into clips that training and scoring read: clips.zip, offsets.npy, index.json."""

from pathlib import Path
from typing import Any

import click

from stylesv.command_line import OVERWRITE, WORKERS, Number, OptionalPath
from stylesv.config.dataset import PackSettings
from stylesv.config.validation import validate
from stylesv.config.yaml_files import Layer
from stylesv.data.packed_writer import require_no_clips
from stylesv.data.packing import describe_packing, pack_videos
from stylesv.data.selection import Selection
from stylesv.errors import run_command
from stylesv.records.recipe import FetchedClips, read_data_recipe
from stylesv.records.shots import read_shots

DEFAULTS = {
    "crop": "center",
    "fps": None,
    "min_frames": 1,
    "max_frames": None,
    "codec": "jpeg",
    "jpeg_quality": 95,
    "damaged": "drop",
    "labels": None,
}


@click.command(context_settings={"max_content_width": 120})
@click.option(
    "--videos",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder (searched to its depths) or zip of films (.mp4, .mov, .mkv, .webm, .avi, .gif, ...) or of folders of "
    ".jpg or .png frames, one folder a clip; or one film.",
)
@click.argument("more_videos", nargs=-1, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the three files.")
@click.option("--resolution", type=int, help="Height and width of the packed frames, pixels.")
@click.option("--fps", type=float, help="Resample films to this frame rate by their times.  [default: every frame]")
@click.option("--min-frames", type=int, help="Drop and list clips with fewer frames.  [default: 1]")
@click.option("--max-frames", type=int, help="Cut longer videos into clips of this many frames.  [default: do not cut]")
@click.option(
    "--crop",
    type=click.Choice(["center", "squeeze"]),
    help="center: short side to the resolution, then a centred square. squeeze: the whole frame, its aspect ratio lost.  "
    "[default: center]",
)
@click.option(
    "--codec",
    type=click.Choice(["jpeg", "raw"]),
    help="raw: frames as they are, some 9 times as large and read several times as fast.  [default: jpeg]",
)
@click.option("--jpeg-quality", type=int, help="1 to 100; the published scripts made 75.  [default: 95]")
@click.option(
    "--damaged",
    type=click.Choice(["drop", "use", "fail"]),
    help="Films that end early: leave out and list, use the readable part and list, or stop.  [default: drop]",
)
@click.option(
    "--labels",
    type=click.Choice(["folders", "dataset_json"]),
    help="Classes of videos: by the folder they lie in, or by a dataset.json beside them.  [default: none]",
)
@click.option(
    "--num-workers", type=WORKERS, default=1, show_default=True, help="Processes; the bytes made are the same."
)
@click.option("--shots", type=OptionalPath(), help="Shots of the videos, from split_shots.py, CSV.")
@click.option(
    "--max-missing",
    type=Number(0.0, 1.0),
    default=1.0,
    help="Largest share of the videos that may be damaged or missing; more stops the packing.  [default: all]",
)
@click.option(
    "--recipe",
    type=click.Path(path_type=Path),
    help="A data set's recipe.yaml, for the settings above from --resolution on; options given beside it win.",
)
@OVERWRITE
def main(
    videos: Path,
    more_videos: tuple[Path, ...],
    out: Path,
    num_workers: int,
    shots: Path | None,
    max_missing: float,
    recipe: Path | None,
    overwrite: bool,
    **options: Any,
) -> None:
    """Decode every video once; crop, resize and pack its frames in a zip, with an index beside it.

    MORE_VIDEOS are further zips of clips cut out of films by cut_clips.py, with their ledgers beside them.
    """
    require_no_clips(out, videos, *more_videos, overwrite=overwrite)
    asked = read_data_recipe(recipe) if recipe else None
    values = {**DEFAULTS, **(asked.packing.model_dump() if asked else {})}
    values |= {name: value for name, value in options.items() if value is not None}
    checked = validate(PackSettings, Layer.from_values(values, "command line")).packing
    known_shots = read_shots(shots) if shots else None
    selection = Selection.of_recipe(asked, shots=known_shots, max_missing=max_missing)
    are_cut = asked is not None and isinstance(asked.source, FetchedClips)
    packed = [videos, *more_videos] if are_cut or more_videos else videos
    index = pack_videos(packed, out, settings=checked, selection=selection, num_workers=num_workers, progress=True)
    click.echo("\n".join(describe_packing(index)))


if __name__ == "__main__":
    run_command(main)

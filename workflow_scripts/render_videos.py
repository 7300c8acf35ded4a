"""Render seeded driving films (H.264), the demo's raw videos."""

from pathlib import Path

import click

from stylesv.command_line import WORKERS
from stylesv.errors import run_command


@click.command(context_settings={"max_content_width": 120})
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to make; it must not hold files.")
@click.option("--num-videos", type=int, default=60, show_default=True, help="Number of films.")
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Another one gives other roads, weather and speeds."
)
@click.option("--num-workers", default=1, show_default=True, type=WORKERS, help="Processes; the films are the same.")
def main(out: Path, num_videos: int, seed: int, num_workers: int) -> None:
    """Render driving scenes as MP4 films of 5 to 8 seconds; the same bytes for the same seed."""
    # here, for the processes that draw import this file, too
    from stylesv.config.sources import RenderSettings
    from stylesv.config.validation import validate
    from stylesv.config.yaml_files import Layer
    from stylesv.data.world.rendering import render_driving_videos

    checked = validate(RenderSettings, Layer.from_values({"num_videos": num_videos, "seed": seed}, "command line"))
    options = {"num_videos": checked.num_videos, "seed": checked.seed}
    films = render_driving_videos(out, **options, num_workers=num_workers, progress=True)
    click.echo(f"{len(films)} films, {sum(film.stat().st_size for film in films) / 1e6:.1f} MB, in {out}")


if __name__ == "__main__":
    run_command(main)

"""Render seeded driving films (H.264), the demo's raw videos."""

import json
import sys
from pathlib import Path

import click

from stylesv.config.dataset import RenderSettings
from stylesv.config.validation import validate
from stylesv.config.yaml_files import Layer
from stylesv.data.driving_scenes import render_driving_videos
from stylesv.errors import ConfigError, run_command


@click.command(context_settings={"max_content_width": 120})
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to make; it must not hold files.")
@click.option("--num-videos", type=int, help="Number of films.  [default: 60]")
@click.option("--seed", type=int, help="Another seed gives other roads, weather and speeds.  [default: 0]")
@click.option(
    "--settings", help='Both of these as JSON, such as \'{"num_videos": 60, "seed": 0}\'; options given beside it win.'
)
def main(out: Path, num_videos: int | None, seed: int | None, settings: str | None) -> None:
    """Render driving scenes as MP4 films of 40 to 120 frames; the same bytes for the same seed."""
    given = {"num_videos": num_videos, "seed": seed}
    try:
        values = {"num_videos": 60, "seed": 0, **(json.loads(settings) if settings else {})}
    except (ValueError, TypeError) as error:
        raise ConfigError(f"--settings: not a JSON object ({error})") from error
    values |= {name: value for name, value in given.items() if value is not None}
    checked = validate(RenderSettings, Layer.from_values(values, "command line"))
    films = render_driving_videos(out, num_videos=checked.num_videos, seed=checked.seed, progress=sys.stderr.isatty())
    click.echo(f"{len(films)} films, {sum(film.stat().st_size for film in films) / 1e6:.1f} MB, in {out}")


if __name__ == "__main__":
    run_command(main)

"""Find where shots begin and end in videos whose film boundaries are not stored."""

from pathlib import Path

import click

from stylesv.command_line import CPU_THREADS
from stylesv.errors import run_command


@click.command(help=__doc__)
@click.option("--videos", required=True, type=click.Path(path_type=Path), help="Folder or zip of videos.")
@click.option("--recipe", required=True, type=click.Path(path_type=Path), help="Recipe of the data set.")
@click.option(
    "--keep", type=click.Path(path_type=Path), help="Folder for scores, so that a killed call goes on from there."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Table of shots, CSV.")
@CPU_THREADS
def split_shots(videos: Path, recipe: Path, keep: Path | None, cpu_threads: int, out: Path) -> None:
    from stylesv.threads import use_cpu_threads

    use_cpu_threads(cpu_threads)
    from stylesv.data.selection import Selection, select_sources
    from stylesv.data.shots import find_shots, remove_scores
    from stylesv.records.recipe import FetchedArchive, read_shots_recipe
    from stylesv.records.shots import Shot, write_shots

    asked = read_shots_recipe(recipe)
    inside = asked.source.inside if isinstance(asked.source, FetchedArchive) else None
    shots = []
    for source in select_sources(videos, Selection(inside=inside, leave_out=asked.leave_out)).sources:
        found = find_shots(source, detector=asked.shots.detector, threshold=asked.shots.threshold, keep=keep)
        click.echo(f"{source.name}: {len(found)} shots", err=True)
        shots += [Shot(video=source.name, start=start, end=end) for start, end in found]
    write_shots(out, shots)
    if keep is not None:
        remove_scores(keep)


if __name__ == "__main__":
    run_command(split_shots)

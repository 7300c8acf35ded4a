"""Import a checkpoint that StyleSV or StyleGAN-V training wrote, without running anything in it."""

from pathlib import Path

import click

from stylesv.command_line import CPU_THREADS, OVERWRITE, require_new
from stylesv.errors import run_command
from stylesv.threads import use_cpu_threads


@click.command(help=__doc__)
@click.option("--pickle", required=True, type=click.Path(path_type=Path), help="The published snapshot (.pkl).")
@click.option("--networks-out", required=True, type=click.Path(path_type=Path), help="networks.safetensors to write.")
@click.option("--sha256", help="SHA-256 that the pickle must have.")
@click.option("--recipe", type=click.Path(path_type=Path), help="recipe.yaml of the run whose snapshot 0 it is to be.")
@click.option("--samples", type=click.Path(path_type=Path), help="PNG of a few of its clips to write.")
@OVERWRITE
@CPU_THREADS
def import_checkpoint(
    pickle: Path,
    networks_out: Path,
    sha256: str | None,
    recipe: Path | None,
    samples: Path | None,
    overwrite: bool,
    cpu_threads: int,
) -> None:
    from stylesv.records.snapshot import read_snapshot_header

    require_new(networks_out, overwrite=overwrite, option="--networks-out", own=read_snapshot_header)
    use_cpu_threads(cpu_threads)
    from stylesv.generation.samples import draw_snapshot_samples
    from stylesv.records.recipe import read_imported_recipe
    from stylesv.training.imported import import_checkpoint as import_networks

    snapshot = import_networks(pickle, networks_out, sha256=sha256, recipe=recipe and read_imported_recipe(recipe))
    classes = f"{snapshot.class_dim} classes, " if snapshot.class_dim else ""
    print(
        f"{networks_out}: {snapshot.resolution} px, clips of {snapshot.num_frames} frames, {classes}kimg {snapshot.kimg}; "
        f"SHA-256 of the pickle {snapshot.origin.sha256}"
    )
    if samples is not None:
        draw_snapshot_samples(networks_out, samples)


if __name__ == "__main__":
    run_command(import_checkpoint)

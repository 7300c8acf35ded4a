"""Write a snapshot's generator as a file that torch alone runs, without this package: .pt2 (torch.export) or .pt (TorchScript).

It takes content noise, motion noise and times (and labels, where the snapshot knows classes) and gives frames. Shapes are free in
clips, frames and anchors; what each is lies in the file as generator.json.
"""

from pathlib import Path

import click

from stylesv.command_line import CPU_THREADS, NETWORKS, OVERWRITE, SNAPSHOT, require_new
from stylesv.errors import run_command
from stylesv.threads import use_cpu_threads

CONFIG = Path(__file__).resolve().parent.parent / "config"


@click.command(help=__doc__)
@NETWORKS
@SNAPSHOT
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File to write, .pt2 or .pt.")
@click.option(
    "--truncation", default=1.0, show_default=True, help="Truncation psi, 0 to 4, which is fixed in the file."
)
@OVERWRITE
@CPU_THREADS
def export_generator(
    networks: Path, snapshot: str | None, out: Path, truncation: float, overwrite: bool, cpu_threads: int
) -> None:
    use_cpu_threads(cpu_threads)
    from stylesv.generation.export import export_generator as write
    from stylesv.generation.request import check_truncation
    from stylesv.workflow.given_networks import snapshot_file

    require_new(out, overwrite=overwrite)
    check_truncation("--truncation ", truncation)
    file = snapshot_file(networks, CONFIG, snapshot=snapshot, tell=click.echo)
    facts, note = write(file, out, truncation=truncation)
    if note is not None:
        click.echo(f"{file}: {note}")
    for name, shape in facts["inputs"].items():
        click.echo(f"{name}: {shape}")
    click.echo(f"frames_between_anchors: {facts['frames_between_anchors']}")
    click.echo(f"anchors_beyond_the_last: {facts['anchors_beyond_the_last']}")
    click.echo(facts["sizes"])
    click.echo(f"generator in {out}")


if __name__ == "__main__":
    run_command(export_generator)

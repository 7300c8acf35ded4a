"""Features of the real clips that a protocol chooses, for all snapshots of a data set to be scored against."""

from pathlib import Path

import click

from stylesv.command_line import CPU_THREADS, OptionalPath
from stylesv.errors import run_command
from stylesv.threads import use_cpu_threads


@click.command(help=__doc__)
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Folder of packed clips.")
@click.option(
    "--protocol", required=True, type=click.Path(path_type=Path), help="Protocol, as the workflow writes them."
)
@click.option("--detector", type=OptionalPath(), help="The detector's file; none for random-i3d.")
@click.option(
    "--shards", required=True, type=click.Path(path_type=Path), help="Folder of finished shards until all are."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="features.safetensors to write.")
@click.option(
    "--scratch",
    type=OptionalPath(variables=True),
    help="Fast disk of this node: packed clips are copied there once, and read there.",
)
@CPU_THREADS
def measure_reference(
    data: Path, protocol: Path, detector: Path | None, shards: Path, out: Path, scratch: Path | None, cpu_threads: int
) -> None:
    use_cpu_threads(cpu_threads)
    from stylesv.data.staging import stage_packed_clips
    from stylesv.metrics.shards import remove_shards
    from stylesv.records.protocol import read_protocol
    from stylesv.scoring.measure import measure_reference as measure_clips

    data, staged = stage_packed_clips(data, scratch)
    if staged is not None:
        click.echo(staged)
    measure_clips(data, read_protocol(protocol), out, detector=detector, shards=shards, progress=True)
    remove_shards(shards)


if __name__ == "__main__":
    run_command(measure_reference)

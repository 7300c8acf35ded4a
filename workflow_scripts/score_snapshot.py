"""Score one snapshot of a run against the features of real clips."""

from pathlib import Path

import click

from stylesv.command_line import CPU_THREADS, OptionalPath
from stylesv.errors import run_command
from stylesv.threads import use_cpu_threads


@click.command(help=__doc__)
@click.option("--networks", required=True, type=click.Path(path_type=Path), help="Snapshot to score.")
@click.option("--reference", required=True, type=click.Path(path_type=Path), help="Features of the real clips.")
@click.option(
    "--protocol", required=True, type=click.Path(path_type=Path), help="Protocol, as the workflow writes them."
)
@click.option("--run", required=True, help="Name of the snapshot's run, for the score.")
@click.option("--dataset", required=True, help="Name of its data set, likewise.")
@click.option("--model", required=True, help="Name of its model, likewise.")
@click.option("--seed", required=True, type=int, help="Its seed, likewise.")
@click.option("--kimg", required=True, type=int, help="Which snapshot it is, likewise.")
@click.option("--floor", type=OptionalPath(), help="Floor of the protocol, JSON; measured anew if there is none.")
@click.option("--detector", type=OptionalPath(), help="The detector's file; none for random-i3d.")
@click.option(
    "--shards", required=True, type=click.Path(path_type=Path), help="Folder of finished shards until all are."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Score to write, JSON.")
@CPU_THREADS
def score_snapshot(
    networks: Path,
    reference: Path,
    protocol: Path,
    run: str,
    dataset: str,
    model: str,
    seed: int,
    kimg: int,
    floor: Path | None,
    detector: Path | None,
    shards: Path,
    out: Path,
    cpu_threads: int,
) -> None:
    use_cpu_threads(cpu_threads)
    from stylesv.metrics.shards import remove_shards
    from stylesv.records.protocol import read_protocol
    from stylesv.records.score import ScoredRun, write_score
    from stylesv.scoring.measure import score_snapshot as score_clips

    scored = ScoredRun(run=run, dataset=dataset, model=model, seed=seed, kimg=kimg)
    used = read_protocol(protocol)
    score = score_clips(networks, reference, used, scored, detector=detector, shards=shards, floor=floor, progress=True)
    write_score(out, score)
    remove_shards(shards)
    click.echo(f"{score.label} {score.value:.4g}")
    if score.floor is not None:
        click.echo(f"a perfect generator would score {score.floor.value:.4g}")
    for note in score.notes:
        click.echo(f"note: {note}")
    for warning in score.warnings:
        click.echo(f"warning: {warning.sentence}")


if __name__ == "__main__":
    run_command(score_snapshot)

"""Score one snapshot of a run against the features of real clips."""

import shutil
from pathlib import Path

import click

from stylesv.command_line import OptionalPath
from stylesv.config.recipe import parse_json
from stylesv.errors import run_command
from stylesv.threads import use_cpu_threads


@click.command(help=__doc__)
@click.option("--networks", required=True, type=click.Path(path_type=Path), help="Snapshot to score.")
@click.option("--reference", required=True, type=click.Path(path_type=Path), help="Features of the real clips.")
@click.option("--protocol", required=True, help="The protocol as JSON: name, key, settings.")
@click.option("--scored", required=True, help="What is scored, as JSON: run, dataset, model, seed, kimg.")
@click.option("--detector", type=OptionalPath(), help="The detector's file; none for random-i3d.")
@click.option(
    "--parts", required=True, type=click.Path(path_type=Path), help="Folder of finished shards until all are."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Score to write, JSON.")
@click.option("--cpu-threads", default=2, show_default=True, type=click.IntRange(min=1), help="Threads on a CPU.")
def score_snapshot(
    networks: Path,
    reference: Path,
    protocol: str,
    scored: str,
    detector: Path | None,
    parts: Path,
    out: Path,
    cpu_threads: int,
) -> None:
    use_cpu_threads(cpu_threads)
    from stylesv.metrics.score import ScoredRun, write_score
    from stylesv.sampling import scoring

    run = ScoredRun(**parse_json("--scored", scored))
    values = parse_json("--protocol", protocol)
    score = scoring.score_snapshot(networks, reference, values, run, detector=detector, parts=parts)
    write_score(out, score)
    shutil.rmtree(parts, ignore_errors=True)
    click.echo(f"{score.label} {score.value:.4g}")
    for note in score.notes:
        click.echo(f"note: {note}")


if __name__ == "__main__":
    run_command(score_snapshot)

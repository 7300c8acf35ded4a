"""Train from one snapshot to the next: the state at kimg A to the state at kimg B."""

from pathlib import Path

import click

from stylesv.errors import ConfigError, run_command
from stylesv.threads import use_cpu_threads


def parse_range(_context: click.Context, _option: click.Parameter, text: str) -> tuple[int, int]:
    """`A:B` as two numbers."""
    first, _, last = text.partition(":")
    if not (first.isdigit() and last.isdigit() and int(first) < int(last)):
        raise ConfigError(
            f"--kimg {text}: A:B with whole numbers 0 <= A < B is expected, e.g. 0:4; training only goes forward"
        )
    return int(first), int(last)


@click.command(help=__doc__)
@click.option("--recipe", required=True, type=click.Path(path_type=Path), help="The run's recipe.yaml.")
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Folder of packed clips.")
@click.option("--state", type=click.Path(path_type=Path), help="State at kimg A; without it A must be 0.")
@click.option("--networks-out", required=True, type=click.Path(path_type=Path), help="networks.safetensors to write.")
@click.option("--state-out", required=True, type=click.Path(path_type=Path), help="state.safetensors to write.")
@click.option("--log", required=True, type=click.Path(path_type=Path), help="log.jsonl to write, one line a tick.")
@click.option("--kimg", required=True, callback=parse_range, help="A:B, thousands of frames shown to D.")
@click.option("--messages", type=click.Path(path_type=Path), help="Text file for messages; the terminal if not given.")
@click.option("--cpu-threads", default=2, show_default=True, type=click.IntRange(min=1), help="Threads on a CPU.")
@click.option(
    "--num-workers", default=1, show_default=True, type=click.IntRange(min=0), help="Threads that read clips."
)
@click.option("--tick-kimg", default=0.5, show_default=True, help="Thousands of frames between two log lines.")
def train_segment(
    recipe: Path,
    data: Path,
    state: Path | None,
    networks_out: Path,
    state_out: Path,
    log: Path,
    kimg: tuple[int, int],
    messages: Path | None,
    cpu_threads: int,
    num_workers: int,
    tick_kimg: float,
) -> None:
    use_cpu_threads(cpu_threads)
    from stylesv.training.progress import Progress
    from stylesv.training.segment import SegmentFiles, run_segment

    files = SegmentFiles(recipe=recipe, data=data, state=state, networks_out=networks_out, state_out=state_out, log=log)
    progress = Progress(total_kimg=kimg[1], messages=messages)
    run_segment(files, kimg, progress, num_workers=num_workers, tick_kimg=tick_kimg)


if __name__ == "__main__":
    run_command(train_segment)

"""Train from one snapshot to the next: the state at kimg A to the state at kimg B. Starts under torchrun, too."""

import os
import re
import traceback
from pathlib import Path

import click

from stylesv.command_line import CPU_THREADS, OptionalPath
from stylesv.distributed.companions import companions, end_with_the_first
from stylesv.errors import ConfigError, InterruptionError, StyleSVError, one_line, run_command
from stylesv.progress import Progress
from stylesv.threads import use_cpu_threads
from stylesv.training.interruption import noting_signals, requeue_slurm_job, wait_to_be_ended


def parse_range(_context: click.Context, _option: click.Parameter, text: str) -> tuple[int, int]:
    """`A:B` as two numbers."""
    found = re.fullmatch("([0-9]+):([0-9]+)", text)
    if not (found and int(found[1]) < int(found[2])):
        raise ConfigError(
            f"--kimg {text}: A:B with whole numbers 0 <= A < B is expected, e.g. 0:4; training only goes forward"
        )
    return int(found[1]), int(found[2])


@click.command(help=__doc__)
@click.option("--recipe", required=True, type=click.Path(path_type=Path), help="The run's recipe.yaml.")
@click.option("--data", required=True, type=click.Path(path_type=Path), help="Folder of packed clips.")
@click.option("--state", type=OptionalPath(), help="State at kimg A; without it A must be 0.")
@click.option("--networks-out", required=True, type=click.Path(path_type=Path), help="networks.safetensors to write.")
@click.option("--state-out", required=True, type=click.Path(path_type=Path), help="state.safetensors to write.")
@click.option("--log", required=True, type=click.Path(path_type=Path), help="log.jsonl to write, one line a tick.")
@click.option("--kimg", required=True, callback=parse_range, help="A:B, thousands of frames shown to D.")
@click.option(
    "--scratch",
    type=OptionalPath(variables=True),
    help="Fast disk of this node: packed clips are copied there once, and read there.",
)
@click.option("--messages", type=click.Path(path_type=Path), help="Text file for messages; the terminal if not given.")
@CPU_THREADS
@click.option(
    "--cpu-processes",
    default=1,
    show_default=True,
    type=click.IntRange(min=1),
    help="Processes on a CPU, which share each batch; none beside this one with torchrun or a GPU.",
)
@click.option(
    "--num-workers", default=1, show_default=True, type=click.IntRange(min=0), help="Threads that read clips."
)
@click.option("--tick-kimg", default=0.5, show_default=True, help="Thousands of frames between two log lines.")
@click.option(
    "--partial", type=click.Path(path_type=Path), help="Folder of partial states; without it a kill costs the segment."
)
@click.option(
    "--partial-every", default=10.0, show_default=True, type=click.FloatRange(min=0), help="Minutes between them."
)
@click.option(
    "--accumulation",
    default=1,
    show_default=True,
    type=click.IntRange(min=1),
    help="Parts that a process takes its clips of a batch in: less memory.",
)
@click.option(
    "--if-running",
    default="refuse",
    show_default=True,
    type=click.Choice(["refuse", "wait"]),
    help="When another process trains into the same --partial.",
)
@click.option("--samples", type=click.Path(path_type=Path), help="PNG of a few of the snapshot's clips to write.")
def train_segment(
    recipe: Path,
    data: Path,
    state: Path | None,
    networks_out: Path,
    state_out: Path,
    log: Path,
    kimg: tuple[int, int],
    scratch: Path | None,
    messages: Path | None,
    cpu_threads: int,
    cpu_processes: int,
    num_workers: int,
    tick_kimg: float,
    partial: Path | None,
    partial_every: float,
    accumulation: int,
    if_running: str,
    samples: Path | None,
) -> None:
    end_with_the_first()
    is_first = int(os.environ.get("RANK", 0)) == 0
    progress = Progress("training", kimg[1], unit="kimg", counted="clips", messages=messages, silent=not is_first)
    with noting_signals() as interruption:  # importing torch takes seconds
        try:
            with companions(cpu_processes):
                use_cpu_threads(cpu_threads)
                from stylesv.data.staging import stage_packed_clips
                from stylesv.generation.samples import draw_generator_samples, draw_snapshot_samples
                from stylesv.training.segment import MachineOptions, SegmentFiles, run_segment

                draw = draw_generator_samples if samples else None
                options = MachineOptions(num_workers, tick_kimg, partial_every, accumulation, if_running, draw)
                data, staged = stage_packed_clips(data, scratch)
                if staged is not None:
                    progress.message(staged)
                files = SegmentFiles(recipe, data, state, networks_out, state_out, log, partial)
                run_segment(files, kimg, progress, options, interruption)
                if samples is not None and is_first:
                    draw_snapshot_samples(networks_out, samples)
        except InterruptionError as error:
            if messages is not None:
                progress.message(str(error))
            if "SLURM_JOB_ID" in os.environ and (not is_first or requeue_slurm_job()):
                wait_to_be_ended()
            raise
        except Exception as error:
            if messages is None:
                raise
            # Snakemake shows a failed job's messages, not what went to the terminal of a node
            told = f"error: {one_line(error)}" if isinstance(error, StyleSVError) else traceback.format_exc()
            progress.message(told)
            raise


if __name__ == "__main__":
    run_command(train_segment)

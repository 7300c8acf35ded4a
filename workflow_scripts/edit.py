"""Make a film of codes: at other times, with other motion, or moved along a direction, the steps side by side.

Content and motion are each a file that invert.py wrote, or a seed. Motion goes on after the clip that its codes were found
for: what the clip did not decide is drawn.
"""

from fractions import Fraction
from pathlib import Path

import click

from stylesv.command_line import (
    ANY_SNAPSHOT,
    CODES_OR_SEED,
    CPU_THREADS,
    FPS,
    FRAMES,
    NETWORKS,
    OVERWRITE,
    SLOW_MOTION,
    SNAPSHOT,
    STEPS,
    TIME,
    TIME_STEP,
    require_new,
    step_of_time,
)
from stylesv.errors import ConfigError, run_command
from stylesv.threads import use_cpu_threads

CONFIG = Path(__file__).resolve().parent.parent / "config"


@click.command(help=__doc__)
@NETWORKS
@SNAPSHOT
@click.option("--content", required=True, type=CODES_OR_SEED, help="File of codes, or a seed.")
@click.option("--motion", type=CODES_OR_SEED, help="File of codes, or a seed.  [default: that of --content]")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Film to write, .mp4.")
@click.option("--frames", default=64, show_default=True, type=FRAMES, help="Frames of the film.")
@click.option("--start-frame", default=0, show_default=True, type=TIME, help="Time of the first frame.")
@TIME_STEP
@SLOW_MOTION
@FPS
@click.option("--directions", type=click.Path(path_type=Path), help="File that find_directions.py wrote.")
@click.option("--component", default=0, show_default=True, type=click.IntRange(min=0), help="Which of its directions.")
@click.option(
    "--steps", default="0", show_default=True, type=STEPS, help="How far along it, such as -2,-1,0,1,2: a clip each."
)
@click.option("--columns", type=click.IntRange(min=1), help="Clips in a row.  [default: all]")
@click.option(
    "--class", "class_number", type=click.IntRange(min=0), help="Class of motion by a seed, for a snapshot that knows."
)
@ANY_SNAPSHOT
@OVERWRITE
@CPU_THREADS
def edit(
    networks: Path,
    snapshot: str | None,
    content: Path | int,
    motion: Path | int | None,
    out: Path,
    frames: int,
    start_frame: int,
    time_step: Fraction | None,
    slow_motion: int | None,
    fps: float | None,
    directions: Path | None,
    component: int,
    steps: tuple[float, ...],
    columns: int | None,
    class_number: int | None,
    any_snapshot: bool,
    overwrite: bool,
    cpu_threads: int,
) -> None:
    if not steps:
        raise ConfigError("--steps: at least one number is expected, such as -2,0,2")
    require_new(out, overwrite=overwrite)
    use_cpu_threads(cpu_threads)
    from stylesv.generation.editing import EditRequest, write_edited_film
    from stylesv.progress import watched
    from stylesv.workflow.given_networks import frame_rate, snapshot_file

    file = snapshot_file(networks, CONFIG, snapshot=snapshot, tell=click.echo)
    request = EditRequest(
        content=content,
        motion=content if motion is None else motion,
        num_frames=frames,
        start_frame=start_frame,
        time_step=step_of_time(time_step, slow_motion),
        fps=frame_rate(file, fps, tell=click.echo),
        directions=directions,
        component=component,
        steps=steps,
        class_number=class_number,
        columns=columns,
        any_snapshot=any_snapshot,
    )
    for _ in watched(write_edited_film(file, out, request), "generating", unit="frames", total=frames):
        pass
    click.echo(f"{frames} frames in {out}")


if __name__ == "__main__":
    run_command(edit)

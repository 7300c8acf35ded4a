"""Find the codes of a clip: content w (or w+) and motion noise whose clip is like it.

Into a folder go codes.safetensors, which edit.py makes films of, the found clip beside the given one as MP4 and PNG, and
fidelity.json: PSNR, SSIM and shift-tolerant LPIPS, of each frame and on average.
"""

from pathlib import Path

import click

from stylesv.command_line import CPU_THREADS, FPS, FRAMES, NETWORKS, SNAPSHOT, TIME, Number
from stylesv.errors import ConfigError, run_command
from stylesv.threads import use_cpu_threads

CONFIG = Path(__file__).resolve().parent.parent / "config"


@click.command(help=__doc__)
@NETWORKS
@SNAPSHOT
@click.option(
    "--target",
    type=click.Path(path_type=Path),
    help="Film, folder of frames, packed clips, or folder or zip of videos; square, or fitted to that.",
)
@click.option(
    "--generated", type=click.IntRange(min=0), help="Instead of --target: the snapshot's own clip by this seed."
)
@click.option("--clip", default=0, show_default=True, type=click.IntRange(min=0), help="Number of the clip.")
@click.option("--start-frame", default=0, show_default=True, type=TIME, help="First frame of it.")
@click.option("--frames", default=32, show_default=True, type=FRAMES, help="How many of its frames.")
@click.option(
    "--class",
    "class_number",
    type=click.IntRange(min=0),
    help="Class of the clip, for a snapshot that knows classes.  [default: the packed clip's]",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write.")
@click.option(
    "--space",
    default="w+",
    show_default=True,
    type=click.Choice(["w", "w+"]),
    help="Content: w is one code for the whole network; w+ one for each place, found from there.",
)
@click.option(
    "--steps", default=300, show_default=True, type=click.IntRange(min=1), help="Steps of descent in each space."
)
@click.option("--draws", default=256, show_default=True, type=click.IntRange(min=1), help="Clips drawn to begin from.")
@click.option(
    "--starts", default=3, show_default=True, type=click.IntRange(min=1), help="Nearest of them that are tried."
)
@click.option(
    "--learning-rate",
    default=0.1,
    show_default=True,
    type=Number(1e-6, 10.0),
    help="Highest one of Adam.",
)
@click.option(
    "--generations",
    default=12,
    show_default=True,
    type=click.IntRange(0, 1000),
    help="In which clips are varied before they are descended from, and half as many of motions alone.",
)
@click.option(
    "--perceptual-weight",
    default=1.0,
    show_default=True,
    type=Number(0.0, 1000.0),
    help="Of the perceptual distance beside that of pixels; 0: pixels alone, and faster.",
)
@click.option(
    "--frames-at-once", default=32, show_default=True, type=click.IntRange(min=1), help="Of a step: fewer, less memory."
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Of the draws.")
@FPS
@click.option("--overwrite", is_flag=True, help="Replace what an earlier call made there.")
@CPU_THREADS
def invert(
    networks: Path,
    snapshot: str | None,
    target: Path | None,
    generated: int | None,
    clip: int,
    start_frame: int,
    frames: int,
    class_number: int | None,
    out: Path,
    space: str,
    steps: int,
    draws: int,
    starts: int,
    generations: int,
    learning_rate: float,
    perceptual_weight: float,
    frames_at_once: int,
    seed: int,
    fps: float | None,
    overwrite: bool,
    cpu_threads: int,
) -> None:
    if (target is None) == (generated is None):
        raise ConfigError("give --target, a clip to invert, or --generated, the seed of one of the snapshot's own")
    if starts > draws:
        raise ConfigError(f"--starts {starts}: are the nearest of --draws {draws}; give fewer, or draw more")
    if generated is not None and start_frame:
        raise ConfigError("--start-frame: is of a --target; a generated clip begins at time 0")
    use_cpu_threads(cpu_threads)
    from stylesv.generation.inversion import InversionSettings
    from stylesv.generation.inversion_files import generated_target, write_inversion
    from stylesv.scoring.target_clip import read_target
    from stylesv.workflow.given_networks import frame_rate, snapshot_file

    file = snapshot_file(networks, CONFIG, snapshot=snapshot, tell=click.echo)
    options = {"clip": clip, "num_frames": frames, "class_number": class_number}
    report = write_inversion(
        file,
        out,
        lambda generator: (
            generated_target(generator, seed=generated, **options)
            if target is None
            else read_target(target, resolution=generator.resolution, start=start_frame, **options)
        ),
        InversionSettings(
            space=space,
            steps=steps,
            draws=draws,
            starts=starts,
            generations=generations,
            learning_rate=learning_rate,
            perceptual_weight=perceptual_weight,
            frames_at_once=frames_at_once,
            seed=seed,
        ),
        fps=frame_rate(file, fps, tell=click.echo),
        overwrite=overwrite,
        tell=click.echo,
    )
    for each in report.found:
        distance = "" if each.stlpips is None else f", shift-tolerant LPIPS {each.stlpips:.4f}"
        click.echo(f"{each.space}: PSNR {each.psnr:.2f} dB, SSIM {each.ssim:.4f}{distance}")
    if report.note:
        click.echo(f"note: {report.note}")
    click.echo(f"codes, film and numbers in {out}")


if __name__ == "__main__":
    run_command(invert)

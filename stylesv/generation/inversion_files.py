"""What `invert.py` writes: codes, numbers, and the clip of the codes beside the one that was given."""

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8

from stylesv.command_line import require_place
from stylesv.data.packed_writer import partial_folder
from stylesv.errors import ConfigError
from stylesv.files import file_sha256
from stylesv.generation.classes import draw_class
from stylesv.generation.clips import load_generator, synthesize
from stylesv.generation.inversion import FoundCodes, InversionSettings, count_steps, invert, perceptual_distance
from stylesv.generation.latents import draw_latents
from stylesv.networks.generator import Generator
from stylesv.progress import Progress
from stylesv.records.codes import CODES, FORMAT, Codes, CodesFrom, write_codes
from stylesv.records.fidelity import InversionReport, write_inversion_report
from stylesv.report.clip_grids import draw_clip_strips, write_clip_film

NUMBERS, FILM, STRIP = "fidelity.json", "side_by_side.mp4", "side_by_side.png"
NAMES = (CODES, NUMBERS, FILM, STRIP)
_STRIP_FRAMES = 8


@dataclass(frozen=True)
class Target:
    """A clip to be inverted."""

    frames: UInt8[np.ndarray, "t c h w"]
    name: str
    """What it is, in words."""
    class_number: int | None


def generated_target(
    generator: Generator, *, seed: int, clip: int, num_frames: int, class_number: int | None
) -> Target:
    """The clip that a snapshot makes by a seed: number `clip` of `generate.py --seed`."""
    options = {"max_time": float(num_frames - 1), "class_number": class_number}
    latents = draw_latents(generator, seed, clip_numbers=[clip], **options)
    if generator.class_dim and class_number is None:
        class_number = draw_class(generator, seed, clip)
    times = torch.arange(num_frames, dtype=torch.float32)
    frames = np.concatenate([piece[0].numpy() for piece in synthesize(generator, latents, times)])
    return Target(frames, f"generated: seed {seed}, clip {clip}", class_number)


def write_inversion(
    networks: Path,
    out: Path,
    target_of: Callable[[Generator], Target],
    settings: InversionSettings,
    *,
    fps: float | int,
    overwrite: bool,
    tell: Callable[[str], object] = print,
) -> InversionReport:
    """Invert a clip and write what was found into a folder, all of it or nothing.

    Raises:
        ConfigError: the folder holds something that must not be replaced, or a number is out of range.
        CheckpointError: the snapshot is missing or damaged.
        DataError: the clip does not fit the snapshot, another call is writing there, or the disk is full.
    """
    require_free(out, overwrite=overwrite)
    generator, _ = load_generator(networks)
    target = target_of(generator)
    perceptual = perceptual_distance(generator.mapping.w_avg.device)
    if perceptual.missing is not None:
        tell(f"no shift-tolerant LPIPS, SSIM is taken in its place: {perceptual.missing}")
    progress = Progress("inverting", count_steps(settings), unit="steps")
    progress.update(0)
    try:
        found = invert(generator, target.frames, settings, class_number=target.class_number, done=progress.update)
    finally:
        progress.close()
    sha256 = file_sha256(networks)
    report = InversionReport(
        target=target.name,
        networks=networks.name,
        networks_sha256=sha256,
        num_frames=len(target.frames),
        perceptual=perceptual.name,
        settings=asdict(settings),
        found=tuple(each.fidelity for each in found),
    )
    best = found[-1]
    about = CodesFrom(
        format=FORMAT,
        networks_sha256=sha256,
        target=target.name,
        space=best.fidelity.space,
        num_frames=len(target.frames),
        class_number=target.class_number,
        seed=settings.seed,
    )
    with partial_folder(out, work="inversion") as partial:
        require_free(out, overwrite=overwrite)  # another call may have been faster
        write_codes(partial / CODES, Codes(about, best.w.numpy(), best.motion.numpy()))
        write_inversion_report(partial / NUMBERS, report)
        _draw(partial, target, found, fps)
        for name in NAMES:
            os.replace(partial / name, out / name)
    return report


def require_free(out: Path, *, overwrite: bool) -> None:
    """Check a folder that is to be written.

    Raises:
        ConfigError: it is a file, holds something that must not be replaced, or nothing can be written there.
    """
    require_place(out)
    if out.exists() and not out.is_dir():
        raise ConfigError(f"--out {out}: is a file; give a folder")
    found = sorted(path.name for path in out.glob("[!.]*"))
    foreign = [name for name in found if name not in NAMES]
    if foreign:
        raise ConfigError(
            f"--out {out}: holds {foreign[0]}, which invert.py did not make there: give an empty folder, or move that away"
        )
    if found and not overwrite:
        raise ConfigError(f"--out {out}: holds the codes of an earlier call: give an empty folder, or --overwrite")


def _draw(folder: Path, target: Target, found: list[FoundCodes], fps: float | int) -> None:
    panels = {"target": target.frames[None]} | {each.fidelity.space: each.frames[None] for each in found}
    write_clip_film(folder / FILM, panels, columns=1, fps=fps)
    rows = np.stack([clip[0] for clip in panels.values()])
    draw_clip_strips(
        folder / STRIP,
        {f"{', '.join(panels)}, from top to bottom": rows},
        num_frames=_STRIP_FRAMES,
        num_clips=len(rows),
    )

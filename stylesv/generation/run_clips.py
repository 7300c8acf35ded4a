"""Clips of a run beside real ones, for people to look at: what the rule draw_clips makes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from stylesv.data.packed import PackedClips
from stylesv.generation.clips import load_generator
from stylesv.generation.films import GenerateRequest, film_frames
from stylesv.records.look import Look
from stylesv.report.clip_grids import draw_clip_strips, draw_time_slices, write_clip_film
from stylesv.seeding import numpy_generator


@dataclass(frozen=True)
class ClipFiles:
    """Where film, strip and slices of a run's clips go."""

    film: Path
    strip: Path
    slices: Path


def draw_clips(networks: Path, data: Path, look: Look, out: ClipFiles) -> None:
    """Clips of a snapshot of a run beside real ones, for people to look at.

    Raises:
        CheckpointError: the snapshot is missing or damaged.
    """
    generator, snapshot = load_generator(networks)
    figures = look.figures
    request = GenerateRequest(
        num_videos=figures.num_clips,
        num_frames=1 if snapshot.num_frames == 1 else figures.num_frames,
        start_frame=0,
        slow_motion=1,
        fps=look.fps,
        grid=None,
        truncation=figures.truncation,
        seed=figures.seed,
        decomposition=False,
        class_number=None,
        save="mp4",
    )
    generated = np.stack([np.stack(list(film_frames(generator, request, n))) for n in range(request.num_videos)])
    real = _real_clips(PackedClips(data), figures.num_clips, request.num_frames, figures.seed)
    panels = {"real": real, f"generated, kimg {snapshot.kimg}": generated}
    columns, rows = figures.columns, min(figures.num_clips, figures.strip_clips)
    write_clip_film(out.film, panels, columns=columns, fps=look.fps)
    draw_clip_strips(out.strip, panels, num_frames=figures.strip_frames, num_clips=rows)
    draw_time_slices(out.slices, panels, num_clips=rows)


def _real_clips(packed: PackedClips, count: int, num_frames: int, seed: int) -> UInt8[np.ndarray, "n t c h w"]:
    """Real clips of different videos as far as there are that many, those that are long enough first.

    Where these are too few, all clips are as short as the shortest one: its last frame held would pass for a still video.
    """
    order = numpy_generator(seed, "shown videos").permutation(packed.num_clips)
    order = sorted(order, key=lambda clip: packed.num_frames(int(clip)) < num_frames)  # stable
    clips = [int(order[i % len(order)]) for i in range(count)]
    shown = min([num_frames, *map(packed.num_frames, clips)])
    return np.stack([packed.read(clip, list(range(shown))) for clip in clips])

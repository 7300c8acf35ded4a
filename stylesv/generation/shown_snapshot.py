"""A snapshot's clips for people to look at: films, and what figures are drawn from."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from stylesv.generation.clips import load_generator, prepare_truncation
from stylesv.generation.films import film_frames
from stylesv.generation.request import GenerateRequest
from stylesv.generation.shown_clips import Clips, FilmFiles, measure_shown
from stylesv.records.look import Look
from stylesv.records.shown_clips import ShownFrom, write_shown_clips


def show_snapshot(networks: Path, look: Look, *, clips: FilmFiles, decomposition: FilmFiles, shown: Path) -> None:
    """Films of a snapshot's clips and of its grid of content and motion, and what figures are drawn from.

    Raises:
        CheckpointError: the snapshot is missing or damaged.
    """
    generator, snapshot = load_generator(networks)
    settings, is_image = look.clips, snapshot.num_frames == 1
    prepare_truncation(generator, settings.truncation)
    request = _request(look, 1 if is_image else settings.num_frames)
    made = _stack(film_frames(generator, request, number) for number in range(settings.num_clips))
    clips.write(f"generated, kimg {snapshot.kimg}", made, columns=settings.columns, fps=look.fps)
    long_request = replace(request, num_frames=1 if is_image else settings.long_frames)
    long_clips = (_stack([film_frames(generator, long_request, n)])[0] for n in range(settings.long_clips))
    side = settings.decomposition
    mixed_request = replace(request, num_videos=side**2, grid=(side, side), decomposition=True)
    mixed = _stack(film_frames(generator, mixed_request, number) for number in range(side**2))
    decomposition.write("columns share content, rows motion", mixed, columns=side, fps=look.fps)
    about = ShownFrom(
        name=Path(networks).absolute().parents[1].name,
        kimg=snapshot.kimg,
        fps=look.fps,
        motion_distance=snapshot.generator.motion.motion_z_distance,
    )
    grid = mixed.reshape(side, side, *mixed.shape[1:])
    write_shown_clips(shown, measure_shown(about, settings, made, long_clips, decomposition=grid))


def _request(look: Look, num_frames: int) -> GenerateRequest:
    return GenerateRequest(
        num_videos=look.clips.num_clips,
        num_frames=num_frames,
        start_frame=0,
        time_step=Fraction(1),
        fps=look.fps,
        grid=None,
        truncation=look.clips.truncation,
        seed=look.clips.seed,
        decomposition=False,
        class_number=None,
        save="mp4",
    )


def _stack(films: Iterable[Iterator[UInt8[np.ndarray, "c h w"]]]) -> Clips:
    return np.stack([np.stack(list(film)) for film in films])

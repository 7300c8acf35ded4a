"""Real clips that play beside generated ones, frame by frame: packed clips, or a folder or zip of videos."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from stylesv.data.frame_fitting import fit_frame
from stylesv.data.packed import PackedClips
from stylesv.data.video_sources import VideoSource, find_sources
from stylesv.data.whole_videos import decode_source
from stylesv.errors import DataError
from stylesv.records.packed_index import INDEX_FILE
from stylesv.seeding import numpy_generator

Frames = Iterator[UInt8[np.ndarray, "c h w"]]


def play_real_clips(path: Path, resolution: int, *, count: int, seed: int) -> list[Frames]:
    """Frames of so many clips without end: one that ends begins again. There may be fewer clips, which then come up twice.

    Raises:
        DataError: there are none, one is damaged, or packed clips are of another resolution.
    """
    if (path / INDEX_FILE).exists() or path.name == INDEX_FILE:
        packed = PackedClips(path)
        if packed.resolution != resolution:
            raise DataError(
                f"{path}: packed at {packed.resolution} px, but the snapshot makes {resolution}; give the folder of videos, "
                "which are fitted, or pack it again"
            )
        play = [lambda clip=clip: _frames_of(packed, clip) for clip in range(packed.num_clips)]
    else:
        sources, _ = find_sources(path)
        play = [lambda source=source: _decoded(source, resolution) for source in sources]
    order = numpy_generator(seed, "real beside").permutation(len(play))
    return [_for_ever(play[order[number % len(play)]]) for number in range(count)]


def _for_ever(play: Callable[[], Frames]) -> Frames:
    while True:
        yield from play()


def _frames_of(packed: PackedClips, clip: int) -> Frames:
    for time in range(packed.num_frames(clip)):
        yield packed.read(clip, [time])[0]


def _decoded(source: VideoSource, resolution: int) -> Frames:
    number = 0
    with closing(decode_source(source)) as frames:
        for frame in frames:
            number += 1
            yield fit_frame(frame, resolution, "center").transpose(2, 0, 1)
    if number == 0:
        raise DataError(f"{source.root / source.name}: holds no frames; leave it out")

"""Makes the films of the page from snapshots, piece by piece."""

import functools
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from stylesv.explore.film import Film, Films, Piece
from stylesv.explore.view import Source, View
from stylesv.explore.worker import Cancelled
from stylesv.generation.classes import draw_class
from stylesv.generation.clips import FRAMES_AT_ONCE, FrameMaker, load_generator, prepare_truncation, to_uint8
from stylesv.generation.content_walk import ContentWalk
from stylesv.generation.far_motion import exact_encoder
from stylesv.generation.latents import mixed_latents
from stylesv.networks.generator import Generator
from stylesv.networks.motion import MotionEncoder
from stylesv.records.snapshot import Snapshot

MOST_GENERATORS = 2
SECONDS_OF_PIECE = 0.5  # of all clips together; what is not wanted any more ends after one clip's part of it


class Studio:
    """Generators and films that are kept."""

    def __init__(self) -> None:
        self.films = Films()
        self._loaded: OrderedDict[Path, tuple[Generator, Snapshot]] = OrderedDict()
        self._seconds_a_frame: dict[Path, float] = {}

    def load(self, networks: Path) -> tuple[Generator, Snapshot]:
        """The generator of a snapshot, and its record; of those that were used before only the last ones are kept.

        Raises:
            CheckpointError: as `load_generator`.
        """
        if networks not in self._loaded:
            while len(self._loaded) >= MOST_GENERATORS:
                self._loaded.popitem(last=False)
            self._loaded[networks] = load_generator(networks)
        self._loaded.move_to_end(networks)
        return self._loaded[networks]

    def make(self, view: View, cancelled: Cancelled, tell: Callable[[Film, Piece | None], None]) -> None:
        """Make the film of a view, or what is missing of it; `tell` is called with it first, then with each piece.

        Raises:
            ConfigError: a value of the view is out of range.
            CheckpointError: the snapshot cannot be read, or its frames are not finite.
        """
        generator, snapshot = self.load(view.networks)
        view = view.checked(generator.class_dim).fitted(snapshot.resolution)
        film = self.films.of(view)
        if film is None:
            film = Film(view, snapshot.resolution, view.times().tolist())
            film.class_number = _class_of(generator, view)
            film.note = prepare_truncation(generator, view.truncation)
        self.films.keep(film)
        tell(film, None)
        for piece in film.pieces:
            tell(film, piece)
        if not film.is_whole:
            for piece in self._missing(film, generator, cancelled):
                tell(film, piece)
                self.films.keep(film)

    def _missing(self, film: Film, generator: Generator, cancelled: Cancelled) -> Iterator[Piece]:
        """What a film lacks; the first piece is one frame, to be seen at once."""
        view, times = film.view, film.view.times()
        exact = functools.cache(lambda: exact_encoder(generator))
        clips = [_clip(generator, view, clip, times, exact) for clip in view.clips()]
        while not film.is_whole:
            first = film.num_made
            at_once = min(
                film.most_in_piece, FRAMES_AT_ONCE, 1 if first == 0 else self._frames_a_piece(view.networks, len(clips))
            )
            frames = []
            for clip in clips:
                if cancelled():
                    return
                began = time.perf_counter()
                made = clip.part(first, min(first + at_once, len(times)))
                frames.append(torch.cat([to_uint8(piece).cpu() for piece in made], dim=1).numpy())
                self._seconds_a_frame[view.networks] = (time.perf_counter() - began) / frames[-1].shape[1]
            yield film.add(np.concatenate(frames))

    def _frames_a_piece(self, networks: Path, num_clips: int) -> int:
        return max(1, int(SECONDS_OF_PIECE / num_clips / self._seconds_a_frame[networks]))


def _clip(
    generator: Generator,
    view: View,
    clip: tuple[Source, Source],
    times: Float[Tensor, "t"],
    exact: Callable[[], MotionEncoder],
) -> FrameMaker:
    """One clip of a view, its content and its motion, of which any frames can be made."""
    content, motion = clip
    contents, motions = [(content.seed, content.number)], [(motion.seed, motion.number)]
    latents = mixed_latents(generator, contents, motions, _class_of(generator, view))
    walk = None
    if view.kind == "between":
        walk = ContentWalk(tuple(contents), float(view.every), (view.content.seed, view.second_seed))
    return FrameMaker(generator, latents, times, truncation=view.truncation, walk=walk, still=view.still, exact=exact)


def _class_of(generator: Generator, view: View) -> int | None:
    """The class of all clips of a view, which those of contents and motions share; None: each has its own, or none."""
    if view.class_number is None and view.kind == "decomposition" and generator.class_dim:
        return draw_class(generator, view.content.seed, 0)
    return view.class_number

"""Makes the films of the page from snapshots, piece by piece."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from stylesv.explore.film import Film, Films, Piece
from stylesv.explore.view import Source, View
from stylesv.explore.worker import Cancelled
from stylesv.generation.clips import FRAMES_AT_ONCE, load_generator, prepare_truncation, synthesize
from stylesv.generation.content_walk import ContentWalk
from stylesv.generation.latents import EndlessNoise, Latents, draw_class, draw_contents, draw_labels
from stylesv.networks.generator import Generator
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
        clips = [_Clip(generator, view, *clip) for clip in view.clips()]
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
                frames.append(clip.frames(times[first : first + at_once]))
                self._seconds_a_frame[view.networks] = (time.perf_counter() - began) / frames[-1].shape[1]
            yield film.add(np.concatenate(frames))

    def _frames_a_piece(self, networks: Path, num_clips: int) -> int:
        return max(1, int(SECONDS_OF_PIECE / num_clips / self._seconds_a_frame[networks]))


class _Clip:
    """One clip of a view, of which any frames can be made."""

    def __init__(self, generator: Generator, view: View, content: Source, motion: Source):
        self._generator, self._view = generator, view
        contents = ((content.seed, content.number),)
        self._latents = Latents(
            draw_contents(generator, contents),
            EndlessNoise(((motion.seed, motion.number),), generator.motion_noise_dim),
            draw_labels(generator, contents, _class_of(generator, view)),
        )
        self._walk = None
        if view.kind == "between":
            self._walk = ContentWalk(contents, float(view.every), (view.content.seed, view.second_seed))

    def frames(self, times: Float[Tensor, "t"]) -> UInt8[np.ndarray, "1 t c h w"]:
        """Its frames at some times."""
        options = {"truncation": self._view.truncation, "walk": self._walk, "still": self._view.still}
        return torch.cat(list(synthesize(self._generator, self._latents, times, **options)), dim=1).numpy()


def _class_of(generator: Generator, view: View) -> int | None:
    """The class of all clips of a view, which those of contents and motions share; None: each has its own, or none.

    A clip of a content and another motion is one of theirs, as `generate.py` makes it.
    """
    mixed = view.kind == "decomposition" or (view.kind == "one" and view.content.number != view.motion.number)
    if view.class_number is None and mixed and generator.class_dim:
        return draw_class(generator, view.content.seed, 0)
    return view.class_number

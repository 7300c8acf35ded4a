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
from stylesv.generation.clips import FRAMES_AT_ONCE, load_generator, prepare_truncation, synthesize, to_uint8
from stylesv.generation.latents import Latents, draw_class, draw_latents
from stylesv.networks.generator import Generator
from stylesv.records.snapshot import Snapshot

MOST_GENERATORS = 2
SECONDS_OF_CALL = 0.3  # of the generator: what is not wanted any more ends after one


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
        clips = [_Clip(generator, view, *clip, float(times.max())) for clip in view.clips()]
        while not film.is_whole:
            first = film.num_made
            at_once = min(film.most_in_piece, FRAMES_AT_ONCE, 1 if first == 0 else self._frames_a_call(view.networks))
            frames = []
            for clip in clips:
                if cancelled():
                    return
                began = time.perf_counter()
                part = slice(first, first + at_once)
                frames.append(clip.frames(times, part))
                self._seconds_a_frame[view.networks] = (time.perf_counter() - began) / frames[-1].shape[1]
            yield film.add(np.concatenate(frames))

    def _frames_a_call(self, networks: Path) -> int:
        return max(1, int(SECONDS_OF_CALL / self._seconds_a_frame[networks]))


class _Clip:
    """One clip of a view, of which any frames can be made."""

    def __init__(self, generator: Generator, view: View, content: Source, motion: Source, max_time: float):
        self._generator, self._view = generator, view
        self._latents = _latents(generator, view, content, motion, max_time)
        end = _latents(generator, view, view.content_end, motion, max_time) if view.kind == "between" else self._latents
        self._content_end = end.content

    def frames(self, times: Float[Tensor, "t"], part: slice) -> UInt8[np.ndarray, "1 t c h w"]:
        """Some of the frames at the times of the film."""
        if self._view.kind == "between":
            return self._between(times, part)
        made = synthesize(self._generator, self._latents, times[part], truncation=self._view.truncation)
        return torch.cat(list(made), dim=1).numpy()

    @torch.no_grad()
    def _between(self, times: Float[Tensor, "t"], part: slice) -> UInt8[np.ndarray, "1 t c h w"]:
        """The same where w goes straight from one content's to the other's, from the first frame to the last."""
        generator, latents = self._generator, self._latents
        device = next(generator.buffers()).device
        labels = None if latents.labels is None else latents.labels.to(device)
        ends = [
            generator.mapping(content.to(device), labels, truncation=self._view.truncation)
            for content in (latents.content, self._content_end)
        ]
        share = torch.linspace(0, 1, len(times))[part, None].to(device)
        t = times[part, None].to(device)
        motion = latents.motion.to(device).expand(len(t), -1, -1)
        labels = None if labels is None else labels.expand(len(t), -1)
        made = generator.synthesis(torch.lerp(*ends, share), t, motion, labels)
        return to_uint8(made).cpu().transpose(0, 1).numpy()


def _latents(generator: Generator, view: View, content: Source, motion: Source, max_time: float) -> Latents:
    """Of one clip. Its class is that of its content; in a grid of contents and motions all are of the first one's."""
    number = view.class_number
    if generator.class_dim and number is None:
        of = (
            Source(view.content.seed)
            if view.kind == "decomposition"
            else view.content
            if view.kind == "between"
            else content
        )
        number = draw_class(generator, of.seed, of.number)
    drawn = [
        draw_latents(generator, of.seed, clip_numbers=[of.number], max_time=max_time, class_number=number)
        for of in (content, motion)
    ]
    return Latents(drawn[0].content, drawn[1].motion, drawn[0].labels)

"""A film of the page: frames in pieces, each a lossless picture that a browser loads, and files to keep of it."""

import io
import itertools
import weakref
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from stylesv.explore.view import View
from stylesv.files import partial_file
from stylesv.media.film_writers import open_film
from stylesv.media.frame_files import Frame
from stylesv.report.clip_grids import draw_film_frame

MOST_KEPT_BYTES = 256 * 2**20  # of all films in the cache; one alone may be larger
MOST_PIECE_PX = 8192  # height of a piece's picture; browsers refuse far larger ones
PNG_EFFORT = 1  # 0 to 9

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Piece:
    """Some frames one under the other, each with its clips in columns and rows, without gaps: bytes of a PNG."""

    first: int
    count: int
    png: bytes


@dataclass
class Film:
    """The frames of a view as far as they are made; the worker adds, everyone reads."""

    view: View
    resolution: int
    times: list[float]
    note: str | None = None
    """What is to be said of how it was made."""
    class_number: int | None = None
    """The class that all of its clips are of, where content and motion are apart, of a snapshot that knows classes."""
    pieces: list[Piece] = field(default_factory=list)
    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def num_made(self) -> int:
        """Frames that are there."""
        return sum(piece.count for piece in self.pieces)

    @property
    def is_whole(self) -> bool:
        """Whether all are."""
        return self.num_made == len(self.times)

    @property
    def num_bytes(self) -> int:
        """What it takes in memory."""
        return sum(len(piece.png) for piece in self.pieces)

    @property
    def most_in_piece(self) -> int:
        """Frames that a piece may have."""
        return max(1, MOST_PIECE_PX // (self.view.grid[1] * self.resolution))

    def add(self, frames: UInt8[np.ndarray, "n t c h w"]) -> Piece:
        """The next frames of all clips."""
        (columns, rows), (_, count, _, height, width) = self.view.grid, frames.shape
        cells = frames.reshape(rows, columns, count, 3, height, width).transpose(2, 0, 4, 1, 5, 3)
        picture = Image.fromarray(cells.reshape(count * rows * height, columns * width, 3))
        content = io.BytesIO()
        picture.save(content, "PNG", compress_level=PNG_EFFORT)
        piece = Piece(self.num_made, count, content.getvalue())
        self.pieces.append(piece)
        return piece

    def frames(self) -> Iterator[UInt8[np.ndarray, "n c h w"]]:
        """Of each clip the first frame, of each the second, and so on."""
        for piece in list(self.pieces):
            yield from self._frames_of(piece)

    def frame(self, number: int) -> UInt8[np.ndarray, "n c h w"]:
        """One of these.

        Raises:
            IndexError: there is none of this number, or not yet.
        """
        for piece in list(self.pieces):
            if piece.first <= number < piece.first + piece.count:
                return self._frames_of(piece)[number - piece.first]
        raise IndexError(number)

    def _frames_of(self, piece: Piece) -> UInt8[np.ndarray, "t n c h w"]:
        (columns, rows), size = self.view.grid, self.resolution
        pixels = np.asarray(Image.open(io.BytesIO(piece.png)))
        cells = pixels.reshape(piece.count, rows, size, columns, size, 3).transpose(0, 1, 3, 5, 2, 4)
        return cells.reshape(piece.count, rows * columns, 3, size, size)

    def save(self, path: Path) -> None:
        """Write what is made as MP4, WebP or GIF, by the name's ending; a grid looks as that of `generate.py`."""
        form = path.suffix[1:]
        with open_film(path, form, fps=self.view.fps, num_frames=self.num_made) as film:
            for each in self.frames():
                film.add(self._picture(each))

    def save_frame(self, path: Path, number: int) -> None:
        """Write a frame as PNG.

        Raises:
            IndexError: as `frame`.
        """
        picture = Image.fromarray(np.ascontiguousarray(self._picture(self.frame(number)).transpose(1, 2, 0)))
        with partial_file(path) as partial:
            picture.save(partial, "PNG")

    def _picture(self, frames: UInt8[np.ndarray, "n c h w"]) -> Frame:
        columns, rows = self.view.grid
        return frames[0] if columns * rows == 1 else draw_film_frame({"generated": frames}, columns=columns)


class Films:
    """The films that were made last, as many as fit."""

    def __init__(self, most_bytes: int = MOST_KEPT_BYTES):
        self._most_bytes = most_bytes
        self._kept: OrderedDict[View, Film] = OrderedDict()
        self._by_number: weakref.WeakValueDictionary[int, Film] = weakref.WeakValueDictionary()

    def of(self, view: View) -> Film | None:
        """The film of a view, if it was begun and is kept."""
        film = self._kept.get(view)
        if film is not None:
            self._kept.move_to_end(view)
        return film

    def by_number(self, number: int) -> Film | None:
        """The film of a number, if it is kept or a page still shows it."""
        return self._by_number.get(number)

    def keep(self, film: Film) -> None:
        """Keep it, in place of the oldest ones where there is no room."""
        self._kept[film.view] = self._by_number[film.number] = film
        self._kept.move_to_end(film.view)
        while len(self._kept) > 1 and sum(each.num_bytes for each in self._kept.values()) > self._most_bytes:
            self._kept.popitem(last=False)

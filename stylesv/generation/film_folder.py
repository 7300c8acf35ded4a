"""The folder that `generate.py` writes: videos alone, so that it can be scored as it is, and a record of what made them.

A grid of the videos lies beside the folder. Everything is made in `.partial` inside the folder, and named when all of it is
there: a folder without the record holds no videos of a call that was killed. A second call replaces what the record names.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from stylesv.command_line import require_place
from stylesv.config.base import Settings
from stylesv.data.packed_writer import partial_folder
from stylesv.errors import ConfigError
from stylesv.files import file_sha256, partial_file, readable_json, write_text
from stylesv.film_forms import MOVING_FORMS, Form

RECORD = ".generated.json"  # hidden: no reader of videos takes it for one


class GridRecord(Settings):
    """The grid of a folder's videos."""

    path: str
    """Where it lies, relative to the folder."""
    sha256: str
    """SHA-256 of its content."""


class FilmRecord(Settings):
    """What `generate.py` made."""

    networks_sha256: str
    """SHA-256 of the snapshot."""
    settings: dict[str, Any]
    """What was asked for."""
    videos: tuple[str, ...]
    """Names of the films, or of the folders of frames."""
    grid: GridRecord | None
    """The grid; null if none was asked for."""


@dataclass(frozen=True)
class FilmTarget:
    """Where videos go: the folder `out`, and the file `grid` if there is to be one."""

    out: Path
    grid: Path | None
    overwrite: bool
    """Whether what an earlier call made there is replaced."""

    @classmethod
    def of(
        cls, out: Path, *, has_grid: bool, grid_out: Path | None, overwrite: bool, form: Form = "mp4"
    ) -> "FilmTarget":
        """The grid is `OUT_grid.mp4` beside the folder unless `grid_out` says where; GIF or WebP where videos are (`form`).

        Raises:
            ConfigError: the grid would lie among the videos, is no film's file, or is not asked for.
        """
        if grid_out is not None and not has_grid:
            raise ConfigError(f"--grid-out {grid_out}: says where a grid goes: give --grid COLUMNSxROWS, too")
        if not has_grid:
            return cls(out, None, overwrite)
        whole = out if out.name not in ("", "..") else out.resolve()
        grid = grid_out or whole.with_name(f"{whole.name}_grid.{form if form in MOVING_FORMS else 'mp4'}")
        if grid.suffix.lower()[1:] not in MOVING_FORMS:
            suffixes = ", ".join(f".{each}" for each in MOVING_FORMS)
            raise ConfigError(f"--grid-out {grid}: a grid is a film; give a name that ends in one of {suffixes}")
        if grid.resolve().is_relative_to(out.resolve()):
            raise ConfigError(
                f"--grid-out {grid}: lies in --out {out}, where it would be scored as one of the videos; give a path outside"
            )
        return cls(out, grid, overwrite)

    def earlier(self) -> FilmRecord | None:
        """What is to be replaced; None where there is nothing.

        Raises:
            ConfigError: there is something that must not be replaced.
        """
        require_place(self.out)
        if self.grid is not None:
            require_place(self.grid, option="--grid-out")
        if self.out.exists() and not self.out.is_dir():
            raise ConfigError(f"--out {self.out}: is a file; give a folder")
        found = sorted(path.name for path in self.out.glob("[!.]*"))
        record = read_film_record(self.out)
        foreign = [name for name in found if record is None or name not in record.videos]
        if foreign:
            raise ConfigError(
                f"--out {self.out}: holds {foreign[0]}, which generate.py did not make there: give an empty folder, or "
                "move that away"
            )
        if found and not self.overwrite:
            raise ConfigError(
                f"--out {self.out}: holds {len(found)} videos of an earlier call, such as {found[0]}: give an empty folder, "
                "or --overwrite to replace them"
            )
        if self.grid is not None and self.grid.exists() and not (self.overwrite and self._is_grid_of(record)):
            raise ConfigError(
                f"{self.grid}: there is a file of the grid's name already: give another one with --grid-out, or move it away"
                + (
                    ", or replace an earlier call's grid and videos with --overwrite"
                    if self._is_grid_of(record)
                    else ""
                )
            )
        return record if self.overwrite else None

    def _is_grid_of(self, record: FilmRecord | None) -> bool:
        """Whether the file of the grid's name is the one that the record names, unchanged."""
        return record is not None and self.grid is not None and self.grid.resolve() == self.recorded_grid(record)

    def stale_grid(self, record: FilmRecord) -> Path | None:
        """The recorded grid, if it goes with the videos that are replaced because no new one takes its place."""
        old = self.recorded_grid(record)
        return old if self.grid is None or self.grid.resolve() != old else None

    def recorded_grid(self, record: FilmRecord) -> Path | None:
        """The grid that the record names, if it is still that."""
        if record.grid is None:
            return None
        path = (self.out / record.grid.path).resolve()
        return path if path.is_file() and file_sha256(path) == record.grid.sha256 else None


@dataclass(frozen=True)
class FilmParts:
    """Where videos and grid are made before they are named."""

    videos: Path
    grid: Path


@contextmanager
def film_folder(target: FilmTarget, *, networks_sha256: str, settings: dict[str, Any]) -> Iterator[FilmParts]:
    """A place for videos and a grid, which get their names at the end; after an error nothing has changed.

    Raises:
        ConfigError: something is there that must not be replaced.
        DataError: another call is writing there, or the disk is full.
    """
    with partial_folder(target.out, work="generation") as partial:
        record = target.earlier()
        parts = FilmParts(partial / "videos", partial / f"grid{target.grid.suffix.lower() if target.grid else ''}")
        parts.videos.mkdir()
        yield parts
        made = FilmRecord(
            networks_sha256=networks_sha256,
            settings=settings,
            videos=tuple(sorted(path.name for path in parts.videos.iterdir())),
            grid=target.grid
            and GridRecord(
                path=os.path.relpath(target.grid.resolve(), target.out.resolve()), sha256=file_sha256(parts.grid)
            ),
        )
        publish(target, record, made, parts)


def publish(target: FilmTarget, earlier: FilmRecord | None, made: FilmRecord, parts: FilmParts) -> None:
    """Name what was made, in place of what was there. Files are only renamed, which takes no time and no space."""
    stale = earlier and target.stale_grid(earlier)  # before a new one takes its name
    if target.grid is not None:
        _copy(parts.grid, target.grid)
    if stale:
        stale.unlink()
    replaced = parts.videos.with_name("replaced")
    replaced.mkdir()
    for name in earlier.videos if earlier else ():
        if (target.out / name).exists():
            os.replace(target.out / name, replaced / name)
    write_text(target.out / RECORD, readable_json(made.model_dump(mode="json")))
    for name in made.videos:
        os.replace(parts.videos / name, target.out / name)


def _copy(made: Path, target: Path) -> None:
    """A grid to its place, which may be on another disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with partial_file(target) as partial:
        shutil.copyfile(made, partial)


def read_film_record(folder: Path) -> FilmRecord | None:
    """What a folder's videos were made of; None where it has no record that can be read."""
    try:
        return FilmRecord.model_validate_json((folder / RECORD).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValidationError, UnicodeDecodeError):
        return None  # whatever lies beside it is then not known to be ours

"""Several processes that share the videos of a folder: each makes its own beside the others', and the last one names all.

A share is whole or not there, as a folder of films is, in `.shares` inside the folder; which folder of `.shares` it is says what
was asked for, so that shares of different calls never meet.
"""

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from stylesv.config.recipe import recipe_key
from stylesv.data.packed_writer import partial_folder
from stylesv.errors import DataError
from stylesv.generation.film_folder import FilmParts, FilmRecord, FilmTarget, publish, read_film_record

SHARES = ".shares"
_WAIT_SECONDS = 60.0  # for another share that is naming what was made, which takes no time


def share_target(target: FilmTarget, share: int, shares: int, **about: Any) -> FilmTarget:
    """Where a share of the videos is made."""
    return FilmTarget(_folder(target, shares, about) / f"{share}of{shares}", None, overwrite=True)


def join_shares(target: FilmTarget, shares: int, **about: Any) -> list[str]:
    """Name all videos if all shares are there; the shares that are not.

    Raises:
        ConfigError: something is there that must not be replaced.
        DataError: another call is writing there, or the disk is full.
    """
    folder = _folder(target, shares, about)
    waited = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            with partial_folder(target.out, work="generation") as partial:
                return _join(target, folder, shares, about, partial)
        except DataError:
            if time.monotonic() > waited:
                raise
            time.sleep(0.2)


def _join(target: FilmTarget, folder: Path, shares: int, about: dict[str, Any], partial: Path) -> list[str]:
    if not folder.exists():  # the other share that was last has named them
        return []
    parts = {f"{share}/{shares}": folder / f"{share}of{shares}" for share in range(shares)}
    records = {name: read_film_record(part) for name, part in parts.items()}
    if left := [name for name, part in parts.items() if not is_made(part)]:
        return left
    earlier = target.earlier()
    videos = FilmParts(partial / "videos", partial / "grid")
    videos.videos.mkdir()
    for name, record in records.items():
        for video in record.videos:
            os.replace(parts[name] / video, videos.videos / video)
    names = sorted(name for record in records.values() for name in record.videos)
    publish(target, earlier, FilmRecord(**about, videos=tuple(names), grid=None), videos)
    shutil.rmtree(folder)
    with suppress(OSError):  # shares of another call are there
        (target.out / SHARES).rmdir()
    return []


def is_made(part: Path) -> bool:
    """Whether a share is there with all its videos, which a call that was killed while it named them may have taken away."""
    record = read_film_record(part)
    return record is not None and all((part / video).exists() for video in record.videos)


def _folder(target: FilmTarget, shares: int, about: dict[str, Any]) -> Path:
    return target.out / SHARES / recipe_key({"shares": shares, **about})

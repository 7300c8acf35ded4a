"""Which class each video is of: by the folder it lies in, or by the list that published archives bring (docs/data.md 2.4)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from stylesv.config.fingerprint import read_label_file
from stylesv.data.video_sources import VideoSource
from stylesv.errors import DataError

MOST_CLASSES = 100_000  # a label becomes a vector of so many numbers: a wild one shall not fill the memory


@dataclass(frozen=True)
class VideoClasses:
    """Names of the classes, and the number of the class of each video, by the video's name."""

    names: tuple[str, ...]
    numbers: dict[str, int]


def find_classes(
    videos: Path | Sequence[Path], sources: Sequence[VideoSource], how: Literal["folders", "dataset_json"] | None
) -> VideoClasses | None:
    """The classes of all videos at `videos`; None where `how` asks for none.

    Raises:
        DataError: a video has no class, or two; or they are clips cut out of films by a table, in several zips.
    """
    if how is None:
        return None
    if not isinstance(videos, Path):
        raise DataError("labels with clips of a table: it gives no classes; set labels to null")
    return _by_folder(videos, sources) if how == "folders" else _by_list(videos, sources)


def _by_folder(videos: Path, sources: Sequence[VideoSource]) -> VideoClasses:
    """A video's class is the folder that it lies in, as in UCF101: `Archery/v_Archery_g01_c01.avi`."""
    folders = {source.name: PurePosixPath(source.name).parent.name for source in sources}
    for name, folder in folders.items():
        if not folder:
            raise DataError(
                f"{videos}: {name} lies in no folder that could be its class; put every video into a folder named after "
                "its class, or set labels to null"
            )
    names = tuple(sorted(set(folders.values())))
    return VideoClasses(names, {name: names.index(folder) for name, folder in folders.items()})


def _by_list(videos: Path, sources: Sequence[VideoSource]) -> VideoClasses:
    """`dataset.json`: `{"labels": [["clip0/000000.png", 2], ...]}`, for one frame of a video or more, or for a film.

    Paths are those below the list's folder or below the folder that holds all videos: published archives have both.
    """
    where, listed = _read_list(videos)
    roots = {PurePosixPath(source.name).parts[:1] for source in sources}
    numbers: dict[str, int] = {}
    for source in sources:
        path = PurePosixPath(source.name).parts
        found = listed.get(path) or (listed.get(path[1:]) if len(roots) == 1 else None) or set()
        if len(found) != 1:
            trouble = f"has {len(found)} classes" if found else "has no class"
            raise DataError(
                f"{where}: {source.name} {trouble} there; list each video with one class, or set labels to null"
            )
        (numbers[source.name],) = found
    return VideoClasses(tuple(map(str, range(max(numbers.values()) + 1))), numbers)


def _read_list(videos: Path) -> tuple[str, dict[tuple[str, ...], set[int]]]:
    """Where the list is, and the classes of everything in it by path: of films, and of the folders of frames."""
    where, text = read_label_file(videos)
    try:
        entries = [(PurePosixPath(name), label) for name, label in json.loads(text)["labels"] or []]
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(
            f'{where}: is no list of labels, {{"labels": [["clip0/000000.png", 2], ...]}} ({type(error).__name__}: {error}); '
            "mend it, or set labels to null"
        ) from error
    listed: dict[tuple[str, ...], set[int]] = {}
    for name, label in entries:
        number = _class_number(label, name, where)
        for parts in (name.parts, name.parent.parts):
            listed.setdefault(parts, set()).add(number)
    return where, listed


def _class_number(label: Any, name: PurePosixPath, where: str) -> int:
    if isinstance(label, int) and not isinstance(label, bool) and 0 <= label < MOST_CLASSES:
        return label
    raise DataError(
        f"{where}: {name} has the label {str(label)[:40]}; a class is a whole number from 0 to {MOST_CLASSES - 1} (vectors of "
        "numbers are no classes): number them, or set labels to null"
    )

"""Which of the videos that are there are packed: those in a folder of an archive, without those to leave out, cut into shots."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from stylesv.data.ledger import LEFT_OUT, dropped_clip
from stylesv.data.video_sources import VideoSource, find_sources
from stylesv.errors import DataError
from stylesv.records.ledger import LedgerRow, read_ledger
from stylesv.records.packed_index import DroppedVideo
from stylesv.records.recipe import DataRecipe, FetchedArchive

Shots = Mapping[str, Sequence[tuple[int, int]]]
"""First and last (exclusive) frame of the shots of each video, by its name."""


@dataclass(frozen=True)
class Selection:
    """What is packed of what is there; as it stands: everything."""

    inside: str | None = None
    """Folder of an archive."""
    leave_out: tuple[str, ...] = ()
    """Names of videos or of folders on their way, or ids."""
    shots: Shots | None = None
    """Shots of videos whose film boundaries are not stored, of all of them; a video without one gives no clip."""
    max_missing: float = 1.0
    """Largest share of what was asked for that may be missing."""

    @classmethod
    def of_recipe(cls, recipe: DataRecipe | None, *, shots: Shots | None, max_missing: float = 1.0) -> "Selection":
        """What a data set's recipe asks for; without one, everything."""
        if recipe is None:
            return cls(shots=shots, max_missing=max_missing)
        inside = recipe.source.inside if isinstance(recipe.source, FetchedArchive) else None
        return cls(inside=inside, leave_out=recipe.leave_out, shots=shots, max_missing=max_missing)


@dataclass(frozen=True)
class Selected:
    """Videos to pack, files that are ignored, and what is left out or missing already."""

    sources: list[VideoSource]
    ignored: list[str]
    dropped: list[DroppedVideo]
    cuts: Shots
    """Shots of films, which are cut while they are packed; frames of a folder are so many sources."""


def select_sources(videos: Path | Sequence[Path], selection: Selection) -> Selected:
    """The videos to pack below a folder or zip; or in several zips of clips, each with its ledger beside it.

    Raises:
        DataError, MachineError: as `find_sources`; or nothing lies in the folder of the archive.
    """
    if isinstance(videos, Path):
        sources, ignored = find_sources(videos)
        dropped: list[DroppedVideo] = []
    else:
        sources, ignored, dropped = _cut_clips(videos)
    if selection.inside is not None:
        start = f"{selection.inside.strip('/')}/"
        found = [source for source in sources if f"{source.name}/".startswith(start)]
        if not found:
            there = ", ".join(sorted({source.name.partition("/")[0] for source in sources})[:5])
            raise DataError(
                f"{videos}: has no videos in {selection.inside}, which source.archive.inside names; in it: {there}"
            )
        sources = found
    kept = [source for source in sources if not _named(source.name, selection.leave_out)]
    away = [source.name for source in sources if _named(source.name, selection.leave_out)]
    for unused in [name for name in selection.leave_out if not any(_named(source.name, [name]) for source in sources)]:
        if isinstance(videos, Path):  # of a table it was looked up there
            print(f"leave_out: {unused} is the name of nothing that is there", file=sys.stderr, flush=True)
    dropped += [DroppedVideo(name=name, num_frames=0, reason=LEFT_OUT) for name in away]
    if selection.shots is None:
        return Selected(kept, ignored, dropped, {})
    cuts = {source.name: selection.shots.get(source.name, ()) for source in kept}
    return Selected(
        [shot for source in kept for shot in _frame_shots(source, cuts[source.name])], ignored, dropped, cuts
    )


def _cut_clips(zips: Sequence[Path]) -> tuple[list[VideoSource], list[str], list[DroppedVideo]]:
    sources, dropped = [], []
    for archive in zips:
        rows: tuple[LedgerRow, ...] = read_ledger(archive.with_suffix(".csv"))
        dropped += [dropped_clip(row) for row in rows if row.status != "ok"]
        if any(row.status == "ok" for row in rows):
            sources += find_sources(archive)[0]
    if not sources:
        raise DataError(f"{zips[0].parent}: no clip of the table is there; its ledgers say why")
    return sorted(sources, key=lambda source: source.name), [], dropped


def _named(name: str, leave_out: Sequence[str]) -> bool:
    """Whether one of the names is the video's, a folder's on its way, or the id before a #."""
    path = PurePosixPath(name)
    names = {name, *path.parts, path.stem, *(part.partition("#")[0] for part in path.parts)}
    return not names.isdisjoint(leave_out)


def _frame_shots(source: VideoSource, shots: Sequence[tuple[int, int]]) -> list[VideoSource]:
    """A folder of frames as one source for each shot, so that damage ends no more than its own."""
    if not shots or source.kind != "frames":
        return [source]
    if shots[-1][1] > len(source.members):
        raise DataError(f"{source.name}: its shots end at frame {shots[-1][1]}, but it has {len(source.members)}")
    frame_bytes = source.num_bytes // max(len(source.members), 1)
    return [
        replace(
            source,
            name=f"{source.name}/{start:08d}-{end:08d}",
            members=source.members[start:end],
            num_bytes=frame_bytes * (end - start),
        )
        for start, end in shots
    ]

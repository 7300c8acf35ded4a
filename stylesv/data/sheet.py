"""A data set's sheet: its clips in numbers, and a frame of each of many of them."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import UInt8

from stylesv.data.ledger import ledger_of
from stylesv.data.packed import PackedClips
from stylesv.records.data_sheet import DataSheet, Share
from stylesv.records.ledger import FetchedFile, FilmRow, LedgerRow, count_clips
from stylesv.records.recipe import DataRecipe, FetchedArchive, FetchedClips, RenderedVideos


def describe_data(
    name: str,
    clips: PackedClips,
    recipe: DataRecipe,
    *,
    fetched: Sequence[FetchedFile] = (),
    films: Sequence[FilmRow] = (),
) -> tuple[DataSheet, list[LedgerRow]]:
    """The sheet and the ledger of packed clips. `films` are those that the clips were cut out of: theirs are the rates and
    sizes, of those that gave a clip."""
    index = clips.index
    rows = ledger_of(index.sources, index.clips, index.dropped)
    used = {clip.source for clip in index.clips}
    raw = [(source.fps, source.width, source.height) for source in index.sources if source.name in used]
    if films:
        ids = {source.split("#")[0] for source in used}
        raw = [(film.fps, film.width, film.height) for film in films if film.id in ids]
    lengths = [clip.num_frames for clip in index.clips]
    sheet = DataSheet(
        dataset=name,
        source=_source(recipe),
        partition=recipe.source.partition if isinstance(recipe.source, FetchedClips) else None,
        counts=count_clips(rows),
        reasons=_shares(row.status for row in rows if row.status != "ok"),
        clips=len(lengths),
        frames=sum(lengths),
        shortest=min(lengths),
        median=float(np.median(lengths)),
        longest=max(lengths),
        rates=_shares("unknown" if fps is None else f"{fps:.4g}" for fps, _, _ in raw),
        sizes=_shares(f"{width}x{height}" for _, width, height in raw),
        resolution=index.resolution,
        sha256=index.sha256,
        fetched=tuple(fetched),
    )
    return sheet, rows


def contact_frames(clips: PackedClips, *, most: int) -> UInt8[np.ndarray, "n c h w"]:
    """The middle frame of at most so many clips, evenly spread over all of them."""
    chosen = np.unique(np.linspace(0, clips.num_clips - 1, min(most, clips.num_clips)).round().astype(int))
    return np.concatenate([clips.read(number, [clips.num_frames(number) // 2]) for number in chosen])


def _source(recipe: DataRecipe) -> str:
    source = recipe.source
    if isinstance(source, RenderedVideos):
        return f"{source.render.num_videos} rendered driving scenes"
    if isinstance(source, FetchedArchive):
        inside = f", folder {source.inside}" if source.inside else ""
        return f"an archive of {len(source.parts)} part{'s' if len(source.parts) > 1 else ''}{inside}"
    if isinstance(source, FetchedClips):
        return f"a table of clips of films ({source.films}), attempt {source.attempt}"
    return "a folder or zip of videos"


def _shares(values: Iterable[str]) -> tuple[Share, ...]:
    return tuple(Share(value=value, videos=count) for value, count in Counter(values).most_common())

"""Clips cut out of films by a table: spans at the film's own rate, boxes at its own size, frames at the data set's resolution."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from stylesv.config.dataset import PackSettings
from stylesv.data.clip_table import TableRow
from stylesv.data.decoding import SourceFrame, VideoFacts, decode_film
from stylesv.data.films import film_file
from stylesv.errors import DataError
from stylesv.files import file_sha256, partial_file
from stylesv.media.frame_files import encode_jpeg
from stylesv.records.ledger import FilmRow, LedgerRow, count_clips, reasons_of

_ASPECT_TOLERANCE = 0.02  # sizes are rounded to even pixels


def gather_clips(
    rows: Sequence[TableRow], films: Sequence[FilmRow], *, leave_out: Sequence[str], max_missing: float, name: str
) -> list[LedgerRow]:
    """What is to be cut of a table, as far as its films are known by their headers; `name` is the data set's.

    Raises:
        DataError: a larger share than `max_missing` is missing already, or what is to be left out is not in the table.
    """
    named = {row.video_id for row in rows} | {row.name for row in rows}
    if unknown := [each for each in leave_out if each not in named]:
        raise DataError(f"leave_out: {unknown[0]} is neither a film nor a clip of the table; mend dataset.leave_out")
    by_id = {film.id: film for film in films}
    ledger = [_expected(row, by_id.get(row.video_id), leave_out) for row in rows]
    counts = count_clips(ledger)
    if counts.missing > max_missing * counts.asked:
        raise DataError(
            f"{counts.missing} of {counts.asked} clips are missing ({reasons_of(ledger)}), more than max_missing "
            f"{max_missing:g} allows; try again with `snakemake --cores 1 repair_{name}`, or raise dataset.max_missing"
        )
    return ledger


def cut_clips(
    rows: Sequence[TableRow],
    films: Sequence[FilmRow],
    out: Path,
    *,
    folder: Path,
    packing: PackSettings,
    leave_out: Sequence[str] = (),
) -> list[LedgerRow]:
    """Cut the rows of some films into a zip of folders of frames, JPEG or for raw clips PNG, and say what became of each row.

    Every film is decoded once. With packing.damaged "use" a clip that ends early is kept.

    Raises:
        DataError: a film is another than when it was looked at.
        MachineError: it cannot be read.
    """
    by_id = {film.id: film for film in films}
    ledger: dict[str, LedgerRow] = {}
    with partial_file(out) as partial, zipfile.ZipFile(partial, "w", zipfile.ZIP_STORED) as archive:
        for name in dict.fromkeys(row.video_id for row in rows):
            film = by_id.get(name)
            own = [row for row in rows if row.video_id == name]
            ledger |= {row.name: _expected(row, film, leave_out) for row in own}
            wanted = [
                row for row in own if ledger[row.name].status in ("ok", "short") and ledger[row.name].asked_frames
            ]
            if film is None or film.status != "ok" or not wanted:
                continue
            path = film_file(film, folder)
            if not path.exists() or file_sha256(path) != film.sha256:
                raise DataError(
                    f"{path}: is gone, or another film than when its ledger was made; put it back, or let `snakemake "
                    "repair_DATASET` look at it anew and raise source.clip_list.attempt to make a data set of what is there now"
                )
            for clip in _cut_film(path, film, wanted, packing):
                ledger[clip.row.name] = _outcome(clip, packing)
                if ledger[clip.row.name].status == "ok":
                    _add(archive, clip, ".png" if packing.codec == "raw" else ".jpg")
    return [ledger[row.name] for row in rows]


@dataclass
class _Clip:
    """A clip while its film is read."""

    row: TableRow
    first: int
    end: int
    frames: list[bytes] = field(default_factory=list)
    clamped: bool = False
    damage: str | None = None


def _cut_film(path: Path, film: FilmRow, rows: Sequence[TableRow], packing: PackSettings) -> Iterator[_Clip]:
    """The clips of a film, each as soon as it is whole; those that the film ends in or before at last."""
    waiting = sorted((_Clip(row, *row.frames_at(film.fps)) for row in rows), key=lambda clip: (clip.first, clip.end))
    facts = VideoFacts()
    frames = decode_film(path, facts)
    for number, frame in enumerate(frames):
        for clip in waiting:
            if clip.first <= number < clip.end:
                box, moved = clip.row.box_at(*frame.image.size)
                clip.clamped |= moved
                clip.frames.append(_fit(frame, box, packing))
        done = [clip for clip in waiting if number + 1 >= clip.end]
        yield from done
        waiting = [clip for clip in waiting if number + 1 < clip.end]
        if not waiting:
            frames.close()
            return
    for clip in waiting:
        clip.damage = facts.damage or f"the film ends after {facts.num_frames} frames"
        yield clip


def _fit(frame: SourceFrame, box: tuple[float, float, float, float], packing: PackSettings) -> bytes:
    left, top, right, bottom = box
    if packing.crop == "center":
        aspect = float(frame.pixel_aspect)
        side = min((right - left) * aspect, bottom - top)
        across, down = (left + right) / 2, (top + bottom) / 2
        box = (across - side / aspect / 2, down - side / 2, across + side / aspect / 2, down + side / 2)
    size = (packing.resolution, packing.resolution)
    square = frame.image.resize(size, Image.Resampling.LANCZOS, box=box)
    if packing.codec == "raw":  # packing takes the same pixels out of it
        content = io.BytesIO()
        square.save(content, "PNG", compress_level=1)
        return content.getvalue()
    return encode_jpeg(np.asarray(square), quality=packing.jpeg_quality)


def _add(archive: zipfile.ZipFile, clip: _Clip, suffix: str) -> None:
    for number, frame in enumerate(clip.frames):
        archive.writestr(zipfile.ZipInfo(f"{clip.row.name}/{number:06d}{suffix}"), frame)  # without a time


def _expected(row: TableRow, film: FilmRow | None, leave_out: Sequence[str]) -> LedgerRow:
    """What a film's header says of a row."""
    values = {"name": row.name, "id": row.video_id, "asked_frames": row.end - row.start, "got_frames": 0}
    if row.video_id in leave_out or row.name in leave_out:
        return LedgerRow(**values, status="left out", reason="by the settings")
    if film is None:
        return LedgerRow(**values, status="gone", reason="nobody has looked for its film")
    if film.status != "ok":
        return LedgerRow(**values, status=film.status, reason=film.reason)
    shape = film.width / film.height
    if abs(shape * row.height / row.width - 1) > _ASPECT_TOLERANCE:
        reason = f"the film has {film.width}x{film.height} pixels, the table says {row.width}x{row.height}"
        return LedgerRow(**values, status="wrong size", reason=reason)
    if film.fps is None:
        return LedgerRow(**values, status="damaged", reason="the film has no frame rate")
    first, end = row.frames_at(film.fps)
    values["asked_frames"] = end - first
    if first == end:
        reason = f"at its {film.fps:g} frames per second the film has no frame between start and end"
        return LedgerRow(**values, status="short", reason=reason)
    if film.num_frames is not None and film.num_frames < end:
        reason = f"the film has {film.num_frames} frames, the clip ends at {end}"
        return LedgerRow(**values, status="short", reason=reason)
    return LedgerRow(**values | {"got_frames": end - first}, status="ok")


def _outcome(clip: _Clip, packing: PackSettings) -> LedgerRow:
    asked, got = clip.end - clip.first, len(clip.frames)
    values = {"name": clip.row.name, "id": clip.row.video_id, "asked_frames": asked}
    if got < asked and (packing.damaged != "use" or not got):
        return LedgerRow(**values, got_frames=0, status="short", reason=f"{got} of {asked} frames: {clip.damage}")
    notes = [f"{got} of {asked} frames: {clip.damage}"] if got < asked else []
    notes += ["its box was moved into the frame"] if clip.clamped else []
    return LedgerRow(**values, got_frames=got, status="ok", reason="; ".join(notes) or None)

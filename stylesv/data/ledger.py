"""The ledger of packed clips: what became of every video or clip that was asked for, out of the index of what was packed."""

from collections.abc import Sequence
from typing import get_args

from stylesv.errors import DataError
from stylesv.records.ledger import ClipCounts, LedgerRow, Status, count_clips, reasons_of
from stylesv.records.packed_index import DroppedVideo, PackedClip, PackedIndex, PackedSource

LEFT_OUT, TOO_SHORT = "left out: by the settings", "too short"
_STATUSES = get_args(Status)


def dropped_clip(row: LedgerRow) -> DroppedVideo:
    """A clip that never came to be, as an index names it."""
    reason = f"{row.status}: {row.reason or 'by the settings'}"
    return DroppedVideo(name=row.name, num_frames=row.asked_frames or 0, reason=reason)


def ledger_of(
    sources: Sequence[PackedSource], clips: Sequence[PackedClip], dropped: Sequence[DroppedVideo]
) -> list[LedgerRow]:
    """A row for each video that was found or asked for, in the order of names; a part of it is enough to be ok."""
    got: dict[str, int] = {}
    for clip in clips:
        got[clip.source] = got.get(clip.source, 0) + clip.num_frames
    notes = {source.name: source for source in sources}
    away: dict[str, list[DroppedVideo]] = {}
    for entry in dropped:
        away.setdefault(entry.name, []).append(entry)
    return [_row(name, notes.get(name), got.get(name, 0), away.get(name, [])) for name in sorted(notes.keys() | away)]


def counts_of(index: PackedIndex) -> ClipCounts:
    """What became of all that packed clips were asked to hold."""
    return count_clips(ledger_of(index.sources, index.clips, index.dropped))


def require_enough(rows: Sequence[LedgerRow], max_missing: float) -> None:
    """Stop if a larger share than `max_missing` of what was asked for is missing.

    Raises:
        DataError: it is; the line counts the reasons.
    """
    counts = count_clips(rows)
    if counts.missing > max_missing * counts.asked:
        raise DataError(
            f"{counts.missing} of {counts.asked} videos are missing ({reasons_of(rows)}), more than max_missing "
            f"{max_missing:g} allows; mend or fetch them, or raise dataset.max_missing"
        )


def _row(name: str, source: PackedSource | None, got: int, dropped: Sequence[DroppedVideo]) -> LedgerRow:
    asked = source.num_frames if source else sum(entry.num_frames for entry in dropped) or None
    if source and source.damage:
        asked = None  # how long it was to be, nobody knows
    reasons = "; ".join([*(entry.reason for entry in dropped), *(source.notes if source else ())]) or None
    values = {"name": name, "id": name.split("#")[0], "asked_frames": asked, "got_frames": got, "reason": reasons}
    if got:
        return LedgerRow(**values, status="ok")
    return LedgerRow(**values, status=_status(dropped[0].reason if dropped else "damaged"))


def _status(reason: str) -> Status:
    """The status that a reason begins with; whatever else keeps a video from being packed is damage."""
    start = reason.partition(":")[0]
    return start if start in _STATUSES else "damaged"

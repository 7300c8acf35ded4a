"""What to know of two sets of videos before a score of them is believed: rates that differ, and videos that no clip is of."""

from statistics import median

from stylesv.metrics.shards import Clips
from stylesv.scoring.clip_sources import StoredClips

_SAME_RATE = 1.05  # broadcast rates and the whole ones beside them


def note_given_videos(reference: Clips, generated: Clips) -> tuple[str, ...]:
    """Notes for a score; none of clips that come from a snapshot."""
    stored = {
        name: clips
        for name, clips in (("reference", reference), ("generated", generated))
        if isinstance(clips, StoredClips)
    }
    return (*_unused(stored), *_rates(stored))


def _unused(stored: dict[str, StoredClips]) -> list[str]:
    notes = []
    for name, clips in stored.items():
        used, there = len({video for video, _ in clips.selection.clips}), len(clips.videos.lengths)
        if left := there - used - clips.selection.num_short_videos:
            notes.append(
                f"{used} of {there} {name} videos are used: the protocol takes {clips.count} clips, and {left} videos more "
                "would give other numbers"
            )
    return notes


def _rates(stored: dict[str, StoredClips]) -> list[str]:
    rates = {name: _rate(clips) for name, clips in stored.items()}
    known = {name: rate for name, rate in rates.items() if rate is not None}
    if len(known) < 2 or max(known.values()) < _SAME_RATE * min(known.values()):
        return []
    told = " and ".join(f"{name} ones {rate:.4g}" for name, rate in known.items())
    return [
        f"videos have different frame rates ({told} frames per second): clips of as many frames are of other times, and motion "
        "is compared as if they were not; bring both to one rate (pack_videos.py --fps)"
    ]


def _rate(clips: StoredClips) -> float | None:
    """Of half of the videos that are used, at least; None where nobody knows."""
    rates = [clips.videos.rates[video] for video in sorted({video for video, _ in clips.selection.clips})]
    known = [rate for rate in rates if rate is not None]
    return median(known) if known else None

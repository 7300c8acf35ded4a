"""What to know of two sets of videos before a score of them is believed: rates that differ, and videos that no clip is of."""

from stylesv.metrics.shards import Clips
from stylesv.scoring.clip_sources import StoredClips

_SAME_RATE = 1.05  # broadcast rates and the whole ones beside them
_MOST_RATES = 4  # that are named


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
    known = {name: rates for name, clips in stored.items() if (rates := _rates_of(clips))}
    every = [rate for rates in known.values() for rate in rates]
    if not every or max(every) < _SAME_RATE * min(every):
        return []
    told = " and ".join(f"{name} ones {_in_words(rates)}" for name, rates in known.items())
    return [
        f"videos have different frame rates ({told} frames per second): clips of as many frames are of other times, and motion "
        "is compared as if they were not; bring all to one rate (pack_videos.py --fps)"
    ]


def _rates_of(clips: StoredClips) -> list[float]:
    """Of the videos that are used, each once, as far as anybody knows."""
    found = {clips.videos.rates[video] for video, _ in clips.selection.clips}
    return sorted(rate for rate in found if rate is not None)


def _in_words(rates: list[float]) -> str:
    texts = list(dict.fromkeys(f"{rate:.4g}" for rate in rates))
    if len(texts) > _MOST_RATES:
        return f"{texts[0]} to {texts[-1]}"
    return " and ".join(filter(None, (", ".join(texts[:-1]), texts[-1])))

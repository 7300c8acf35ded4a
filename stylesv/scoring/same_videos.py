"""Videos that are the same, byte for byte: a folder scored against itself, or a video that was generated twice.

Neither is an error, but a score of them is easily believed to mean more than it does.
"""

from collections import Counter

from stylesv.metrics.shards import Clips
from stylesv.scoring.clip_sources import StoredClips, Videos

_Used = list[tuple[Videos, int]]


def note_same_videos(reference: Clips, generated: Clips) -> tuple[str, ...]:
    """Notes for a score, of the videos that its clips are of; none where clips come from a snapshot."""
    sides = {"reference": _videos_of(reference), "generated": _videos_of(generated)}
    alike = Counter(videos.likeness(number) for used in sides.values() for videos, number in used)
    contents = {name: _contents(used, alike) for name, used in sides.items()}
    notes = []
    for name, found in contents.items():
        known = [content for content in found if content is not None]
        if twice := len(known) - len(set(known)):
            notes.append(
                f"{twice} of {len(found)} {name} videos are the same as another one, byte for byte: the score counts them as "
                "different ones"
            )
    real = set(contents["reference"]) - {None}
    if both := sum(content in real for content in contents["generated"]):
        notes.append(
            f"{both} of {len(contents['generated'])} generated videos are reference videos, byte for byte: the score says "
            "little about a generator"
        )
    return tuple(notes)


def _videos_of(clips: Clips) -> _Used:
    if not isinstance(clips, StoredClips):
        return []
    return [(clips.videos, number) for number in sorted({video for video, _ in clips.selection.clips})]


def _contents(used: _Used, alike: Counter[tuple[object, ...]]) -> list[str | None]:
    """Hashes of the videos that may be the same as another; None for those that cannot be, which are not read."""
    return [videos.sha256(number) if alike[videos.likeness(number)] > 1 else None for videos, number in used]

"""Whether prepared real clips are the community's: their distance from published statistics of the same data.

Two samples of one distribution are not at distance 0, so the distance is judged by its floor (docs/protocols.md 8.4). Where
it lies above, clips are taken in other ways, one thing changed at a time; the way whose distance falls to its own floor is
what explains the difference.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import UInt8
from torch import Tensor

from stylesv.config.beside import FloorSettings
from stylesv.config.protocol import ProtocolSettings
from stylesv.errors import DataError
from stylesv.metrics.clip_selection import select_real_clips
from stylesv.metrics.detector import Detector
from stylesv.metrics.floor import GeneratedClips, floor_of_features
from stylesv.metrics.frechet import frechet_distance
from stylesv.metrics.moments import Moments
from stylesv.records.floor import Floor
from stylesv.scoring.clip_sources import StoredClips, Videos

FLOOR = FloorSettings(draws=60, level=0.95, parts=2, seed=0)
MOST = 0.25  # of a difference may be left where a way explains most of it: another filter of the same resize
STRIDES = (1, 2, 4, 8)


@dataclass(frozen=True)
class Way:
    """A way of taking clips, and what came of it; `what` says what was changed."""

    what: str
    clips: int
    videos: int
    distance: float
    floor: Floor

    @property
    def excess(self) -> float:
        """How far the distance lies above what same data would have."""
        return self.distance - self.floor.value

    @property
    def is_same(self) -> bool:
        """Whether the distance is one that clips of the same distribution have."""
        return self.distance <= self.floor.high


@dataclass(frozen=True)
class ReferenceCheck:
    """The clips as they are prepared, and the other ways that were tried."""

    published_clips: int
    prepared: Way
    others: tuple[Way, ...]

    @property
    def explanations(self) -> tuple[Way, ...]:
        """The ways that explain a difference, the best first."""
        found = [way for way in self.others if way.is_same]
        return tuple(sorted(found, key=lambda way: way.distance / way.floor.value))


def check_reference(
    videos: Videos, settings: ProtocolSettings, detector: Detector, published: Moments
) -> ReferenceCheck:
    """Compare the real clips that a protocol takes with published statistics; other ways are tried where they differ.

    Raises:
        DataError: features have another length, or fewer than two clips fit.
    """
    if len(published.mean) != detector.feature_dim:
        raise DataError(
            f"the statistics have {len(published.mean)} features and {detector.name} {detector.feature_dim}: they are of "
            "another detector"
        )
    prepared = _try("as prepared", videos, settings, detector, published)
    if prepared.is_same:
        return ReferenceCheck(published.count, prepared, ())
    others = []
    for what, changed, factor in _other_ways(settings, prepared, published.count):
        try:
            others.append(_try(what, videos, changed, detector, published, factor=factor))
        except DataError:  # such clips do not fit into these videos
            continue
    return ReferenceCheck(published.count, prepared, tuple(others))


def describe_check(check: ReferenceCheck) -> list[str]:
    """The verdict as lines of text."""
    ways = (check.prepared, *check.others)
    width = max(len(way.what) for way in ways) + 2
    lines = [
        f"published clips: {check.published_clips}",
        f"{'clips':<{width}}{'number':>8}{'distance':>12}   same data would have",
    ]
    for way in ways:
        floor = f"{way.floor.value:.4g}, 95 % below {way.floor.high:.4g}"
        lines.append(
            f"{way.what:<{width}}{way.clips:>8}{way.distance:>12.4g}   {floor}{'   <- fits' if way.is_same else ''}"
        )
    if check.prepared.is_same:
        lines.append("These are the community's clips, as far as so many can tell.")
    elif check.explanations:
        best = check.explanations[0]
        lines.append(
            f"These are not the community's clips as they are prepared. What explains all of the difference: {best.what}."
        )
    elif (nearest := min(ways, key=lambda way: way.excess)).excess <= MOST * check.prepared.excess:
        share = 100 * (1 - nearest.excess / check.prepared.excess)
        lines.append(
            f"These are not the community's clips as they are prepared. What explains {share:.0f} % of the difference: "
            f"{nearest.what}."
        )
    else:
        lines.append(
            "These are not the community's clips, and no single way of taking them explains it: other videos, another crop "
            "or compression, or another detector may be the reason."
        )
    if check.prepared.videos != check.published_clips:
        lines.append(
            f"Number of videos: {check.prepared.videos} here, {check.published_clips} published clips; a difference of number "
            "alone is within what same data would have."
        )
    return lines


def _other_ways(
    settings: ProtocolSettings, prepared: Way, published: int
) -> Iterator[tuple[str, ProtocolSettings, int]]:
    """What is changed, the settings with it, and how many times smaller frames are made first."""
    real = settings.real
    for stride in STRIDES:
        if stride != settings.frame_stride and settings.num_frames > 1:
            what = f"every {stride}. frame" if stride > 1 else "every frame"
            yield f"stride: {what}", settings.model_copy(update={"frame_stride": stride}), 1
    for factor in (2, 4):
        yield f"resize: frames made {factor} times smaller first", settings, factor
    choices = {
        "clip choice: the middle of each video": {"max_clips_per_video": 1, "first_frames": "spread"},
        "clip choice: a random place in each video": {"max_clips_per_video": 1, "first_frames": "random"},
        "clip choice: 4 clips of each video": {"max_clips_per_video": 4, "first_frames": "spread"},
    }
    for what, update in choices.items():
        changed = settings.model_copy(update={"real": real.model_copy(update={"max_clips": None, **update})})
        if changed != settings:
            yield what, changed, 1
    if prepared.clips > published:
        fewer = real.model_copy(update={"max_clips": published})
        yield f"count: the first {published} clips", settings.model_copy(update={"real": fewer}), 1


def _try(
    what: str, videos: Videos, settings: ProtocolSettings, detector: Detector, published: Moments, *, factor: int = 1
) -> Way:
    selection = select_real_clips(videos.lengths, settings)
    clips = StoredClips(videos, selection)
    rows = [detector(_smaller(batch, factor)).numpy() for batch in clips.batches(0, clips.count)]
    taken = [video for video, _ in selection.clips]
    features, groups = np.concatenate(rows), np.array([videos.films[video] for video in taken])
    floor = floor_of_features(
        features, groups, GeneratedClips(published.count, 1), covariance="population", settings=FLOOR
    )
    if floor is None:
        raise DataError(
            f"{clips.count} clips of {len(set(groups.tolist()))} videos are of too few videos: give 8 or more"
        )
    distance = frechet_distance(Moments.from_features(features), published, covariance="population")
    return Way(what, clips.count, len(set(taken)), distance, floor)


def _smaller(clips: UInt8[Tensor, "n t c h w"], factor: int) -> UInt8[Tensor, "n t c h2 w2"]:
    """Frames resized to a part of their size, antialiased, as data of a lower resolution has them."""
    if factor == 1:
        return clips
    size = [max(1, edge // factor) for edge in clips.shape[3:]]
    frames = F.interpolate(clips.flatten(0, 1).float(), size=size, mode="bilinear", antialias=True)
    return frames.round().clamp(0, 255).to(torch.uint8).unflatten(0, clips.shape[:2])

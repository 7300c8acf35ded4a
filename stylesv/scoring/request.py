"""What `score.py` does: any two of folders, zips, packed clips and snapshots, under any protocol."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stylesv.errors import DataError
from stylesv.metrics.score import require_one_resolution, score_features
from stylesv.records.beside import ARTEFACTS
from stylesv.records.protocol import Protocol, UsedProtocol
from stylesv.records.score import Score, ScoredRun
from stylesv.scoring.beside_text import describe_fidelity, describe_floor
from stylesv.scoring.clip_sources import GivenVideos, open_videos
from stylesv.scoring.given_videos import note_given_videos
from stylesv.scoring.measure import compute_share, load_protocols_detector, measure_side, shards_of
from stylesv.scoring.motion_text import describe_motion
from stylesv.scoring.same_videos import note_same_videos
from stylesv.scoring.sides import (
    Side,
    generated_side,
    real_side,
    snapshot_as_real_side,
    snapshot_side,
)

Scored = Path | np.ndarray
"""Where videos are, or the videos themselves: `n t c h w`; both sides need not have equally many or long ones."""


@dataclass(frozen=True)
class ScoreRequest:
    """What is scored: `reference` and `generated` are folders or zips of videos, packed clips, snapshots or arrays."""

    reference: Scored
    generated: Scored
    detector_file: Path | None
    """File of the protocol's detector; None for random-i3d."""
    resolution: int | None
    """Frames of folders and zips are fitted to this many pixels; None takes them as they are."""
    shards: Path
    """Folder of finished shards."""
    share: tuple[int, int]
    """This job's number, and how many jobs share the work."""


def score_request(request: ScoreRequest, protocol: Protocol, *, progress: bool = False) -> Score | None:
    """The score; None where several jobs share the work, whose shards are then in the folder.

    `progress`: tell how many clips are done.

    Raises:
        ConfigError: the protocol needs a detector's file.
        DataError, CheckpointError, DetectorError: what is wrong with the clips, the snapshot or the detector.
    """
    for option, path in (("--reference", request.reference), ("--generated", request.generated)):
        if isinstance(path, Path) and not path.exists():
            raise DataError(f"{option} {path}: no such file or folder")
    detector, used = load_protocols_detector(protocol, request.detector_file)
    sides: dict[str, Side] = {
        "real": _side(request.reference, used, request.resolution, is_real=True),
        "generated": _side(request.generated, used, request.resolution, is_real=False),
    }
    require_one_resolution(sides["real"].record, sides["generated"].record)
    moving = [side.motion_clips.num_frames for side in sides.values() if side.motion_clips is not None]
    sides = {kind: side.with_motion_of(min(moving, default=0)) for kind, side in sides.items()}
    job, jobs = request.share
    shards = {
        kind: shards_of(side, used, request.shards, kind=kind, job=job, jobs=jobs) for kind, side in sides.items()
    }
    if jobs > 1:
        for kind, side in sides.items():
            compute_share(side, detector, used, shards[kind], progress=progress)
        return None
    found = {kind: measure_side(side, detector, used, shards[kind], progress=progress) for kind, side in sides.items()}
    names = {"run": _name(request.generated), "dataset": _name(request.reference)}
    scored = ScoredRun(**names, model=None, seed=None, kimg=None)
    score = score_features(found["real"], found["generated"], scored=scored)
    clips = (sides["real"].clips, sides["generated"].clips)
    return score.model_copy(update={"notes": score.notes + note_given_videos(*clips) + note_same_videos(*clips)})


def describe_score(score: Score) -> list[str]:
    """A score as lines of text: a table of all its numbers, and what to know about them."""
    better = "higher" if score.protocol.settings.higher_is_better else "lower"
    interval = score.interval
    shown = (
        "" if interval is None else f"   {100 * interval.level:g} % interval {interval.low:.4g} to {interval.high:.4g}"
    )
    lines = [f"{score.label:<20}{score.value:.6g}   ({better} is better){shown}"]
    lines += describe_floor(score)
    if score.split_std is not None:
        lines.append(f"{'':<20}standard deviation over parts {score.split_std:.4g}; real clips {score.real_value:.6g}")
    lines += [
        f"{'clips':<20}{score.real.count} real of {score.real.num_videos} videos, {score.generated.count} generated, "
        f"{score.protocol.settings.num_frames} frames, {score.generated.resolution_px} px",
        f"{'protocol':<20}{score.protocol.id}, detector {score.protocol.settings.detector.name} "
        f"{score.protocol.detector_sha256[:12]}",
    ]
    lines += describe_fidelity(score)
    if score.artefacts:
        lines += ["", f"{'what FVD misses':<20}{'generated':>20}{'real':>20}"]
    for row in score.artefacts:
        made, real = _with_error(row.generated, row.generated_error), _with_error(row.real, row.real_error)
        lines.append(f"{row.name:<20}{made:>20}{real:>20}   {ARTEFACTS[row.name]}")
    if score.drift:
        lines += ["", f"{'clips from frame':<20}{'generated':>20}{'real':>20}"]
    lines += [f"{row.start_time:<20}{_number(row.generated):>20}{_number(row.real):>20}" for row in score.drift]
    lines += describe_motion(score)
    lines += [f"note: {note}" for note in score.notes]
    return lines + [f"warning: {warning.sentence}" for warning in score.warnings]


def _side(videos: Scored, used: UsedProtocol, resolution: int | None, *, is_real: bool) -> Side:
    name = _name(videos)
    if isinstance(videos, Path) and videos.suffix == ".safetensors":
        return (snapshot_as_real_side if is_real else snapshot_side)(videos, used, name=name)
    if isinstance(videos, Path):
        opened = open_videos(videos, resolution, pictures_apart=used.settings.is_of_images)
    else:
        opened = GivenVideos(videos)
    return (real_side if is_real else generated_side)(opened, used, name=name)


def _name(videos: Scored) -> str:
    return str(videos) if isinstance(videos, Path) else "array"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _with_error(value: float | None, error: float | None) -> str:
    return _number(value) if error is None else f"{_number(value)} +- {error:.2g}"

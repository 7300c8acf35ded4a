"""Clips to scores: real ones from videos, generated ones from a snapshot or from videos, both through one detector.

Joins what the floors below keep apart; holds no formula of its own.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import Float64, UInt8
from torch import Tensor

from stylesv.config.protocol import ProtocolSettings
from stylesv.errors import ConfigError, DetectorError
from stylesv.files import file_sha256
from stylesv.generation.clips import best_device
from stylesv.metrics.artefacts import measure_artefacts
from stylesv.metrics.detector import Detector, load_detector
from stylesv.metrics.features import (
    FeatureOrigin,
    FeatureSet,
    collect_features,
    needs_features,
    read_features,
    write_features,
)
from stylesv.metrics.motion import ClipMotion, measure_motion
from stylesv.metrics.score import require_one_resolution, score_features
from stylesv.metrics.shards import Clips, Shards, measure_shards
from stylesv.ops import computed_with
from stylesv.records.measured_floor import read_measured_floor
from stylesv.records.protocol import Protocol, UsedProtocol
from stylesv.records.score import Score, ScoredRun
from stylesv.records.snapshot import read_snapshot_header
from stylesv.scoring.claims import require_claims
from stylesv.scoring.clip_sources import SnapshotClips, open_videos
from stylesv.scoring.sides import Side, real_side, snapshot_side


def load_protocols_detector(protocol: Protocol, file: Path | None) -> tuple[Detector, UsedProtocol]:
    """The detector of a protocol, loaded and hashed, and the protocol with it.

    Raises:
        ConfigError: the protocol needs a detector's file.
        DetectorError: the file cannot be used.
    """
    settings = protocol.settings
    if settings.detector.is_file and file is None:
        raise ConfigError(
            f"protocol {protocol.name} uses {settings.detector.name}: give its file with --detector, or --detector "
            "random-i3d for a score that only ranks"
        )
    probabilities = settings.metric.startswith("inception_")
    detector = load_detector(settings.detector, file=file, probabilities=probabilities, device=best_device())
    return detector, protocol.used(detector.sha256)


def require_known_hash(protocol: Protocol, detector_file: Path | None) -> None:
    """Check that the workflow's protocol says which file it trusts.

    Raises:
        DetectorError: it does not.
    """
    if detector_file is not None and protocol.settings.detector.sha256 is None:
        raise DetectorError(
            f"protocol {protocol.name}: detector.sha256 is null, so any file would do; {detector_file} has "
            f"{file_sha256(detector_file)}: if you trust it, write that into config/protocols/{protocol.name}.yaml"
        )


def measure_reference(
    data: Path, protocol: Protocol, out: Path, *, detector: Path | None, shards: Path, progress: bool = False
) -> None:
    """Write the features of the real clips that a protocol chooses; `progress`: tell how many are done.

    Raises:
        DataError: the packed clips cannot be read, or fewer than two clips fit the protocol.
    """
    require_known_hash(protocol, detector)
    network, used = load_protocols_detector(protocol, detector)
    side = real_side(open_videos(data, None), used, name=Path(data).name)
    kept = shards_of(side, used, shards, kind="real")
    write_features(out, measure_side(side, network, used, kept, progress=progress))


def score_snapshot(
    networks: Path,
    reference: Path,
    protocol: Protocol,
    scored: ScoredRun,
    *,
    detector: Path | None,
    shards: Path,
    floor: Path | None = None,
    progress: bool = False,
) -> Score:
    """Generate a snapshot's clips and score them against a reference; finished shards of a killed call are used again.

    `floor` is the file of the protocol's floor; without it the floor is measured here.

    Raises:
        CheckpointError: the snapshot is missing or damaged.
        DataError: the floor is another's, or what is said to be scored is not what the files hold.
        ConfigError: the reference was made under another protocol.
    """
    require_known_hash(protocol, detector)
    snapshot = read_snapshot_header(networks)
    network, used = load_protocols_detector(protocol, detector)
    side = snapshot_side(networks, used, name=f"{scored.run}/{scored.kimg}")
    kept = shards_of(side, used, shards, kind="generated")
    real, known = read_features(reference), None
    require_claims(scored, snapshot, networks, real.origin.clips, reference)
    require_one_resolution(real.origin.clips, side.record)
    if real.motion is not None:
        side = side.with_motion_of(ClipMotion.from_rows(real.motion).num_frames)
    if floor is not None:
        measured = read_measured_floor(floor)
        measured.require(floor, used, real.origin.clips)
        known = measured.floor
    made = measure_side(side, network, used, kept, progress=progress)
    score = score_features(real, made, scored=scored, floor=known)
    trained = {f"training {name}": value for name, value in (snapshot.computed_with or {}).items()}
    return score.model_copy(update={"versions": score.versions | trained})


def shards_of(side: Side, used: UsedProtocol, root: Path, *, kind: str, job: int = 0, jobs: int = 1) -> Shards:
    """Where a side's shards are kept: below `root`, by everything that decides them."""
    fingerprint = {
        "kind": kind,
        "clips": side.fingerprint,
        "resolution": side.record.resolution_px,
        "protocol": used.key,
        "detector": used.detector_sha256,
    }
    return Shards.of(root, fingerprint, job=job, jobs=jobs)


def measure_side(
    side: Side, detector: Detector, used: UsedProtocol, shards: Shards | None, *, progress: bool = False
) -> FeatureSet:
    """Everything that a score needs of one side."""
    settings = used.settings
    features = _feature_measure(detector)
    keep = needs_features(settings, side.clips.count)
    options = {"shards": shards, "progress": progress}
    rows, moments = collect_features(measure_shards(side.clips, features, name="features", **options), keep=keep)
    artefacts = None
    if side.artefact_clips is not None:
        measure = _artefact_measure(settings, side.first_time)
        found = list(measure_shards(side.artefact_clips, measure, name="artefacts", **options))
        artefacts = np.concatenate(found) if found else None
    motion = None
    if side.motion_clips is not None:
        name = _motion_name(side.motion_clips)
        motion = np.concatenate(list(measure_shards(side.motion_clips, measure_motion, name=name, **options)))
    none = np.empty((0, detector.feature_dim), np.float32)
    late = {
        start: np.concatenate([none, *measure_shards(clips, features, name=f"late-{start}", **options)])
        for start, clips in side.late_clips.items()
    }
    own = isinstance(side.clips, SnapshotClips) or settings.detector.uses_operations
    made = computed_with(detector.device, operations=own)
    origin = FeatureOrigin(protocol=used, clips=side.record, computed_with=made)
    videos = np.array(side.videos, np.int64) if keep else None
    return FeatureSet(rows, moments, origin, videos, artefacts, late, motion)


def compute_share(
    side: Side, detector: Detector, used: UsedProtocol, shards: Shards, *, progress: bool = False
) -> None:
    """Compute this job's shards and keep them, for the job that puts all together."""
    features = _feature_measure(detector)
    measured: list[tuple[Clips, str, Callable[[Tensor], np.ndarray]]] = [(side.clips, "features", features)]
    if side.artefact_clips is not None:
        measured.append((side.artefact_clips, "artefacts", _artefact_measure(used.settings, side.first_time)))
    if side.motion_clips is not None:
        measured.append((side.motion_clips, _motion_name(side.motion_clips), measure_motion))
    measured += [(clips, f"late-{start}", features) for start, clips in side.late_clips.items()]
    for clips, name, measure in measured:
        for _ in measure_shards(clips, measure, name=name, shards=shards, progress=progress):
            pass


def _motion_name(clips: Clips) -> str:
    """Of its shards: how long clips are depends on the other side."""
    return f"motion-{clips.num_frames}"


def _feature_measure(detector: Detector) -> Callable[[UInt8[Tensor, "n t c h w"]], np.ndarray]:
    return lambda batch: detector(batch).numpy()


def _artefact_measure(
    settings: ProtocolSettings, first_time: int
) -> Callable[[UInt8[Tensor, "n t c h w"]], Float64[np.ndarray, "n k"]]:
    distance = settings.artefacts.motion_distance
    return lambda batch: np.stack(
        [measure_artefacts(clip, motion_distance=distance, first_time=first_time) for clip in batch]
    )

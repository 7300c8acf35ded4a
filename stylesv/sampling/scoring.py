"""Clips to scores: real clips from packed data, generated ones from a snapshot, both through one detector.

Joins what the floors below keep apart; holds no formula of its own.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor

from stylesv.config.protocol import ProtocolSettings, UsedProtocol
from stylesv.data.packed import PackedClips
from stylesv.metrics.clip_selection import ClipSelection, select_real_clips
from stylesv.metrics.detector import Detector, load_detector
from stylesv.metrics.features import (
    FeatureOrigin,
    FeatureSet,
    describe_generated_clips,
    describe_real_clips,
    extract_features,
    read_features,
    write_features,
)
from stylesv.metrics.moments import Moments
from stylesv.metrics.score import Score, ScoredRun, score_features
from stylesv.sampling.clips import best_device, generate_clips, load_generator

_FRAMES_AT_ONCE = 256  # in a call of the detector


def load_protocol(values: dict[str, Any]) -> tuple[Detector, UsedProtocol]:
    """A protocol given as {name, key, settings}, and the detector it names, loaded and hashed."""
    settings = ProtocolSettings.model_validate_json(json.dumps(values["settings"]))
    named = settings.detector
    detector = load_detector(
        named.name,
        metric=settings.metric,
        sha256=named.sha256,
        resize_px=named.resize_px,
        resize_filter=named.resize_filter,
        device=best_device(),
    )
    return detector, UsedProtocol(
        name=values["name"], key=values["key"], settings=settings, detector_sha256=detector.sha256
    )


def measure_reference(data: Path, protocol: dict[str, Any], out: Path) -> None:
    """Write the features of the real clips that a protocol chooses.

    Raises:
        DataError: the packed clips cannot be read, or fewer than two clips fit the protocol.
    """
    detector, used = load_protocol(protocol)
    packed = PackedClips(data)
    selection = select_real_clips([packed.num_frames(i) for i in range(packed.num_clips)], used.settings)
    features = extract_features(detector, _read_clips(packed, selection))
    clips = describe_real_clips(selection, dataset=Path(data).name, protocol=used)
    write_features(out, features, FeatureOrigin(protocol=used, clips=clips))


def score_snapshot(networks: Path, reference: Path, protocol: dict[str, Any], scored: ScoredRun) -> Score:
    """Generate a snapshot's clips and score them against a reference.

    Raises:
        CheckpointError: the snapshot is missing or damaged.
        DataError: the reference was made under another protocol.
    """
    detector, used = load_protocol(protocol)
    features = extract_features(detector, _generated_clips(networks, used.settings))
    clips = describe_generated_clips(source=f"{scored.run}/{scored.kimg}", protocol=used)
    generated = FeatureSet(features, Moments.from_features(features), FeatureOrigin(protocol=used, clips=clips))
    return score_features(read_features(reference), generated, scored=scored)


def _read_clips(packed: PackedClips, selection: ClipSelection) -> Iterator[UInt8[Tensor, "n t 3 h w"]]:
    at_once = max(1, _FRAMES_AT_ONCE // len(selection.times))
    for start in range(0, len(selection.clips), at_once):
        part = selection.clips[start : start + at_once]
        clips = [packed.read(video, [first + time for time in selection.times]) for video, first in part]
        yield torch.from_numpy(np.stack(clips))


def _generated_clips(networks: Path, settings: ProtocolSettings) -> Iterator[UInt8[Tensor, "n t 3 h w"]]:
    generator, _ = load_generator(networks)
    generated = settings.generated
    times = generated.start_time + settings.frame_stride * torch.arange(settings.num_frames, dtype=torch.float32)
    yield from generate_clips(
        generator,
        seed=generated.seed,
        clip_numbers=range(generated.num_clips),
        times=times,
        truncation=generated.truncation,
    )

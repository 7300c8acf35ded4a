"""Whether this machine scores as it should: every detector at hand on known clips, with the digits that it must give.

Clips and pictures are drawn from formulas (`known_pictures`). The papers' I3D has a public case: the 16 example clips of
content-debiased FVD (Ge et al. 2024) against the published moments of UCF101 at 128 px, whose FVD two people measured.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from stylesv.config.detector import PACKAGED_KINDS, RANDOM_I3D, FeatureDetectorSettings
from stylesv.errors import DataError, DetectorError
from stylesv.generation.clips import best_device
from stylesv.metrics.detector import Detector, load_detector
from stylesv.metrics.frechet import frechet_distance, frechet_distance_of_features
from stylesv.metrics.moments import Moments
from stylesv.metrics.published_statistics import read_statistics
from stylesv.scoring.clip_sources import open_videos
from stylesv.scoring.known_pictures import CLASS_NAMES, known_clips, known_pictures

TOLERANCE = 1e-3
"""Relative: far above what another processor or number of threads moves, far below what a wrong resize does."""

# of two sets of known clips: length of the first's mean row, and Frechet distance
EXPECTED = {
    "random_i3d": (4.122826, 39.14986),
    "efficientnet_lite0": (40.12933, 1998.501),
    "efficientnet_lite0_probabilities": (0.4370141, 0.7751568),
    "transnetv2": (11.35258, 0.4886948),
    "content_and_change": (16.30092, 19.74104),
}
PUBLIC_SIZE_PX = 224
PUBLIC_CASE = 3383.965
"""FVD of the 16 public clips against UCF101: 3383.9646 and 3383.9670 (cd-fvd issue 2)."""


@dataclass(frozen=True)
class Checked:
    """One known case: what was found, and what it must be."""

    name: str
    found: str
    expected: str
    agrees: bool

    def __str__(self) -> str:
        verdict = "ok" if self.agrees else f"DIFFERS: expected {self.expected}"
        return f"{self.name:<72}{self.found:<28}{verdict}"


@dataclass(frozen=True)
class PublicCase:
    """What a user has of the public case."""

    detector_file: Path
    """The public Kinetics weights of I3D."""
    clips: Path
    """Folder or zip of the 16 example clips."""
    statistics: Path
    """Published moments of UCF101 (config/statistics/ucf101_16f.yaml has their address)."""


def selftest(public: PublicCase | None) -> Iterator[Checked | str]:
    """All known cases, one after the other; a text where a detector is not at hand.

    Raises:
        DataError, DetectorError: files of the public case cannot be used.
    """
    for kind in ("random_i3d", *PACKAGED_KINDS):
        try:
            yield from known_cases(kind)
        except DetectorError as error:
            yield f"{kind:<72}not at hand: {error}"
    if public is None:
        yield (
            f"{'i3d_weights':<72}not at hand: give the file of the public Kinetics weights (--detector), the 16 example clips of "
            "cd-fvd (--generated) and its moments of UCF101 (--reference; config/statistics/ucf101_16f.yaml)"
        )
    else:
        yield _public_case(public)


def known_cases(kind: str) -> Iterator[Checked]:
    """The known cases of a detector that needs no file.

    Raises:
        DetectorError: its package is not installed, or holds other weights.
    """
    yield from _digits(kind, _detector(kind))
    if kind == "efficientnet_lite0_probabilities":
        yield from _classes(_detector(kind, size_px=224))


def _detector(kind: str, *, file: Path | None = None, size_px: int = 64) -> Detector:
    packaged = PACKAGED_KINDS.get(kind)
    name = packaged.name if packaged else RANDOM_I3D if file is None else file.name
    settings = FeatureDetectorSettings(
        name=name,
        kind=kind,
        url=None,
        sha256=None,
        feature_dim=packaged.feature_dim if packaged else 400,
        resize_px=size_px,
        resize_filter="bilinear",
    )
    return load_detector(settings, file=file, device=best_device())


def _digits(kind: str, detector: Detector) -> Iterator[Checked]:
    frames = 1 if kind.startswith("efficientnet") else 12
    first, second = (detector(known_clips(4, frames, size_px=48, seed=seed)).double().numpy() for seed in (0, 1))
    found = (
        float(np.linalg.norm(first.mean(axis=0))),
        frechet_distance_of_features(first, second, covariance="population"),
    )
    names = ("length of the mean row", "Frechet distance")
    for name, value, expected in zip(names, found, EXPECTED[kind], strict=True):
        yield _compared(f"{kind}: {name} of known clips", value, expected, TOLERANCE)


def _classes(detector: Detector) -> Iterator[Checked]:
    for number, picture in known_pictures().items():
        row = detector(picture)[0]
        best = int(row.argmax())
        found = f"class {best} ({float(row[best]):.2f})"
        yield Checked(
            f"{detector.name}: a drawn {CLASS_NAMES[number]}", found, f"class {number}", agrees=best == number
        )


def _public_case(public: PublicCase) -> Checked:
    detector = _detector("i3d_weights", file=public.detector_file, size_px=PUBLIC_SIZE_PX)
    videos = open_videos(public.clips, None)
    if set(videos.lengths) != {16} or len(videos.lengths) != 16:
        raise DataError(
            f"{public.clips}: {len(videos.lengths)} videos of {sorted(set(videos.lengths))} frames; the public case has 16 of 16"
        )
    rows = np.concatenate(
        [detector(torch.from_numpy(videos.read(video, range(16)))[None]).numpy() for video in range(16)]
    )
    made = Moments.from_features(rows)
    value = frechet_distance(read_statistics(public.statistics), made, covariance="population")
    return _compared(f"{detector.name}: FVD of the 16 public clips", value, PUBLIC_CASE, 1e-4)


def _compared(name: str, found: float, expected: float, tolerance: float) -> Checked:
    agrees = abs(found - expected) <= tolerance * abs(expected)
    return Checked(name, f"{found:.7g}", f"{expected:.7g}", agrees)

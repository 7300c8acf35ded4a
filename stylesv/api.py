"""Three calls for notebooks and other people's code: load a generator, make videos with it, score videos against real ones.

generator = stylesv.load_generator("results/runs/RUN")
videos = stylesv.generate(generator, num_videos=16, num_frames=64)
print(stylesv.score("real_videos", videos, protocol="evd_16f").value)
"""

import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch
from jaxtyping import UInt8

from stylesv.errors import ConfigError
from stylesv.generation import clips
from stylesv.generation.latents import draw_latents
from stylesv.generation.request import check_truncation
from stylesv.generation.times import Times
from stylesv.networks.generator import Generator
from stylesv.records.named_protocol import named_protocol, random_detector, use_detector
from stylesv.records.score import Score
from stylesv.scoring.request import Scored, ScoreRequest, score_request
from stylesv.workflow.given_networks import find_networks, find_scored

MOST = 2**24  # frames and videos; what is before a film's start is drawn and dropped
CONFIG = Path(__file__).resolve().parent.parent / "config"


def load_generator(networks: str | Path) -> Generator:
    """The averaged generator of a snapshot, or of a run's best one, on a GPU where there is one, ready to sample.

    `networks`: a networks.safetensors, its folder, or the folder of a run in results/runs.

    Raises:
        ConfigError: it is no path.
        CheckpointError: the file is missing, a pickle, damaged or has no averaged generator, or a weight of it is not finite.
    """
    if not isinstance(networks, str | Path):
        raise ConfigError(f"networks={networks!r}: the path of a file is expected")
    return clips.load_generator(find_networks(networks).file)[0]


def generate(
    generator: Generator,
    *,
    num_videos: int = 1,
    num_frames: int = 128,
    start_frame: int = 0,
    seed: int = 0,
    truncation: float | int = 1.0,
) -> UInt8[np.ndarray, "n t c h w"]:
    """Videos as frames of 0 to 255, all of them in memory: the same as `generate.py` writes for this seed.

    Video number k of a seed is the same, however many are made; a longer one begins as a shorter one does. `truncation`, 0 to
    4, is psi. Where it is not 1 and the generator has no mean of w, as published training leaves it, the mean is estimated,
    put into the generator, and a warning says so.

    Raises:
        ConfigError: a number of videos or frames, the start or the truncation is out of range.
        CheckpointError: frames are not finite.
    """
    if not isinstance(generator, Generator):
        raise ConfigError(f"generator={generator!r}: what load_generator gives is expected")
    for name, value, least, most in (
        ("num_videos", num_videos, 1, MOST),
        ("num_frames", num_frames, 1, MOST),
        ("start_frame", start_frame, 0, MOST),
        ("seed", seed, 0, 2**63 - 1),
    ):
        if not isinstance(value, int | np.integer) or not least <= value <= most:
            raise ConfigError(f"{name}={value!r}: a whole number from {least} to {most:,} is expected")
    check_truncation("truncation=", truncation)
    if note := clips.prepare_truncation(generator, truncation):
        warnings.warn(note, stacklevel=2)
    times = Times(start_frame, 1, num_frames)
    made = []
    for number in range(num_videos):
        latents = draw_latents(generator, seed, clip_numbers=[number], max_time=None)
        made.append(torch.cat(list(clips.synthesize(generator, latents, times, truncation=truncation)), dim=1))
    return torch.cat(made).numpy()


def score(
    real: str | Path | np.ndarray,
    generated: str | Path | np.ndarray,
    *,
    protocol: str | Path = "fvd2048_16f",
    detector: str | Path | None = None,
    resolution: int | None = None,
) -> Score:
    """Score generated videos against real ones under a protocol, as `score.py` does.

    Each side is an array `n t c h w` of square frames, uint8 from 0 to 255, or the path of a folder or zip of videos, of packed
    clips, or of a snapshot. `protocol` is a name in config/protocols or a file like those; `detector` the file of its
    detector, or "random-i3d"; None where the protocol's comes with a package (`evd_16f`, `tvd_16f`, `efid`). Folders and
    zips are fitted to `resolution` pixels.

    Raises:
        ConfigError: there is no such protocol, or it needs a detector's file.
        DataError, CheckpointError, DetectorError: what is wrong with the videos, the snapshot or the detector.
    """
    for name, side in (("real", real), ("generated", generated)):
        if not isinstance(side, str | Path | np.ndarray) or (isinstance(side, str) and not side):
            raise ConfigError(f"{name}={side!r}: an array n t c h w or the path of videos is expected")
    if resolution is not None and (not isinstance(resolution, int | np.integer) or resolution < 1):
        raise ConfigError(f"resolution={resolution!r}: a number of pixels is expected")
    if not CONFIG.is_dir():
        raise ConfigError(
            f"{CONFIG}: no such folder: protocols lie beside the package in its repository; install it with pip install -e"
        )
    plan = named_protocol(CONFIG, str(protocol))
    if detector is not None:
        plan = use_detector(plan, str(detector), random=random_detector(CONFIG))
    file = Path(detector) if plan.settings.detector.is_file and detector is not None else None
    sides: list[Scored] = [side if isinstance(side, np.ndarray) else _scored(Path(side)) for side in (real, generated)]
    with tempfile.TemporaryDirectory() as shards:
        found = score_request(ScoreRequest(*sides, file, resolution, Path(shards), (0, 1)), plan)
    assert found is not None  # one job alone
    return found


def _scored(side: Path) -> Path:
    found = find_scored(side)
    return side if found is None else found.file

"""Films of codes: at other times, with other motion, and moved along directions of w.

Directions are differences between the means of two sets of codes, or principal components of draws of w (GANSpace, Harkonen et
al. 2020, section 2.1, where w is the layer that is looked at).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from stylesv.errors import ConfigError, DataError
from stylesv.files import file_sha256
from stylesv.generation.classes import draw_class, labels_of, require_class
from stylesv.generation.clips import draw_w, load_generator, synthesize
from stylesv.generation.latents import EndlessNoise, FoundContent, Latents, draw_latents
from stylesv.generation.times import Times
from stylesv.media.video_file import VideoWriter
from stylesv.networks.generator import Generator
from stylesv.records.codes import Codes, read_codes
from stylesv.records.directions import FORMAT, Directions, DirectionsFrom, read_directions, write_directions
from stylesv.report.clip_grids import draw_film_frame

Given = Path | int
"""A file of codes, or the seed of a clip of the snapshot's own."""


@dataclass(frozen=True)
class EditRequest:
    """A film of one content with one motion, or of several contents along a direction side by side."""

    content: Given
    motion: Given
    num_frames: int
    start_frame: int = 0
    time_step: Fraction | int = 1
    """Time from one frame to the next, in frames."""
    fps: float = 25.0
    directions: Path | None = None
    component: int = 0
    """Which of the file's directions."""
    steps: tuple[float, ...] = (0.0,)
    """How far along it each clip is."""
    class_number: int | None = None
    """Class of motion that is drawn, of a snapshot that knows classes; None: drawn, too."""
    columns: int | None = None
    """Clips in a row; None: all of them."""

    any_snapshot: bool = False
    """Whether codes and directions of another snapshot are taken, if their sizes fit."""

    def times(self) -> Times:
        """Times of the frames, in frames."""
        return Times(self.start_frame, self.time_step, self.num_frames)


def write_edited_film(networks: Path, out: Path, request: EditRequest) -> Iterator[int]:
    """Write the film; yields how many frames are made.

    Raises:
        ConfigError: there is no such direction or class, or a direction is missing.
        CheckpointError: a file is missing, the snapshot is damaged or its frames are not finite.
        DataError: codes or directions are damaged, or do not fit the snapshot; the disk is full.
    """
    if out.suffix.lower() != ".mp4":
        raise ConfigError(f"--out {out}: is to be a film; give a name that ends in .mp4")
    generator, _ = load_generator(networks)
    of = {"networks_sha256": None if request.any_snapshot else file_sha256(networks)}
    w = content_of(generator, request.content, **of)
    motion, class_number = motion_of(generator, request.motion, request.class_number, **of)
    if request.directions is not None:
        step = _direction(generator, request.directions, request.component, **of)
        w = torch.stack([w + size * step for size in request.steps])
    elif request.steps != (0.0,):
        raise ConfigError("--steps: along which direction? Give --directions, a file that find_directions.py wrote")
    else:
        w = w[None]
    titles = [f"{size:+g}" if size else "0" for size in request.steps] if request.directions is not None else ["clip"]
    with VideoWriter(out, fps=request.fps) as film:
        made = frames_of_codes(generator, w, motion, request.times(), class_number=class_number)
        for number, frames in enumerate(made, 1):
            film.add(_picture(frames, titles, request.columns))
            yield number


def frames_of_codes(
    generator: Generator,
    w: Float[Tensor, "n l d"],
    motion: EndlessNoise,
    times: Float[Tensor, "t"] | Times,
    *,
    class_number: int | None,
) -> Iterator[UInt8[np.ndarray, "n c h w"]]:
    """Frames of clips that share the motion of one, time by time; the frames of a time do not depend on the other times.

    Raises:
        CheckpointError: frames are not finite.
    """
    labels = None if class_number is None else labels_of(generator, [class_number] * len(w))
    latents = Latents(FoundContent(w), replace(motion, clips=motion.clips * len(w)), labels)
    for piece in synthesize(generator, latents, times):
        yield from piece.transpose(0, 1).numpy()


@torch.no_grad()
def content_of(generator: Generator, given: Given, *, networks_sha256: str | None = None) -> Float[Tensor, "l d"]:
    """w of codes, or of clip 0 of a seed. `networks_sha256`: of the snapshot that codes must be of; None: of any that fit.

    Raises:
        DataError, CheckpointError: the codes cannot be read, do not fit, or are another snapshot's.
    """
    if isinstance(given, Path):
        return torch.from_numpy(_fitting_codes(generator, given, networks_sha256).w)
    latents = draw_latents(generator, given, clip_numbers=[0], max_time=None)
    device = generator.mapping.w_avg.device
    labels = None if latents.labels is None else latents.labels.to(device)
    return generator.mapping(latents.content.to(device), labels).cpu()


def motion_of(
    generator: Generator, given: Given, class_number: int | None, *, networks_sha256: str | None = None
) -> tuple[EndlessNoise, int | None]:
    """Motion noise, and its class. What codes do not reach is drawn by their seed: the film goes on.

    Raises:
        ConfigError: there is no such class.
        DataError, CheckpointError: as `content_of`.
    """
    codes = _fitting_codes(generator, given, networks_sha256) if isinstance(given, Path) else None
    known = None if codes is None else codes.about.class_number
    if known is not None and not generator.class_dim:
        raise DataError(f"{given}: codes of a clip of class {known}, and the snapshot knows no classes; give others")
    if known is not None and class_number not in (None, known):
        raise ConfigError(f"--class {class_number}: {given} has the class of its clip, {known}; leave --class out")
    seed, found = (int(given), None) if codes is None else (codes.about.seed, torch.from_numpy(codes.motion))
    class_number = class_number if known is None else known
    if generator.class_dim and class_number is None:
        class_number = draw_class(generator, seed, 0)
    require_class(class_number, generator.class_dim)
    return EndlessNoise(((seed, 0),), generator.motion_noise_dim, found), class_number


def write_component_directions(networks: Path, out: Path, *, count: int) -> Directions:
    """The first principal components of draws of w, each one standard deviation long.

    Raises:
        ConfigError: w has fewer.
    """
    generator, _ = load_generator(networks)
    directions, shares = principal_directions(draw_w(generator).cpu(), count)
    return _write(out, networks, "components", "draws of w", directions[:, None], shares)


def principal_directions(w: Float[Tensor, "n d"], count: int) -> tuple[Float[Tensor, "k d"], tuple[float, ...]]:
    """The directions in which w varies most, each one standard deviation long, and their shares of the variance.

    Raises:
        ConfigError: w has fewer numbers.
    """
    if count > w.shape[1]:
        raise ConfigError(f"--components {count}: w has {w.shape[1]} numbers, and so many components at most")
    centred = (w - w.mean(dim=0)).double()
    _, sizes, axes = torch.linalg.svd(centred, full_matrices=False)
    largest = axes.gather(1, axes.abs().argmax(dim=1, keepdim=True))
    axes = axes * largest.sign()  # a component's sign is free: its largest number is positive
    variances = sizes.square() / (len(w) - 1)
    shares = tuple((variances / variances.sum())[:count].tolist())
    return (axes * variances.sqrt()[:, None])[:count].float(), shares


def write_difference_direction(
    networks: Path, out: Path, start: Sequence[Given], end: Sequence[Given], *, any_snapshot: bool = False
) -> Directions:
    """From the mean w of some codes to that of others; `any_snapshot`: also codes of another one, if they fit.

    Raises:
        ConfigError: there is no difference.
        DataError, CheckpointError: codes cannot be read, or do not fit the snapshot.
    """
    generator, _ = load_generator(networks)
    of = {"networks_sha256": None if any_snapshot else file_sha256(networks)}
    found = [[content_of(generator, each, **of) for each in given] for given in (start, end)]
    means = [torch.stack(_wide(each)).mean(dim=0) for each in found]
    first, last = _wide(means)
    if torch.equal(first, last):
        raise ConfigError("--start and --end: lead from a content to the same one; give sets that differ")
    sets = [",".join(str(each) if isinstance(each, int) else each.name for each in given) for given in (start, end)]
    return _write(out, networks, "difference", f"{sets[0]} to {sets[1]}", (last - first)[None], ())


def _write(
    out: Path, networks: Path, kind: str, source: str, steps: Float[Tensor, "n l d"], shares: tuple[float, ...]
) -> Directions:
    about = DirectionsFrom(
        format=FORMAT,
        kind=kind,
        networks_sha256=file_sha256(networks),
        source=source,
        shares=shares,
    )
    directions = Directions(about, steps.numpy())
    write_directions(out, directions)
    return directions


def _wide(many) -> list[Tensor]:
    """w of one place each, or all of as many as the widest."""
    many = list(many)
    places = max(len(w) for w in many)
    return [w.expand(places, -1) for w in many]


def _fitting_codes(generator: Generator, path: Path, networks_sha256: str | None) -> Codes:
    codes = read_codes(path)
    _require_of(path, "codes", codes.about.networks_sha256, networks_sha256)
    places, noise = generator.synthesis.num_ws, generator.motion_noise_dim
    if (
        codes.w.shape[0] not in (1, places)
        or codes.w.shape[1] != len(generator.mapping.w_avg)
        or (codes.motion.shape[1] != noise)
    ):
        raise DataError(
            f"{path}: w of shape {codes.w.shape} and motion noise of {codes.motion.shape[1]} numbers do not fit the snapshot, "
            f"which has {places} places, w of {len(generator.mapping.w_avg)} and noise of {noise}; give the one that the "
            "codes were found for"
        )
    return codes


def _require_of(path: Path, what: str, found: str, networks_sha256: str | None) -> None:
    if networks_sha256 not in (None, found):
        raise DataError(
            f"{path}: {what} of another snapshot (SHA-256 {found[:8]}..., this one has {networks_sha256[:8]}...); give that one "
            "as --networks, or --any-snapshot to take them where their sizes fit"
        )


def _direction(
    generator: Generator, path: Path, component: int, *, networks_sha256: str | None
) -> Float[Tensor, "l d"]:
    directions = read_directions(path)
    steps = directions.steps
    _require_of(path, "directions", directions.about.networks_sha256, networks_sha256)
    if component >= len(steps):
        raise ConfigError(f"--component {component}: {path} has {len(steps)} directions, which count from 0")
    if steps.shape[1] not in (1, generator.synthesis.num_ws) or steps.shape[2] != len(generator.mapping.w_avg):
        raise DataError(
            f"{path}: directions of shape {steps.shape[1:]} do not fit the snapshot; give the one they were found for"
        )
    return torch.from_numpy(steps[component])


def _picture(
    frames: UInt8[np.ndarray, "n c h w"], titles: list[str], columns: int | None
) -> UInt8[np.ndarray, "c h2 w2"]:
    if len(titles) == 1:
        return frames[0]
    if columns is None:
        return draw_film_frame({title: frame[None] for title, frame in zip(titles, frames, strict=True)}, columns=1)
    return draw_film_frame({f"steps {', '.join(titles)}": frames}, columns=columns)

"""Films of codes: at other times, with other motion, and moved along directions of w.

Directions are differences between the means of two sets of codes, or principal components of draws of w (GANSpace, Harkonen et
al. 2020, section 2.1, where w is the layer that is looked at).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from stylesv.errors import CheckpointError, ConfigError, DataError
from stylesv.files import file_sha256
from stylesv.generation.clips import FRAMES_AT_ONCE, draw_w, load_generator, to_uint8
from stylesv.generation.latents import draw_class, draw_latents
from stylesv.generation.times import Times
from stylesv.media.video_file import VideoWriter
from stylesv.networks.generator import Generator
from stylesv.records.codes import Codes, read_codes
from stylesv.records.directions import Directions, DirectionsFrom, read_directions, write_directions
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

    def times(self) -> Float[Tensor, "t"]:
        """Times of the frames, in frames; float64."""
        return Times(self.start_frame, self.time_step, self.num_frames)[:]


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
    times = request.times()
    w = content_of(generator, request.content)
    motion, class_number = motion_of(generator, request.motion, float(times.max()), request.class_number)
    if request.directions is not None:
        step = _direction(request.directions, request.component, generator)
        w = torch.stack([w + size * step for size in request.steps])
    elif request.steps != (0.0,):
        raise ConfigError("--steps: along which direction? Give --directions, a file that find_directions.py wrote")
    else:
        w = w[None]
    titles = [f"{size:+g}" if size else "0" for size in request.steps] if request.directions is not None else ["clip"]
    with VideoWriter(out, fps=request.fps) as film:
        for number, frames in enumerate(frames_of_codes(generator, w, motion, times, class_number=class_number), 1):
            film.add(_picture(frames, titles, request.columns))
            yield number


@torch.no_grad()
def frames_of_codes(
    generator: Generator,
    w: Float[Tensor, "n l d"],
    motion: Float[Tensor, "k m"],
    times: Float[Tensor, "t"],
    *,
    class_number: int | None,
) -> Iterator[UInt8[np.ndarray, "n c h w"]]:
    """Frames of clips that share motion, time by time; the frames of a time do not depend on the other times.

    Raises:
        CheckpointError: frames are not finite.
    """
    device = generator.mapping.w_avg.device
    w, noise, labels = w.to(device)[:, None], motion.to(device).expand(len(w), -1, -1), None
    if class_number is not None:
        classes = torch.full([len(w)], class_number, device=device)
        labels = torch.nn.functional.one_hot(classes, generator.class_dim).float()
    for piece in times.split(max(1, FRAMES_AT_ONCE // len(w))):
        made = generator.synthesis(w, piece.to(device).expand(len(w), -1), noise, labels)
        if not made.isfinite().all():
            raise CheckpointError(
                f"frames at times from {float(piece[0]):g} are not finite: these codes are beyond what the snapshot can make; "
                "take smaller steps"
            )
        yield from to_uint8(made).transpose(0, 1).cpu().numpy()


@torch.no_grad()
def content_of(generator: Generator, given: Given) -> Float[Tensor, "l d"]:
    """w of codes, or of clip 0 of a seed.

    Raises:
        DataError, CheckpointError: the codes cannot be read, or do not fit.
    """
    if isinstance(given, Path):
        return torch.from_numpy(_fitting_codes(generator, given).w)
    latents = draw_latents(generator, given, clip_numbers=[0], max_time=0.0)
    device = generator.mapping.w_avg.device
    labels = None if latents.labels is None else latents.labels.to(device)
    return generator.mapping(latents.content.to(device), labels).cpu()


def motion_of(
    generator: Generator, given: Given, max_time: float | int, class_number: int | None
) -> tuple[Float[Tensor, "k m"], int | None]:
    """Motion noise for times up to `max_time`, and its class. What codes do not reach is drawn by their seed: the film goes on.

    Raises:
        ConfigError: there is no such class.
        DataError, CheckpointError: the codes cannot be read, or do not fit.
    """
    codes = _fitting_codes(generator, given) if isinstance(given, Path) else None
    seed = codes.about.seed if codes is not None else int(given)
    if codes is not None:
        if class_number not in (None, codes.about.class_number):
            known = codes.about.class_number
            raise ConfigError(f"--class {class_number}: {given} has the class of its clip, {known}; leave --class out")
        class_number = codes.about.class_number
    elif generator.class_dim and class_number is None:
        class_number = draw_class(generator, seed, 0)
    if class_number is not None and class_number >= generator.class_dim:
        known = f"classes 0 to {generator.class_dim - 1}" if generator.class_dim else "no classes"
        raise ConfigError(f"--class {class_number}: the snapshot knows {known}")
    motion = draw_latents(
        generator, seed, clip_numbers=[0], max_time=float(max_time), class_number=class_number
    ).motion[0]
    if codes is not None:
        known_anchors = min(len(motion), len(codes.motion))
        motion[:known_anchors] = torch.from_numpy(codes.motion[:known_anchors])
    return motion, class_number


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


def write_difference_direction(networks: Path, out: Path, start: Sequence[Given], end: Sequence[Given]) -> Directions:
    """From the mean w of some codes to that of others.

    Raises:
        ConfigError: there is no difference.
        DataError, CheckpointError: codes cannot be read, or do not fit the snapshot.
    """
    generator, _ = load_generator(networks)
    means = [torch.stack(_wide(content_of(generator, each) for each in given)).mean(dim=0) for given in (start, end)]
    first, last = _wide(means)
    if torch.equal(first, last):
        raise ConfigError("--start and --end: lead from a content to the same one; give sets that differ")
    sets = [",".join(str(each) if isinstance(each, int) else each.name for each in given) for given in (start, end)]
    return _write(out, networks, "difference", f"{sets[0]} to {sets[1]}", (last - first)[None], ())


def _write(
    out: Path, networks: Path, kind: str, source: str, steps: Float[Tensor, "n l d"], shares: tuple[float, ...]
) -> Directions:
    about = DirectionsFrom(
        format="stylesv directions 1",
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


def _fitting_codes(generator: Generator, path: Path) -> Codes:
    codes = read_codes(path)
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


def _direction(path: Path, component: int, generator: Generator) -> Float[Tensor, "l d"]:
    steps = read_directions(path).steps
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

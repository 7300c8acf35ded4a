"""Clips from snapshots, frames in pieces.

Who takes the pieces as they come, as a film does, needs no more memory for more frames; a whole clip, which a detector
is shown at once, needs that of its bytes. Frames do not depend on the pieces they are made in, nor on what was made before.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from stylesv.checkpoint import read_networks, require_finite_networks
from stylesv.errors import CheckpointError, one_line
from stylesv.generation.classes import draw_class, labels_of
from stylesv.generation.content_walk import ContentWalk
from stylesv.generation.far_motion import FAR, FarMotion, exact_encoder
from stylesv.generation.latents import EndlessNoise, FoundContent, Latents, draw_latents
from stylesv.generation.times import Times
from stylesv.networks.generator import Generator
from stylesv.networks.motion import MotionEncoder
from stylesv.records.snapshot import Snapshot
from stylesv.seeding import torch_generator

FRAMES_AT_ONCE = 32  # in a call of the generator
MEAN_OF = 10_000  # draws of w whose mean truncation goes towards where training kept none


def load_generator(networks: Path) -> tuple[Generator, Snapshot]:
    """The averaged generator of a snapshot, ready to sample, and the snapshot's record.

    Raises:
        CheckpointError: the file is missing, damaged or has no averaged generator, a weight of it is not finite, or its tensors
            are not those of its settings.
    """
    parts, snapshot = read_networks(networks)
    if "generator_ema" not in parts:
        raise CheckpointError(f"{networks}: holds no averaged generator (generator_ema); give a whole snapshot")
    require_finite_networks(networks, {"generator_ema": parts["generator_ema"]})
    classes = {"class_dim": snapshot.class_dim, "class_counts": snapshot.class_counts}
    generator = Generator(snapshot.generator, resolution=snapshot.resolution, **classes)
    try:
        generator.load_state_dict(parts["generator_ema"])
    except RuntimeError as error:
        said = one_line(error)[:200]
        raise CheckpointError(
            f"{networks}: its tensors are not those of its settings ({said}); take another snapshot"
        ) from error
    return generator.eval().requires_grad_(False).to(best_device()), snapshot


@torch.no_grad()
def prepare_truncation(generator: Generator, truncation: float | int) -> str | None:
    """Give the generator the mean of w that truncation needs, if it has none; says so, or None where nothing was to do.

    Training as published never moves that mean from 0 (docs/differences.md 2.1), where truncation would only scale w. Here
    it is that of draws by one seed, so it is the same for every call.
    """
    if truncation == 1 or generator.mapping.w_avg.any():
        return None
    generator.mapping.w_avg.copy_(draw_w(generator).mean(dim=0))
    return f"the snapshot has no mean of w, as published training leaves it: estimated from {MEAN_OF:,} draws for truncation"


@torch.no_grad()
def draw_w(generator: Generator, *, class_number: int | None = None, count: int = MEAN_OF) -> Float[Tensor, "n d"]:
    """w of many draws of content, by one seed; of one class, or of classes as they are drawn."""
    device, labels = generator.mapping.w_avg.device, None
    content = torch.randn([count, generator.z_dim], generator=torch_generator(0, "mean-w"))
    if generator.class_dim:
        classes = [draw_class(generator, 0, n) if class_number is None else class_number for n in range(count)]
        labels = labels_of(generator, classes).to(device)
    return generator.mapping(content.to(device), labels)


def best_device() -> torch.device:
    """A GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def generate_clips(
    generator: Generator,
    *,
    seed: int,
    clip_numbers: Sequence[int],
    times: Float[Tensor, "t"],
    truncation: float = 1.0,
) -> Iterator[UInt8[Tensor, "n t c h w"]]:
    """Whole clips at the given times (in frames), a few at a time, on the CPU as uint8."""
    clips_at_once = max(1, FRAMES_AT_ONCE // len(times))
    for start in range(0, len(clip_numbers), clips_at_once):
        numbers = clip_numbers[start : start + clips_at_once]
        latents = draw_latents(generator, seed, clip_numbers=numbers, max_time=float(times.max()))
        yield torch.cat(list(synthesize(generator, latents, times, truncation=truncation)), dim=1)


def synthesize(
    generator: Generator,
    latents: Latents,
    times: Float[Tensor, "t"] | Times,
    *,
    truncation: float | int = 1.0,
    frames_at_once: int = FRAMES_AT_ONCE,
    walk: ContentWalk | None = None,
    still: bool = False,
) -> Iterator[UInt8[Tensor, "n t c h w"]]:
    """The frames of some clips, piece by piece along time, on the CPU as uint8: a stream, which holds one piece.

    `walk`: content that changes over time, in the place of that of the latents. `still`: motion stands at time 0.

    Raises:
        CheckpointError: frames are not finite: weights too large for what they are computed in.
    """
    options = {"truncation": truncation, "frames_at_once": frames_at_once, "walk": walk, "still": still}
    for frames in float_frames(generator, latents, times, **options):
        yield to_uint8(frames).cpu()


def float_frames(
    generator: Generator,
    latents: Latents,
    times: Float[Tensor, "t"] | Times,
    *,
    truncation: float | int = 1.0,
    frames_at_once: int = FRAMES_AT_ONCE,
    walk: ContentWalk | None = None,
    still: bool = False,
) -> Iterator[Float[Tensor, "n t c h w"]]:
    """The same before they are uint8: about -1 to 1, on the generator's device.

    Raises:
        CheckpointError: as `synthesize`.
    """
    options = {"truncation": truncation, "walk": walk, "still": still}
    yield from FrameMaker(generator, latents, times, **options).part(0, len(times), frames_at_once)


class FrameMaker:
    """Makes frames of some clips in any order; what lies before the earliest is drawn and run once, and not for each part.

    Motion noise that is given is taken as it is; of endless noise, late motion codes are those of `FarMotion`.
    """

    def __init__(
        self,
        generator: Generator,
        latents: Latents,
        times: Float[Tensor, "t"] | Times,
        *,
        truncation: float | int = 1.0,
        walk: ContentWalk | None = None,
        still: bool = False,
        exact: Callable[[], MotionEncoder] | None = None,
    ):
        """`times`: of all frames that can be made; `exact`: the generator's `exact_encoder`, which several may share; the rest
        as for `synthesize`.
        """
        self._generator, self._latents, self._times = generator, latents, times
        self._truncation, self._walk = truncation, walk
        self._exact = exact or (lambda: exact_encoder(generator))
        self._motion_times = Times(0, 0, len(times)) if still else times
        self._device = next(generator.buffers()).device
        self._labels = None if latents.labels is None else latents.labels.to(self._device)
        self._w: Tensor | None = None
        self._far: FarMotion | None = None
        self._near: Tensor | None = None

    @torch.no_grad()
    def part(self, first: int, stop: int, at_once: int = FRAMES_AT_ONCE) -> Iterator[Float[Tensor, "n t c h w"]]:
        """Frames number `first` to `stop` - 1, piece by piece: about -1 to 1, on the generator's device.

        Raises:
            CheckpointError: as `synthesize`.
        """
        piece = max(1, at_once // len(self._latents.content))
        while first < stop:
            end = self._end(first, min(first + piece, stop))
            made = self._synthesize(first, end)
            if not made.isfinite().all():  # as uint8, NaN would be black
                found = isinstance(self._latents.content, FoundContent)
                raise CheckpointError(
                    "the generator makes frames that are not finite (NaN or infinite) at times from "
                    f"{float(self._times[first:end][0]):g}: its weights are too large"
                    + (
                        " for these codes; take smaller steps"
                        if found
                        else "; take an earlier snapshot, or another file"
                    )
                )
            yield made
            first = end

    def _end(self, first: int, stop: int) -> int:
        """Of a piece, which has not both near and far times."""
        if isinstance(self._latents.motion, Tensor):
            return stop
        far = self._motion_times[first:stop] >= FAR
        differ = (far != far[0]).nonzero()
        return first + int(differ[0]) if len(differ) else stop

    def _synthesize(self, first: int, stop: int) -> Float[Tensor, "n t c h w"]:
        w, part = self._w_at(first, stop), self._motion_times[first:stop]
        t = part.to(self._device).expand(len(w), -1)
        if isinstance(self._latents.motion, Tensor) or part[0] < FAR:
            return self._generator.synthesis(w, t, self._near_noise(), self._labels)
        if self._far is None:
            earliest = _earliest_far(self._motion_times)
            self._far = FarMotion(self._exact(), self._latents.motion, self._labels, earliest=earliest)
        codes = self._far.at(part).to(w.dtype)
        return self._generator.synthesis(w, t, None, self._labels, motion_codes=codes)

    def _w_at(self, first: int, stop: int) -> Float[Tensor, "n ..."]:
        if self._walk is not None:
            return self._walk.w_at(self._generator, self._times[first:stop], self._labels, truncation=self._truncation)
        if self._w is None:
            content = self._latents.content
            self._w = (
                content.w.to(self._device)[:, None]
                if isinstance(content, FoundContent)
                else self._generator.mapping(content.to(self._device), self._labels, truncation=self._truncation)
            )
        return self._w

    def _near_noise(self) -> Float[Tensor, "n k m"]:
        if self._near is None:
            noise = self._latents.motion
            if isinstance(noise, EndlessNoise):
                noise = noise.reader().read(0, self._generator.motion_noise_length(_latest_near(self._motion_times)))
            self._near = noise.to(self._device)
        return self._near


def _latest_near(times: Float[Tensor, "t"] | Times) -> float:
    """The latest of the near times, or a later one that is hardly far."""
    return float(min(times.last, FAR)) if isinstance(times, Times) else float(times[times < FAR].max())


def _earliest_far(times: Float[Tensor, "t"] | Times) -> float:
    """The earliest of the far times, or an earlier one that is far."""
    return float(max(times.start, FAR)) if isinstance(times, Times) else float(times[times >= FAR].min())


def to_uint8(frames: Float[Tensor, "..."]) -> UInt8[Tensor, "..."]:
    """[-1, 1] to 0..255 as the published metrics do: x * 127.5 + 128, clamped, truncated (docs/protocols.md 2.3)."""
    return (frames * 127.5 + 128).clamp(0, 255).to(torch.uint8)

"""Clips from snapshots, frames in pieces.

Who takes the pieces as they come, as a film does, needs no more memory for more frames; a whole clip, which a detector
is shown at once, needs that of its bytes. Frames do not depend on the pieces they are made in, nor on what was made before.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from stylesv.checkpoint import read_networks, require_finite_networks
from stylesv.errors import CheckpointError
from stylesv.generation.content_walk import ContentWalk
from stylesv.generation.far_motion import FAR, FarMotion
from stylesv.generation.latents import EndlessNoise, Latents, draw_class, draw_latents
from stylesv.generation.times import Times
from stylesv.networks.generator import Generator
from stylesv.records.snapshot import Snapshot
from stylesv.seeding import torch_generator

FRAMES_AT_ONCE = 32  # in a call of the generator
MEAN_OF = 10_000  # draws of w whose mean truncation goes towards where training kept none


def load_generator(networks: Path) -> tuple[Generator, Snapshot]:
    """The averaged generator of a snapshot, ready to sample, and the snapshot's record.

    Raises:
        CheckpointError: the file is missing, damaged or has no averaged generator, or a weight of it is not finite.
    """
    parts, snapshot = read_networks(networks)
    if "generator_ema" not in parts:
        raise CheckpointError(f"{networks}: holds no averaged generator (generator_ema); give a whole snapshot")
    require_finite_networks(networks, {"generator_ema": parts["generator_ema"]})
    classes = {"class_dim": snapshot.class_dim, "class_counts": snapshot.class_counts}
    generator = Generator(snapshot.generator, resolution=snapshot.resolution, **classes)
    generator.load_state_dict(parts["generator_ema"])
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
        labels = torch.nn.functional.one_hot(torch.tensor(classes), generator.class_dim).float().to(device)
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


@torch.no_grad()
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
    device = next(generator.buffers()).device
    labels = None if latents.labels is None else latents.labels.to(device)
    motion_times = Times(0, 0, len(times)) if still else times
    motion = _Motion(generator, latents.motion, labels, motion_times, device)
    w = None if walk else generator.mapping(latents.content.to(device), labels, truncation=truncation)
    piece = max(1, frames_at_once // len(latents.content))
    for start, stop in motion.pieces(len(times), piece):
        if walk is not None:
            w = walk.w_at(generator, times[start:stop], labels, truncation=truncation)
        made = motion.synthesize(w, motion_times[start:stop])
        if not made.isfinite().all():  # as uint8, NaN would be black
            raise CheckpointError(
                "the generator makes frames that are not finite (NaN or infinite) at times from "
                f"{float(times[start:stop][0]):g}: its weights are too large; take an earlier snapshot, or another file"
            )
        yield made


class _Motion:
    """Motion of some clips: of noise that is given, as it is; of endless noise, late codes by `FarMotion`."""

    def __init__(
        self,
        generator: Generator,
        noise: Float[Tensor, "n k m"] | EndlessNoise,
        labels: Float[Tensor, "n c"] | None,
        times: Float[Tensor, "t"] | Times,
        device: torch.device,
    ):
        self._generator, self._labels, self._times = generator, labels, times
        self._far: FarMotion | None = None
        self._endless = noise if isinstance(noise, EndlessNoise) else None
        if isinstance(noise, Tensor):
            self._near = noise.to(device)
        elif (last := _last(times)) is not None:
            self._near = noise.reader().read(0, generator.motion_noise_length(last)).to(device)

    def pieces(self, count: int, at_once: int) -> Iterator[tuple[int, int]]:
        """Starts and ends of pieces; none has near and far times."""
        start = 0
        while start < count:
            stop = min(start + at_once, count)
            if self._endless is not None:
                far = self._times[start:stop] >= FAR
                differ = (far != far[0]).nonzero()
                stop = start + int(differ[0]) if len(differ) else stop
            yield start, stop
            start = stop

    def synthesize(self, w: Float[Tensor, "n ..."], part: Float[Tensor, "t"]) -> Float[Tensor, "n t c h w"]:
        """The frames of a piece."""
        t = part.to(w.device).expand(len(w), -1)
        if self._endless is None or part[0] < FAR:
            return self._generator.synthesis(w, t, self._near, self._labels)
        self._far = self._far or FarMotion(self._generator, self._endless, self._labels)
        return self._generator.synthesis(w, t, None, self._labels, motion_codes=self._far.at(part))


def _last(times: Float[Tensor, "t"] | Times) -> float | None:
    """The latest of the near times; None where all are far."""
    if isinstance(times, Times):
        return float(min(times.last, FAR)) if times.start < FAR else None
    near = times[times < FAR]
    return float(near.max()) if len(near) else None


def to_uint8(frames: Float[Tensor, "..."]) -> UInt8[Tensor, "..."]:
    """[-1, 1] to 0..255 as the published metrics do: x * 127.5 + 128, clamped, truncated (docs/protocols.md 2.3)."""
    return (frames * 127.5 + 128).clamp(0, 255).to(torch.uint8)

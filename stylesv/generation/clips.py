"""Clips from snapshots, frames in pieces.

Who takes the pieces as they come, as a film does, needs no more memory for more frames; a whole clip, which a detector
is shown at once, needs that of its bytes. Frames do not depend on the pieces they are made in.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from stylesv.checkpoint import read_networks, require_finite_networks
from stylesv.errors import CheckpointError
from stylesv.generation.latents import Latents, draw_class, draw_latents
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
    device, labels = generator.mapping.w_avg.device, None
    content = torch.randn([MEAN_OF, generator.z_dim], generator=torch_generator(0, "mean-w"))
    if generator.class_dim:
        classes = torch.tensor([draw_class(generator, 0, number) for number in range(MEAN_OF)])
        labels = torch.nn.functional.one_hot(classes, generator.class_dim).float().to(device)
    generator.mapping.w_avg.copy_(generator.mapping(content.to(device), labels).mean(dim=0))
    return f"the snapshot has no mean of w, as published training leaves it: estimated from {MEAN_OF:,} draws for truncation"


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


@torch.no_grad()
def synthesize(
    generator: Generator,
    latents: Latents,
    times: Float[Tensor, "t"],
    *,
    truncation: float | int = 1.0,
    frames_at_once: int = FRAMES_AT_ONCE,
) -> Iterator[UInt8[Tensor, "n t c h w"]]:
    """The frames of some clips, piece by piece along time, on the CPU as uint8.

    Raises:
        CheckpointError: frames are not finite: weights too large for what they are computed in.
    """
    device = next(generator.buffers()).device
    content, motion = latents.content.to(device), latents.motion.to(device)
    labels = None if latents.labels is None else latents.labels.to(device)
    w = generator.mapping(content, labels, truncation=truncation)
    piece = max(1, frames_at_once // len(content))
    for start in range(0, len(times), piece):
        t = times[start : start + piece].to(device).expand(len(content), -1)
        made = generator.synthesis(w, t, motion, labels)
        if not made.isfinite().all():  # as uint8, NaN would be black
            raise CheckpointError(
                f"the generator makes frames that are not finite (NaN or infinite) at times from {float(times[start]):g}: "
                "its weights are too large; take an earlier snapshot, or another file"
            )
        yield to_uint8(made).cpu()


def to_uint8(frames: Float[Tensor, "..."]) -> UInt8[Tensor, "..."]:
    """[-1, 1] to 0..255 as the published metrics do: x * 127.5 + 128, clamped, truncated (docs/protocols.md 2.3)."""
    return (frames * 127.5 + 128).clamp(0, 255).to(torch.uint8)

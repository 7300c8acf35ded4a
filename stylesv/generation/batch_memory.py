"""How many videos and frames are made in one go: as many as fit into the memory that is free."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from stylesv.generation.clips import FRAMES_AT_ONCE, float_frames
from stylesv.generation.latents import draw_latents
from stylesv.generation.times import Times
from stylesv.networks.generator import Generator

# of what is free: a CPU's is also for encoders and for others; a GPU's allocator loses some between its blocks
_SHARE_OF_CPU, _SHARE_OF_GPU = 0.25, 0.7
# of the largest layer's input and output: what a layer holds besides, its padded and enlarged input, seen up to twice as large
_BESIDES = 4
_MOST_ON_GPU = 1024  # frames in one go; more gain nothing
# bytes in one go on a CPU; more gain nothing (measured up to 32 frames of 256 x 256) and leave the heap in larger pieces, so that
# a film's peak of memory is another in every run
_MOST_BYTES_ON_CPU = 40_000_000


@dataclass(frozen=True)
class AtOnce:
    """What is made in one go."""

    videos: int
    frames: int
    """Of each of them."""
    frame_bytes: int
    """That a frame takes while it is made: measured on a GPU, on a CPU a bound from the sizes of layers."""
    free_bytes: int
    for_memory: bool
    """Whether more would not fit; else more would gain nothing."""

    def __str__(self) -> str:
        videos = "1 video" if self.videos == 1 else f"{self.videos} videos"
        frames = "1 frame" if self.frames == 1 else f"{self.frames} frames"
        why = "no more fit" if self.for_memory else "more are no faster"
        return (
            f"{videos} at a time, {frames} of each in one go ({why}): {self.free_bytes / 1e9:.1f} GB of memory are free, "
            f"and a frame takes up to {self.frame_bytes / 1e6:.1f} MB (--batch-size sets the number of videos)"
        )


def fit_into_memory(generator: Generator, num_videos: int) -> AtOnce:
    """What fits. On a CPU a second video gains nothing: the frames of one fill it."""
    device = generator.mapping.w_avg.device
    frame_bytes, free = _frame_bytes(generator, device), free_bytes(device)
    if device.type == "cuda":
        useful, fitting = _MOST_ON_GPU, int(_SHARE_OF_GPU * free / frame_bytes)
    else:
        useful, fitting = (
            min(FRAMES_AT_ONCE, _MOST_BYTES_ON_CPU // frame_bytes),
            int(_SHARE_OF_CPU * free / frame_bytes),
        )
    frames = max(1, min(useful, fitting))
    videos = max(1, min(num_videos, frames // FRAMES_AT_ONCE))
    return AtOnce(videos, min(FRAMES_AT_ONCE, frames // videos), frame_bytes, free, for_memory=fitting < useful)


def free_bytes(device: torch.device) -> int:
    """Memory that is free on a device: of a GPU, or of this machine (Linux) within its control group's limit."""
    if device.type == "cuda":
        unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + unused
    lines = Path("/proc/meminfo").read_text().splitlines()
    free = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")) * 1024
    group = Path("/sys/fs/cgroup")
    try:
        limit, used = ((group / name).read_text().strip() for name in ("memory.max", "memory.current"))
    except OSError:  # no such groups here
        return free
    return free if limit == "max" else max(0, min(free, int(limit) - int(used)))


def _frame_bytes(generator: Generator, device: torch.device) -> int:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        _make_frames(generator, 4)
        return max(1, (torch.cuda.max_memory_allocated(device) - before) // 4)
    largest = 0

    def look(_: nn.Module, inputs: tuple[object, ...], output: object) -> None:
        nonlocal largest
        tensors = [each for each in (*inputs, output) if isinstance(each, Tensor) and each.ndim == 4]
        largest = max(largest, sum(each.numel() * each.element_size() for each in tensors))

    hooks = [module.register_forward_hook(look) for module in generator.synthesis.modules()]
    try:
        _make_frames(generator, 1)
    finally:
        for hook in hooks:
            hook.remove()
    return max(1, _BESIDES * largest)


def _make_frames(generator: Generator, count: int) -> None:
    latents = draw_latents(generator, 0, clip_numbers=[0], max_time=None)
    for _ in float_frames(generator, latents, Times(0, 1, count), frames_at_once=count):
        pass

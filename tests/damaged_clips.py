"""Clips that something is wrong with, by how much: what a score has to see."""

import io
from collections.abc import Callable

import av
import numpy as np
import simplejpeg
import torch
import torch.nn.functional as F
from torch import Tensor

FIRST, FRAMES, NEEDED = 8, 16, 32
Damage = Callable[[Tensor], Tensor]
"""From whole videos, uint8 n t c h w of NEEDED frames, to clips of FRAMES, those from FIRST on."""


def clips_of(videos: Tensor) -> Tensor:
    """The clips that are damaged, as they are."""
    return videos[:, FIRST : FIRST + FRAMES]


def to_bytes(values: Tensor) -> Tensor:
    return values.round().clamp(0, 255).to(torch.uint8)


def jpeg(quality: int) -> Damage:
    def through(frame: Tensor) -> Tensor:
        code = simplejpeg.encode_jpeg(np.ascontiguousarray(frame.permute(1, 2, 0).numpy()), quality=quality)
        return torch.from_numpy(simplejpeg.decode_jpeg(code)).permute(2, 0, 1)

    return lambda videos: torch.stack([torch.stack([through(f) for f in clip]) for clip in clips_of(videos)])


def film(crf: int) -> Damage:
    """Through H.264."""

    def through(clip: Tensor) -> Tensor:
        file = io.BytesIO()
        size = clip.shape[-1] // 2 * 2
        with av.open(file, "w", format="matroska") as writer:
            stream = writer.add_stream("libx264", rate=25, options={"crf": str(crf), "threads": "1"})
            stream.width = stream.height = size
            stream.pix_fmt = "yuv420p"
            for frame in clip[..., :size, :size].permute(0, 2, 3, 1).contiguous().numpy():
                writer.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            writer.mux(stream.encode())
        file.seek(0)
        with av.open(file) as reader:
            frames = [frame.to_ndarray(format="rgb24") for frame in reader.decode(video=0)]
        return torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2)

    return lambda videos: torch.stack([through(clip) for clip in clips_of(videos)])


def smooth(clips: Tensor, sigma: float) -> Tensor:
    reach = int(3 * sigma + 0.5)
    kernel = torch.exp(-(torch.arange(-reach, reach + 1.0) ** 2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).expand(3, 1, 1, -1)
    x = F.pad(clips.flatten(0, 1).float(), (reach,) * 4, mode="reflect")
    x = F.conv2d(F.conv2d(x, kernel, groups=3), kernel.transpose(2, 3), groups=3)
    return x.unflatten(0, clips.shape[:2])


def blurred(sigma: float) -> Damage:
    return lambda videos: to_bytes(smooth(clips_of(videos), sigma))


def noisy(deviation: float, *, still: bool = False) -> Damage:
    """`still`: the same noise in all frames of a clip."""

    def add(videos: Tensor) -> Tensor:
        clips = clips_of(videos).float()
        shape = list(clips.shape)
        shape[1] = 1 if still else shape[1]
        return to_bytes(clips + deviation * torch.randn(shape, generator=torch.Generator().manual_seed(0)))

    return add


def stuck(sigma: float) -> Damage:
    """The detail that a blur of `sigma` takes away stays as in the first frame."""

    def stick(videos: Tensor) -> Tensor:
        clips = clips_of(videos)
        smoothed = smooth(clips, sigma)
        return to_bytes(smoothed + (clips[:, :1] - smoothed[:, :1]))

    return stick


def grid(step: float) -> Damage:
    """A faint grid of 8 pixels that does not move."""

    def add(videos: Tensor) -> Tensor:
        clips = clips_of(videos).float().clone()
        lines = torch.zeros(clips.shape[-2:])
        lines[::8], lines[:, ::8] = step, step
        return to_bytes(clips + lines)

    return add


def retimed(times: Callable[[torch.Generator], Tensor]) -> Damage:
    """Other frames in each clip; `times` gives their numbers."""

    def choose(videos: Tensor) -> Tensor:
        random = torch.Generator().manual_seed(0)
        return torch.stack([video[times(random).clamp(0, NEEDED - 1)] for video in videos])

    return choose


def half_speed(videos: Tensor) -> Tensor:
    """Frames between are mixed of their neighbours."""
    slow = videos[:, FIRST : FIRST + FRAMES // 2 + 1].float()
    between = (slow[:, :-1] + slow[:, 1:]) / 2
    return to_bytes(torch.stack([slow[:, :-1], between], dim=2).flatten(1, 2))


def shaken(far: int) -> Damage:
    """Each frame moved by up to `far` pixels."""

    def shake(videos: Tensor) -> Tensor:
        random = torch.Generator().manual_seed(0)
        clips = clips_of(videos)
        height, width = clips.shape[-2:]
        wide = F.pad(clips.flatten(0, 1).float(), (far,) * 4, mode="replicate")
        moves = torch.randint(0, 2 * far + 1, (len(wide), 2), generator=random).tolist()
        frames = [frame[:, y : y + height, x : x + width] for frame, (y, x) in zip(wide, moves, strict=True)]
        return to_bytes(torch.stack(frames)).unflatten(0, clips.shape[:2])

    return shake


NOW = torch.arange(FIRST, FIRST + FRAMES)
DAMAGES: dict[str, Damage] = {
    "undamaged": clips_of,
    "JPEG, quality 20": jpeg(20),
    "JPEG, quality 5": jpeg(5),
    "H.264, CRF 40": film(40),
    "blurred, 1 px": blurred(1),
    "blurred, 2 px": blurred(2),
    "blurred, 4 px": blurred(4),
    "noise, 5 of 255": noisy(5),
    "noise, 20": noisy(20),
    "noise, 80": noisy(80),
    "noise that stays, 8": noisy(8, still=True),
    "grid that stays, 8": grid(8),
    "detail sticks, finer than 1 px": stuck(1),
    "detail sticks, finer than 2 px": stuck(2),
    "frozen": retimed(lambda _: torch.full((FRAMES,), FIRST)),
    "reversed": retimed(lambda _: NOW.flip(0)),
    "frames shuffled": retimed(lambda random: FIRST + torch.randperm(FRAMES, generator=random)),
    "times jittered by 1": retimed(lambda random: NOW + torch.randint(-1, 2, (FRAMES,), generator=random)),
    "times jittered by 2": retimed(lambda random: NOW + torch.randint(-2, 3, (FRAMES,), generator=random)),
    "shaken by 1 px": shaken(1),
    "half speed, frames doubled": retimed(lambda _: FIRST + torch.arange(FRAMES) // 2),
    "half speed, frames mixed": half_speed,
    "double speed": retimed(lambda _: 2 * torch.arange(FRAMES)),
}

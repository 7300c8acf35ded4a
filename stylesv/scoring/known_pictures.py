"""Pictures and clips drawn from formulas, the same bytes everywhere: what a trained network must see in them is known."""

import numpy as np
import torch
from jaxtyping import Bool, Float64, UInt8
from torch import Tensor

from stylesv.seeding import numpy_generator

SIZE_PX = 224
Picture = UInt8[np.ndarray, "h w 3"]
Place = Float64[np.ndarray, "h w"]

CLASS_NAMES = {409: "analog clock", 599: "honeycomb", 918: "crossword puzzle", 920: "traffic light"}


def known_pictures() -> dict[int, UInt8[Tensor, "1 1 3 h w"]]:
    """A picture for each of some classes of ImageNet, as a clip of one frame."""
    drawn = {409: _clock(), 599: _honeycomb(), 918: _crossword(), 920: _traffic_light()}
    return {
        number: torch.from_numpy(picture.transpose(2, 0, 1).copy())[None, None] for number, picture in drawn.items()
    }


def known_clips(count: int, num_frames: int, *, size_px: int, seed: int) -> UInt8[Tensor, "n t 3 h w"]:
    """Coloured waves that move, each clip with its own directions, speeds and lengths, and a little noise that stays."""
    y, x = np.mgrid[:size_px, :size_px] / size_px
    time = np.arange(num_frames)[:, None, None, None]
    clips = []
    for number in range(count):
        random = numpy_generator(seed, "known clips", number)
        angle, length, speed, phase = (random.random((3, 4)) * s for s in (2 * np.pi, 1, 1, 2 * np.pi))
        frames = np.full((num_frames, 3, size_px, size_px), 128.0)
        for colour in range(3):
            for wave in range(4):
                way = np.cos(angle[colour, wave]) * x + np.sin(angle[colour, wave]) * y
                per_px = 4 + 28 * length[colour, wave]
                turn = per_px * way - 0.8 * speed[colour, wave] * time[:, 0] + phase[colour, wave]
                frames[:, colour] += 24 * np.sin(turn)
        frames += 16 * (random.random((3, size_px, size_px)) - 0.5)
        clips.append(np.clip(np.rint(frames), 0, 255).astype(np.uint8))
    return torch.from_numpy(np.stack(clips))


def _places() -> tuple[Place, Place]:
    y, x = np.mgrid[:SIZE_PX, :SIZE_PX].astype(np.float64)
    return y, x


def _painted(
    background: tuple[int, int, int], *layers: tuple[Bool[np.ndarray, "h w"], tuple[int, int, int]]
) -> Picture:
    picture = np.empty((SIZE_PX, SIZE_PX, 3), np.uint8)
    picture[:] = background
    for where, colour in layers:
        picture[where] = colour
    return picture


def _crossword(cells: int = 14) -> Picture:
    random = numpy_generator(0, "crossword")
    side = SIZE_PX // cells
    dark = np.kron(random.random((cells, cells)) < 0.25, np.ones((side, side))) > 0
    y, x = _places()
    return _painted((255, 255, 255), (dark | (y % side == 0) | (x % side == 0), (0, 0, 0)))


def _traffic_light() -> Picture:
    y, x = _places()
    lamps = [((x - 112) ** 2 + (y - centre) ** 2 < 21**2) for centre in (50, 100, 150)]
    colours = ((255, 30, 20), (70, 60, 10), (10, 60, 20))
    box = (abs(x - 112) < 32) & (abs(y - 100) < 80)
    pole = (abs(x - 112) < 6) & (y > 180)
    return _painted((135, 190, 235), (box, (25, 25, 25)), (pole, (60, 60, 60)), *zip(lamps, colours, strict=True))


def _clock() -> Picture:
    y, x = (place - 111.5 for place in _places())
    radius, angle = np.hypot(x, y), np.arctan2(y, x)

    def ray(direction: float, inner: int, outer: int, half_width: int) -> Bool[np.ndarray, "h w"]:
        beside = abs(radius * np.sin(angle - direction)) < half_width
        return beside & (np.cos(angle - direction) > 0) & (radius > inner) & (radius < outer)

    rays = [ray(hour * np.pi / 6, 68, 84, 3) for hour in range(12)] + [ray(-0.5, 0, 50, 4), ray(1.2, 0, 70, 3)]
    face = [(radius < 100, (40, 30, 20)), (radius < 90, (250, 250, 245))]
    return _painted((200, 190, 170), *face, *((each, (0, 0, 0)) for each in rays))


def _honeycomb(side: int = 16) -> Picture:
    y, x = _places()
    nearest, second = np.full(x.shape, np.inf), np.full(x.shape, np.inf)
    for row in range(-1, SIZE_PX // side + 3):
        for column in range(-1, SIZE_PX // side + 3):
            far = np.hypot(x - column * side - (row % 2) * side / 2, y - row * side * np.sqrt(3) / 2)
            second = np.minimum(second, np.maximum(nearest, far))
            nearest = np.minimum(nearest, far)
    return _painted((190, 120, 20), (second - nearest < 3, (240, 200, 90)))

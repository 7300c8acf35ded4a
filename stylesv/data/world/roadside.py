"""Trees, poles and houses beside the road: what they are painted of, and where a frame shows it.

A frame shows some 80 parts of objects, most of them a few pixels large. So what NumPy can do for all of them at once is done
at once, and a part is painted only where it covers something.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from stylesv.data.world.painting import CAMERA_HEIGHT_M, haze_share, inside, paint, span
from stylesv.data.world.scenes import VISIBLE_M, Colour, DrivingScene, RoadsideObject

_FROM_M = 2.0  # what is nearer has been passed
_FADE_M = 50.0  # over which objects appear
_EDGE_PX = 2  # beyond the sides of a part, within which its smooth edge lies

Depth = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Distance to a shape's edge, positive inside, at x and y; in object heights, x right of its foot, y up from it."""


class _Part(NamedTuple):
    """What an object is painted of, in object heights; nothing of it lies beyond its sides."""

    sides: tuple[float, float, float, float]  # left, right, bottom, top
    colour: Colour
    depth: Depth | None = None  # without one, it is the rectangle of its sides


@dataclass(frozen=True)
class Roadside:
    """All parts of a scene's objects in order of painting, far to near."""

    along: Float[np.ndarray, "p"]  # as their objects, metres
    across: Float[np.ndarray, "p"]
    height: Float[np.ndarray, "p"]
    sides: Float[np.ndarray, "4 p"]
    lit: Float[np.ndarray, "p 3"]  # colour in the scene's light, before haze
    depths: tuple[Depth | None, ...]


def prepare_roadside(scene: DrivingScene) -> Roadside:
    """What stays the same in all frames of a scene."""
    parts = [(thing, part) for thing in scene.objects for part in _object_parts(thing)]
    return Roadside(
        along=np.array([thing.along for thing, _ in parts]),
        across=np.array([thing.across for thing, _ in parts]),
        height=np.array([thing.height for thing, _ in parts]),
        sides=np.array([part.sides for _, part in parts]).reshape(-1, 4).T,
        lit=np.array([part.colour * scene.light for _, part in parts], np.float32).reshape(-1, 3),
        depths=tuple(part.depth for _, part in parts),
    )


def paint_roadside(
    image: Float[np.ndarray, "3 h w"],
    scene: DrivingScene,
    roadside: Roadside,
    *,
    focal: float,
    horizon: float,
    seconds: float,
) -> None:
    """Paint what is seen of the objects at a time, by a camera whose focal length and horizon are in rows."""
    _, image_height, image_width = image.shape
    distances = roadside.along - scene.distance(seconds)
    seen = np.flatnonzero((distances > _FROM_M) & (distances < VISIBLE_M))
    distance = distances[seen]
    scale = focal / distance  # pixels per metre
    across = scene.curvature(seconds) * distance**2 / 2 - scene.lane_offset + roadside.across[seen]
    foot_x = image_width / 2 + scale * across
    foot_y = horizon + scale * CAMERA_HEIGHT_M
    size = scale * roadside.height[seen]  # pixels
    left, right, bottom, top = roadside.sides[:, seen]
    windows = np.stack(
        [
            np.maximum(foot_x + np.maximum(-0.9 * size, left * size - _EDGE_PX), 0),
            np.minimum(foot_x + np.minimum(0.9 * size + 1, right * size + _EDGE_PX + 1), image_width),
            np.maximum(foot_y - np.minimum(1.05 * size, top * size + _EDGE_PX), 0),
            np.minimum(foot_y + np.minimum(1, _EDGE_PX + 1 - bottom * size), image_height),
        ],
        axis=1,
    ).astype(int)

    fade = np.clip((VISIBLE_M - distance) / _FADE_M, 0, 1).astype(np.float32)
    lit = roadside.lit[seen]
    colours = lit + (scene.sky_horizon - lit) * haze_share(scene, distance)[:, None]
    foot_x, foot_y, size, pixel, left, right, bottom, top = (
        of_parts.astype(np.float32)[:, None] for of_parts in (foot_x, foot_y, size, 1 / size, left, right, bottom, top)
    )
    x = (np.arange(image_width, dtype=np.float32) + 0.5 - foot_x) / size
    y = (foot_y - np.arange(image_height, dtype=np.float32) - 0.5) / size
    in_x, in_y = span(x, left, right, pixel), span(y, bottom, top, pixel)
    for number, (part, (first, last, upper, lower)) in enumerate(zip(seen.tolist(), windows.tolist(), strict=True)):
        if first >= last or upper >= lower:
            continue
        rows, columns = slice(upper, lower), slice(first, last)
        depth = roadside.depths[part]
        if depth is None:
            alpha = in_x[number, columns] * in_y[number, rows, None]
        else:
            alpha = inside(depth(x[number, columns], y[number, rows, None]), pixel[number])
        alpha *= fade[number]
        paint(image[:, rows, columns], alpha, colours[number])


def _object_parts(thing: RoadsideObject) -> list[_Part]:
    """The object's parts in order of painting."""
    bark = np.array([80, 62, 48], np.float32)
    glass = np.array([60, 65, 80], np.float32)
    if thing.kind == "pole":
        return [_Part((-0.02, 0.02, 0.0, 1.0), thing.colour), _Part((-0.14, 0.14, 0.86, 0.89), thing.colour)]
    if thing.kind == "house":
        return [
            _Part((-0.7, 0.7, 0.0, 0.56), thing.colour),
            _Part((-0.8, 0.8, 0.55, 1.0), thing.roof, _roof),
            _Part((-0.5, -0.25, 0.2, 0.42), glass),
            _Part((0.25, 0.5, 0.2, 0.42), glass),
        ]
    if thing.kind == "conifer":
        return [
            _Part((-0.035, 0.035, 0.0, 0.2), bark),
            _Part((-0.26, 0.26, 0.15, 1.0), thing.colour, _cone),
            _Part((-0.26, 0.0, 0.15, 1.0), thing.colour * 1.2, _left_of_cone),
        ]
    return [
        _Part((-0.04, 0.04, 0.0, 0.42), bark),
        _Part((-0.33, 0.33, 0.31, 1.01), thing.colour, _crown),
        _Part((-0.28, 0.12, 0.55, 0.95), thing.colour * 1.25, _crown_in_light),
    ]


def _roof(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.minimum(y - 0.55, (1.0 - y) * 1.5 - np.abs(x) * 0.85)


def _cone(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.minimum(y - 0.15, (1 - y) * 0.3 - np.abs(x))


def _left_of_cone(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.where(x < 0, _cone(x, y), -np.inf)


def _crown(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 0.33 - np.hypot(x, (y - 0.66) * 0.95)


def _crown_in_light(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 0.2 - np.hypot(x + 0.08, y - 0.75)

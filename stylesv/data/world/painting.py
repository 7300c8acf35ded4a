"""Painting on a frame of red, green and blue planes: shapes with smooth edges, and haze."""

import numpy as np
from jaxtyping import Float

from stylesv.data.world.scenes import Colour, DrivingScene

CAMERA_HEIGHT_M = 1.4


def paint(image: Float[np.ndarray, "3 h w"], alpha: Float[np.ndarray, "#h #w"], colour: Colour) -> None:
    """Lay a colour over the image with an opacity of 0 to 1 for each pixel."""
    change = colour[:, None, None] - image
    change *= alpha
    image += change


def haze_share(scene: DrivingScene, distance: np.ndarray | float) -> np.ndarray | np.float32:
    """How much of what is seen at a distance is haze, 0 to 1."""
    return 1 - np.exp(-np.asarray(distance, np.float32) / scene.haze_length)


def span(
    at: np.ndarray, low: np.ndarray | float, high: np.ndarray | float, pixel: np.ndarray | float
) -> Float[np.ndarray, "..."]:
    """Share between `low` and `high` of pixels centred `at`, `pixel` wide."""
    share = np.minimum(at + pixel / 2, high)
    share -= np.maximum(at - pixel / 2, low)
    return np.maximum(share, 0, out=share) / pixel


def inside(depth: np.ndarray, pixel: np.ndarray | float) -> np.ndarray:
    """Opacity of a shape from the distance to its edge, positive inside."""
    share = depth / pixel
    share += 0.5
    return np.minimum(np.maximum(share, 0, out=share), 1, out=share)

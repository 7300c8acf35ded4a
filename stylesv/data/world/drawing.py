"""Pixels of a driving scene: a pinhole camera 1.4 m above a flat road that bends in a parabola.

Edges are smoothed by the exact share of a pixel that a shape covers (box filter), along x for every pixel and along
the distance once a row, so nothing flickers at small sizes and no supersampling is needed.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from stylesv.data.world.scenes import AVENUE_PERIOD_M, VISIBLE_M, DrivingScene, RoadsideObject

_CAMERA_HEIGHT_M = 1.4
_FOCAL_HEIGHTS = 0.95  # focal length in frame heights
_HORIZON = 0.46  # share of the frame above the horizon
_ROAD_HALF_WIDTH_M = 3.9
_DASH_M = 5.0
_FARTHEST_M = 600.0


@dataclass(frozen=True)
class Canvas:
    """What stays the same in all frames of one clip at one size."""

    scene: DrivingScene
    height: int
    width: int
    focal: float
    horizon: float  # rows from the top, a fraction
    angle: Float[np.ndarray, "w"]  # of each column, radians right of the heading
    sky: Float[np.ndarray, "s 3"]
    clouds: Float[np.ndarray, "s wide"]  # opacity in the rows that show sky, wraps around in x
    near: Float[np.ndarray, "h"]  # distance at the lower edge of each row, metres
    far: Float[np.ndarray, "h"]  # distance at the upper edge
    middle: Float[np.ndarray, "h"]


def _cloud_texture(scene: DrivingScene, height: int, width: int) -> np.ndarray:
    """Opacity of clouds over the sky's rows: noise of clouds about 1/3 of the sky high, flatter near the horizon."""
    rng = np.random.Generator(np.random.PCG64(scene.cloud_seed))
    deep = 4 * height  # a plane of clouds, of which far rows are seen closer together
    # cycles per sky height; clouds are 2.5 times as wide as high
    frequency = np.hypot(np.fft.fftfreq(deep)[:, None], 2.5 * np.fft.rfftfreq(width)[None]) * height
    spectrum = np.fft.rfft2(rng.standard_normal((deep, width))) / (1 + (frequency / 1.5) ** 2) ** 1.3
    spectrum[0] *= 0.3
    noise = np.fft.irfft2(spectrum, s=(deep, width))
    rows = (1 - np.arange(height) / height) ** -0.7  # 1 at the top, growing towards the horizon
    noise = noise[((rows - 1) * height * 0.8).astype(int) % deep]
    threshold = np.quantile(noise, 1 - scene.cloud_cover)
    return np.clip((noise - threshold) / (1.3 * noise.std()), 0, 0.85).astype(np.float32)


def prepare_canvas(scene: DrivingScene, height: int, width: int) -> Canvas:
    """What all frames of the clip share at this size."""
    focal = _FOCAL_HEIGHTS * height
    horizon = _HORIZON * height
    rows = np.arange(height, dtype=np.float32)
    rise = np.clip(1 - (rows[: int(horizon) + 1] + 0.5) / horizon, 0, 1)[:, None] ** 0.8
    above = np.maximum(rows - horizon, focal * _CAMERA_HEIGHT_M / _FARTHEST_M)
    below = np.maximum(rows + 1 - horizon, focal * _CAMERA_HEIGHT_M / _FARTHEST_M)
    return Canvas(
        scene=scene,
        height=height,
        width=width,
        focal=focal,
        horizon=horizon,
        angle=((np.arange(width) + 0.5 - width / 2) / focal).astype(np.float32),
        sky=(scene.sky_horizon + (scene.sky_top - scene.sky_horizon) * rise).astype(np.float32),
        clouds=_cloud_texture(scene, int(horizon) + 1, 4 * width),
        near=focal * _CAMERA_HEIGHT_M / below,
        far=focal * _CAMERA_HEIGHT_M / above,
        middle=focal * _CAMERA_HEIGHT_M / ((above + below) / 2),
    )


def _paint(image: np.ndarray, alpha: np.ndarray, colour: np.ndarray) -> None:
    image += alpha[..., None] * (colour - image)


def _haze_share(scene: DrivingScene, distance: np.ndarray | float) -> np.ndarray | np.float32:
    """How much of what is seen at a distance is haze, 0 to 1."""
    return 1 - np.exp(-np.asarray(distance, np.float32) / scene.haze_length)


def _wave_share(near: np.ndarray, far: np.ndarray, *, period: float, high: float) -> np.ndarray:
    """Share of each row, from distance `near` to `far`, in the first `high` metres of each `period`; (rows, 1)."""
    ends = [np.floor(end / period) * high + np.minimum(end % period, high) for end in (near, far)]
    return np.clip((ends[1] - ends[0]) / np.maximum(far - near, 1e-6), 0, 1).astype(np.float32)[:, None]


def _span(at: np.ndarray, low: float, high: float, pixel: np.ndarray | float) -> np.ndarray:
    """Share between `low` and `high` of pixels centred `at`, `pixel` wide."""
    share = np.minimum(at + pixel / 2, high) - np.maximum(at - pixel / 2, low)
    return (np.maximum(share, 0) / pixel).astype(np.float32)


def _box(x: np.ndarray, y: np.ndarray, sides: tuple[float, float, float, float], pixel: float) -> np.ndarray:
    """Opacity of a rectangle; its sides are left, right, bottom, top."""
    left, right, bottom, top = sides
    return _span(x, left, right, pixel) * _span(y, bottom, top, pixel)


def _inside(depth: np.ndarray, pixel: float) -> np.ndarray:
    """Opacity of a shape from the distance to its edge, positive inside."""
    return np.clip(depth / pixel + 0.5, 0, 1).astype(np.float32)


def _paint_sky(image: np.ndarray, canvas: Canvas, seconds: float) -> None:
    scene = canvas.scene
    sky = image[: len(canvas.sky)]
    sky[:] = canvas.sky[:, None]
    shift = (scene.heading(seconds) + scene.cloud_drift * seconds) * canvas.focal
    whole = int(np.floor(shift))
    columns = np.arange(whole, whole + canvas.width + 1) % canvas.clouds.shape[1]
    window = canvas.clouds[:, columns]
    part = np.float32(shift - whole)
    _paint(sky, window[:, :-1] * (1 - part) + window[:, 1:] * part, scene.cloud_colour)


def _paint_hills(image: np.ndarray, canvas: Canvas, seconds: float) -> None:
    scene = canvas.scene
    sky = image[: len(canvas.sky)]
    rows = np.arange(len(sky), dtype=np.float32)[:, None]
    bearing = canvas.angle + scene.heading(seconds)
    for layer, (waves, distance) in enumerate(zip(scene.hill_waves, (300.0, 160.0), strict=True)):
        amplitude, cycles, phase = waves.T[:, :, None]
        height = 0.02 + (amplitude * (1 + np.sin(2 * np.pi * cycles * bearing + phase)) / 2).sum(0)
        edge = canvas.horizon - canvas.focal * height
        colour = scene.hill_colour * scene.light * (1.0 - 0.15 * layer)
        colour = colour + (scene.sky_horizon - colour) * _haze_share(scene, distance)
        _paint(sky, np.clip(rows + 1 - edge, 0, 1).astype(np.float32), colour.astype(np.float32))


def _paint_ground(image: np.ndarray, canvas: Canvas, seconds: float) -> None:
    scene = canvas.scene
    top = int(np.floor(canvas.horizon))
    near, far, middle = canvas.near[top:], canvas.far[top:], canvas.middle[top:, None]
    driven = scene.distance(seconds)
    pixel = middle / canvas.focal  # width of a pixel on the ground, metres
    centre = scene.curvature(seconds) * middle**2 / 2 - scene.lane_offset
    across = middle * canvas.angle - centre  # metres right of the centre line, (rows, w)

    band = _wave_share(near + driven, far + driven, period=AVENUE_PERIOD_M, high=AVENUE_PERIOD_M / 2)
    ground = np.empty((canvas.height - top, canvas.width, 3), np.float32)
    ground[:] = (scene.grass * (0.8 + 0.4 * band))[:, None]
    shoulder = _ROAD_HALF_WIDTH_M + 0.7
    _paint(ground, _span(across, -shoulder, shoulder, pixel), scene.road * np.float32([1.25, 1.15, 1.0]))
    _paint(ground, _span(across, -_ROAD_HALF_WIDTH_M, _ROAD_HALF_WIDTH_M, pixel), scene.road)
    white = np.full(3, 235, np.float32)
    for edge in (-_ROAD_HALF_WIDTH_M + 0.3, _ROAD_HALF_WIDTH_M - 0.3):
        _paint(ground, _span(across, edge - 0.09, edge + 0.09, pixel), white)
    dashes = _wave_share(near + driven, far + driven, period=AVENUE_PERIOD_M, high=_DASH_M)
    _paint(ground, _span(across, -0.15, 0.15, pixel) * dashes, white)
    ground *= scene.light
    _paint(ground, np.broadcast_to(_haze_share(scene, middle).astype(np.float32), ground.shape[:2]), scene.sky_horizon)
    image[top + 1 :] = ground[1:]
    image[top] += np.float32(top + 1 - canvas.horizon) * (ground[0] - image[top])  # the row that the horizon cuts


def _object_shapes(
    thing: RoadsideObject, x: np.ndarray, y: np.ndarray, pixel: float
) -> list[tuple[np.ndarray, np.ndarray]]:
    """(opacity, colour) of the object's parts in order of painting.

    `x` and `y` are in object heights: x right of its foot, y up from it; `pixel` is a pixel's size in them.
    """
    bark = np.array([80, 62, 48], np.float32)
    glass = np.array([60, 65, 80], np.float32)
    if thing.kind == "pole":
        return [
            (_box(x, y, (-0.02, 0.02, 0.0, 1.0), pixel), thing.colour),
            (_box(x, y, (-0.14, 0.14, 0.86, 0.89), pixel), thing.colour),
        ]
    if thing.kind == "house":
        return [
            (_box(x, y, (-0.7, 0.7, 0.0, 0.56), pixel), thing.colour),
            (_inside(np.minimum(y - 0.55, (1.0 - y) * 1.5 - np.abs(x) * 0.85), pixel), thing.roof),
            (_box(x, y, (-0.5, -0.25, 0.2, 0.42), pixel), glass),
            (_box(x, y, (0.25, 0.5, 0.2, 0.42), pixel), glass),
        ]
    if thing.kind == "conifer":
        crown = _inside(np.minimum(y - 0.15, (1 - y) * 0.3 - np.abs(x)), pixel)
        trunk = (_box(x, y, (-0.035, 0.035, 0.0, 0.2), pixel), bark)
        return [trunk, (crown, thing.colour), (crown * (x < 0), thing.colour * 1.2)]
    return [
        (_box(x, y, (-0.04, 0.04, 0.0, 0.42), pixel), bark),
        (_inside(0.33 - np.hypot(x, (y - 0.66) * 0.95), pixel), thing.colour),
        (_inside(0.2 - np.hypot(x + 0.08, y - 0.75), pixel), thing.colour * 1.25),
    ]


def _paint_objects(image: np.ndarray, canvas: Canvas, seconds: float) -> None:
    scene = canvas.scene
    driven, curvature = scene.distance(seconds), scene.curvature(seconds)
    for thing in scene.objects:
        distance = thing.along - driven
        if not 2.0 < distance < VISIBLE_M:
            continue
        scale = canvas.focal / distance  # pixels per metre
        across = curvature * distance**2 / 2 - scene.lane_offset + thing.across
        foot_x = canvas.width / 2 + scale * across
        foot_y = canvas.horizon + scale * _CAMERA_HEIGHT_M
        size = scale * thing.height  # pixels
        left, right = int(max(foot_x - 0.9 * size, 0)), int(min(foot_x + 0.9 * size + 1, canvas.width))
        top, bottom = int(max(foot_y - 1.05 * size, 0)), int(min(foot_y + 1, canvas.height))
        if left >= right or top >= bottom:
            continue
        x = ((np.arange(left, right, dtype=np.float32) + 0.5 - foot_x) / size)[None]
        y = ((foot_y - np.arange(top, bottom, dtype=np.float32) - 0.5) / size)[:, None]
        fade = np.float32(np.clip((VISIBLE_M - distance) / 50, 0, 1))
        haze = _haze_share(scene, distance)
        for alpha, colour in _object_shapes(thing, x, y, 1 / size):
            lit = colour * scene.light
            _paint(image[top:bottom, left:right], alpha * fade, lit + (scene.sky_horizon - lit) * haze)


def draw_frame(canvas: Canvas, seconds: float) -> UInt8[np.ndarray, "h w 3"]:
    """The frame at a time since the clip's start, RGB."""
    image = np.empty((canvas.height, canvas.width, 3), np.float32)
    _paint_sky(image, canvas, seconds)
    _paint_hills(image, canvas, seconds)
    _paint_ground(image, canvas, seconds)
    _paint_objects(image, canvas, seconds)
    return np.clip(image + 0.5, 0, 255).astype(np.uint8)

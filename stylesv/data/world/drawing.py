"""Pixels of a driving scene: a pinhole camera 1.4 m above a flat road that bends in a parabola.

Edges are smoothed by the exact share of a pixel that a shape covers (box filter), along x for every pixel and along
the distance once a row, so nothing flickers at small sizes and no supersampling is needed.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8

from stylesv.data.world.painting import CAMERA_HEIGHT_M, haze_share, paint, span
from stylesv.data.world.roadside import Roadside, paint_roadside, prepare_roadside
from stylesv.data.world.scenes import AVENUE_PERIOD_M, DrivingScene

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
    sky: Float[np.ndarray, "3 s 1"]
    clouds: Float[np.ndarray, "s wide"]  # opacity in the rows that show sky, wraps around in x
    near: Float[np.ndarray, "h"]  # distance at the lower edge of each row, metres
    far: Float[np.ndarray, "h"]  # distance at the upper edge
    middle: Float[np.ndarray, "h"]
    roadside: Roadside


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
    above = np.maximum(rows - horizon, focal * CAMERA_HEIGHT_M / _FARTHEST_M)
    below = np.maximum(rows + 1 - horizon, focal * CAMERA_HEIGHT_M / _FARTHEST_M)
    return Canvas(
        scene=scene,
        height=height,
        width=width,
        focal=focal,
        horizon=horizon,
        angle=((np.arange(width) + 0.5 - width / 2) / focal).astype(np.float32),
        sky=(scene.sky_horizon + (scene.sky_top - scene.sky_horizon) * rise).astype(np.float32).T[:, :, None],
        clouds=_cloud_texture(scene, int(horizon) + 1, 4 * width),
        near=focal * CAMERA_HEIGHT_M / below,
        far=focal * CAMERA_HEIGHT_M / above,
        middle=focal * CAMERA_HEIGHT_M / ((above + below) / 2),
        roadside=prepare_roadside(scene),
    )


def _wave_share(near: np.ndarray, far: np.ndarray, *, period: float, high: float) -> np.ndarray:
    """Share of each row, from distance `near` to `far`, in the first `high` metres of each `period`; (rows, 1)."""
    ends = [np.floor(end / period) * high + np.minimum(end % period, high) for end in (near, far)]
    return np.clip((ends[1] - ends[0]) / np.maximum(far - near, 1e-6), 0, 1).astype(np.float32)[:, None]


def _paint_sky(image: np.ndarray, canvas: Canvas, seconds: float) -> None:
    scene = canvas.scene
    sky = image[:, : canvas.sky.shape[1]]
    sky[:] = canvas.sky
    shift = (scene.heading(seconds) + scene.cloud_drift * seconds) * canvas.focal
    whole = int(np.floor(shift))
    columns = np.arange(whole, whole + canvas.width + 1) % canvas.clouds.shape[1]
    window = canvas.clouds[:, columns]
    part = np.float32(shift - whole)
    paint(sky, window[:, :-1] * (1 - part) + window[:, 1:] * part, scene.cloud_colour)


def _paint_hills(image: np.ndarray, canvas: Canvas, seconds: float) -> None:
    scene = canvas.scene
    sky = image[:, : canvas.sky.shape[1]]
    rows = np.arange(sky.shape[1], dtype=np.float32)[:, None]
    bearing = canvas.angle + scene.heading(seconds)
    for layer, (waves, distance) in enumerate(zip(scene.hill_waves, (300.0, 160.0), strict=True)):
        amplitude, cycles, phase = waves.T[:, :, None]
        height = 0.02 + (amplitude * (1 + np.sin(2 * np.pi * cycles * bearing + phase)) / 2).sum(0)
        edge = canvas.horizon - canvas.focal * height
        colour = scene.hill_colour * scene.light * (1.0 - 0.15 * layer)
        colour = colour + (scene.sky_horizon - colour) * haze_share(scene, distance)
        paint(sky, np.clip(rows + 1 - edge, 0, 1).astype(np.float32), colour.astype(np.float32))


def _paint_ground(image: np.ndarray, canvas: Canvas, seconds: float) -> None:
    scene = canvas.scene
    top = int(np.floor(canvas.horizon))
    near, far, middle = canvas.near[top:], canvas.far[top:], canvas.middle[top:, None]
    driven = scene.distance(seconds)
    pixel = middle / canvas.focal  # width of a pixel on the ground, metres
    centre = scene.curvature(seconds) * middle**2 / 2 - scene.lane_offset
    across = middle * canvas.angle - centre  # metres right of the centre line, (rows, w)

    band = _wave_share(near + driven, far + driven, period=AVENUE_PERIOD_M, high=AVENUE_PERIOD_M / 2)
    ground = np.empty((3, canvas.height - top, canvas.width), np.float32)
    ground[:] = scene.grass[:, None, None] * (0.8 + 0.4 * band)
    shoulder = _ROAD_HALF_WIDTH_M + 0.7
    paint(ground, span(across, -shoulder, shoulder, pixel), scene.road * np.float32([1.25, 1.15, 1.0]))
    paint(ground, span(across, -_ROAD_HALF_WIDTH_M, _ROAD_HALF_WIDTH_M, pixel), scene.road)
    white = np.full(3, 235, np.float32)
    for edge in (-_ROAD_HALF_WIDTH_M + 0.3, _ROAD_HALF_WIDTH_M - 0.3):
        paint(ground, span(across, edge - 0.09, edge + 0.09, pixel), white)
    dashes = _wave_share(near + driven, far + driven, period=AVENUE_PERIOD_M, high=_DASH_M)
    paint(ground, span(across, -0.15, 0.15, pixel) * dashes, white)
    ground *= scene.light[:, None, None]
    paint(ground, haze_share(scene, middle), scene.sky_horizon)
    cut = image[:, top]  # the row that the horizon cuts
    cut += np.float32(top + 1 - canvas.horizon) * (ground[:, 0] - cut)
    image[:, top + 1 :] = ground[:, 1:]


def draw_frame(canvas: Canvas, seconds: float) -> UInt8[np.ndarray, "h w 3"]:
    """The frame at a time since the clip's start, RGB."""
    image = np.empty((3, canvas.height, canvas.width), np.float32)  # planes, since NumPy is slow with rows of three
    _paint_sky(image, canvas, seconds)
    _paint_hills(image, canvas, seconds)
    _paint_ground(image, canvas, seconds)
    paint_roadside(image, canvas.scene, canvas.roadside, focal=canvas.focal, horizon=canvas.horizon, seconds=seconds)
    image += 0.5
    return np.clip(image, 0, 255, out=image).astype(np.uint8).transpose(1, 2, 0)

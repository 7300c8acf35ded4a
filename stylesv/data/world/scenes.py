"""The world of one rendered driving clip: light, weather, road, roadside objects and the car's motion.

Lengths are in metres and times in seconds. Everything is drawn from (seed, clip number), so a clip is the same
whatever was rendered before it. The layout is the same in all clips (sky, hills, a two-lane road seen from the right
lane, a row of trees on either side), so that a small network can learn it; speed, curve, trees, season, weather and time
of day vary. Even gaps make motion periodic.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from stylesv.seeding import numpy_generator

AVENUE_PERIOD_M = 12.0  # gap of dashes, bands of grass and trees; posts stand twice as far apart
VISIBLE_M = 120.0  # objects fade in from here; beyond it lie only ground and hills

ObjectKind = Literal["broadleaf", "conifer", "pole", "house"]
Colour = Float[np.ndarray, "3"]  # RGB, 0..255, float32

# Sky at the zenith, sky at the horizon, and the light on the ground (factors), from dusk to noon.
_SKY_TOP = np.array([[60, 70, 115], [85, 95, 150], [120, 165, 215], [70, 130, 205]], np.float32)
_SKY_HORIZON = np.array([[190, 140, 140], [245, 170, 110], [235, 220, 200], [190, 215, 235]], np.float32)
_LIGHT = np.array([[0.6, 0.57, 0.66], [0.85, 0.68, 0.60], [1.0, 0.96, 0.88], [1.0, 1.0, 1.0]], np.float32)

# weather: (share of clips, haze length in metres, cloud cover 0..1, how grey the sky is 0..1, brightness)
_WEATHERS = {
    "clear": (0.45, 420.0, 0.35, 0.0, 1.0),
    "hazy": (0.20, 90.0, 0.20, 0.35, 0.98),
    "overcast": (0.20, 260.0, 0.85, 0.75, 0.85),
    "rain": (0.15, 120.0, 0.95, 0.90, 0.75),
}


@dataclass(frozen=True)
class RoadsideObject:
    """Something beside the road: `along` metres down the road, `across` metres right of the centre line."""

    kind: ObjectKind
    along: float
    across: float
    height: float
    colour: Colour
    roof: Colour


@dataclass(frozen=True)
class DrivingScene:
    """What one clip shows. Colours are float32 RGB in 0..255, before light and haze except for sky and clouds."""

    speed: float
    curve_peak: float  # largest curvature, 1/m
    curve_period: float
    curve_phase: float
    lane_offset: float  # camera, metres right of the centre line
    haze_length: float  # distance at which haze hides all but 1/e
    cloud_cover: float
    cloud_drift: float  # radians per second
    sky_top: Colour
    sky_horizon: Colour
    cloud_colour: Colour
    light: Colour
    grass: Colour
    road: Colour
    hill_colour: Colour
    hill_waves: Float[np.ndarray, "layers waves 3"]  # amplitude in radians, cycles per radian, phase
    cloud_seed: int
    objects: tuple[RoadsideObject, ...]

    def distance(self, seconds: float) -> float:
        """Metres driven at a time."""
        return self.speed * seconds

    def curvature(self, seconds: float) -> float:
        """Curvature of the road ahead at a time, 1/m; positive bends right."""
        angle = 2 * np.pi * seconds / self.curve_period + self.curve_phase
        return float(self.curve_peak * np.sin(angle))

    def heading(self, seconds: float) -> float:
        """Where the car points at a time, in radians: the integral of curvature times speed."""
        rate = 2 * np.pi / self.curve_period
        return float(-self.curve_peak * self.speed / rate * np.cos(rate * seconds + self.curve_phase))


def _mix(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    return np.asarray(a * (1 - share) + b * share, np.float32)


def _along_palette(palette: np.ndarray, hour: float) -> np.ndarray:
    position = hour * (len(palette) - 1)
    low = min(int(position), len(palette) - 2)
    return _mix(palette[low], palette[low + 1], position - low)


def _draw_tree(
    rng: np.random.Generator, kind: ObjectKind, *, along: float, across: float, height: float
) -> RoadsideObject:
    """One tree of a row: its size and colour are the row's, give or take a little."""
    low, high = ([20, 65, 35], [45, 95, 55]) if kind == "conifer" else ([45, 90, 25], [95, 135, 50])
    colour = rng.uniform(low, high).astype(np.float32)
    return RoadsideObject(kind, along, across, height * rng.uniform(0.92, 1.08), colour, colour)


def _draw_objects(rng: np.random.Generator, length: float) -> tuple[RoadsideObject, ...]:
    """A row of trees at even gaps on either side, poles before one of them, and now and then a house behind."""
    objects = []
    gap = AVENUE_PERIOD_M
    for side in (-1, 1):
        kind: ObjectKind = "conifer" if rng.random() < 0.5 else "broadleaf"
        across, height = rng.uniform(7.0, 8.5), rng.uniform(6.5, 8.5)
        for along in np.arange(rng.uniform(0, gap), length, gap):
            objects.append(_draw_tree(rng, kind, along=float(along), across=side * across, height=height))
        for along in np.arange(rng.uniform(0, 120), length, 120.0):
            colour, roof = rng.uniform([170, 150, 120], [235, 225, 205]), rng.uniform([110, 45, 35], [165, 75, 60])
            objects.append(
                RoadsideObject(
                    "house",
                    float(along),
                    side * rng.uniform(15, 19),
                    6.0,
                    colour.astype(np.float32),
                    roof.astype(np.float32),
                )
            )
    wood = np.array([95, 75, 60], np.float32)
    side = 1 if rng.random() < 0.5 else -1
    for along in np.arange(rng.uniform(0, 2 * gap), length, 2 * gap):
        objects.append(RoadsideObject("pole", float(along), side * 5.6, 7.0, wood, wood))
    return tuple(sorted(objects, key=lambda thing: -thing.along))  # far to near, the order of painting


def draw_scene(seed: int, clip: int, *, duration_seconds: float) -> DrivingScene:
    """The scene of clip number `clip`: a function of (seed, clip); objects line the road driven in the duration."""
    rng = numpy_generator(seed, "driving-scene", clip)
    names = list(_WEATHERS)
    weather = names[rng.choice(len(names), p=[_WEATHERS[name][0] for name in names])]
    _, haze_length, cover, grey, brightness = _WEATHERS[weather]
    hour = float(rng.beta(2.2, 1.0))  # most clips by day
    light = _along_palette(_LIGHT, hour) * np.float32(brightness)
    overcast_sky = np.array([165, 172, 182], np.float32) * light.mean()
    speed = rng.uniform(8, 12)
    waves = [
        [
            [rng.uniform(0.4, 1.0) * size / (n + 1), (n + 1) * rng.uniform(0.4, 0.8), rng.uniform(0, 6.3)]
            for n in range(3)
        ]
        for size in (0.12, 0.06)  # the far range is the higher one
    ]
    cloud_white = np.array([250, 248, 245], np.float32) * (0.35 + 0.65 * light)
    return DrivingScene(
        speed=float(speed),
        curve_peak=float(rng.uniform(0.0005, 0.003)),
        curve_period=float(rng.uniform(6, 14)),
        curve_phase=float(rng.uniform(0, 2 * np.pi)),
        lane_offset=float(rng.uniform(1.2, 1.9)),
        haze_length=float(haze_length * rng.uniform(0.8, 1.25)),
        cloud_cover=float(np.clip(cover + rng.uniform(-0.15, 0.15), 0, 1)),
        cloud_drift=float(rng.uniform(-0.02, 0.02)),
        sky_top=_mix(_along_palette(_SKY_TOP, hour), overcast_sky * 0.85, grey),
        sky_horizon=_mix(_along_palette(_SKY_HORIZON, hour), overcast_sky * 1.05, grey),
        cloud_colour=_mix(cloud_white, overcast_sky * 0.9, grey),
        light=light,
        grass=_mix(np.array([72, 112, 45]), np.array([150, 140, 75]), float(rng.beta(1.2, 2.0))),
        road=np.full(3, rng.uniform(72, 100), np.float32),
        hill_colour=_mix(np.array([60, 90, 65]), np.array([110, 100, 90]), float(rng.random())),
        hill_waves=np.array(waves),
        cloud_seed=int(rng.integers(2**31)),
        objects=_draw_objects(rng, speed * duration_seconds + VISIBLE_M),
    )

"""What is in a clip and how it changes, as 83 numbers from the responses of EfficientNet-Lite0 (docs/protocols.md 3.4).

Content alone does not see motion, and few clips do not fill 1280 dimensions. So here each part of a clip has few numbers, and
most of them are ratios inside the clip, which differ little between clips that are right: of neighbouring responses to their
spread (blur and noise change it), of change over 1, 2, 4 and 8 frames (order and speed change it), of change in fine detail to
change in all (detail that sticks to pixels changes it), of change to gradient in each direction (time's direction changes it).

Parts are scaled so that a Frechet distance weighs them by what they are worth and not by their units: by `Part.weight`, over
the spread that real clips have in it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor

from stylesv.metrics.efficientnet_lite import NUM_FEATURES, EfficientNetLite0
from stylesv.ops import frame_spread, gradient_products, mean_bend, mean_detail, mean_differences
from stylesv.seeding import numpy_generator

LAGS = (1, 2, 4, 8)
STICKING_LAGS = (1, 4)
NEIGHBOURS = ((0, 0, 1), (0, 1, 0), (0, 0, 2), (0, 2, 0))
"""Frames, rows and columns apart."""
CONTENT_NUMBERS = 16
FLOOR = 0.02
"""Added to ratios before their logarithm, so that no change at all, as in a frozen clip, is a number."""
_TINY = 1e-3  # against division by nothing, in units of responses

Row = Float[Tensor, "_"]
Channels = Float[Tensor, "c"]


class Responses:
    """Responses of one stage to a clip, `t c h w`, and means over them, made when asked for, each channel for itself."""

    def __init__(self, x: Float[Tensor, "t c h w"]):
        self.x = x

    @cached_property
    def _spread_and_deviation(self) -> tuple[Float[Tensor, "t c"], Float[Tensor, "t c"]]:
        return frame_spread(self.x)

    @cached_property
    def spread(self) -> Channels:
        """Standard deviation over a frame, its mean over time."""
        return self._spread_and_deviation[0].mean(dim=0) + _TINY

    @cached_property
    def deviation(self) -> Channels:
        """Mean absolute deviation from the mean of the frame."""
        return self._spread_and_deviation[1].mean(dim=0)

    @cached_property
    def _gradients_of_frames(self) -> tuple[Float[Tensor, "t c"], Float[Tensor, "t c"]]:
        across, down, across_two, down_two = mean_differences(self.x, NEIGHBOURS)
        return (across + down) / 2, (across_two + down_two) / 2

    @cached_property
    def gradient_of_frames(self) -> Float[Tensor, "t c"]:
        """Mean absolute difference of neighbours, of each frame."""
        return self._gradients_of_frames[0]

    @cached_property
    def gradient(self) -> Channels:
        """Its mean over time."""
        return self.gradient_of_frames.mean(dim=0)

    @cached_property
    def gradient_over_two(self) -> Channels:
        """Mean absolute difference of those two apart."""
        return self._gradients_of_frames[1].mean(dim=0)

    @cached_property
    def changes_of_frames(self) -> dict[int, Float[Tensor, "_ c"]]:
        """Mean absolute change over each number of frames of LAGS, of each frame that has a later one."""
        return dict(zip(LAGS, mean_differences(self.x, [(lag, 0, 0) for lag in LAGS]), strict=True))

    @cached_property
    def changes(self) -> dict[int, Channels]:
        """Its mean over time."""
        return {lag: change.mean(dim=0) for lag, change in self.changes_of_frames.items()}

    @cached_property
    def bend(self) -> Channels:
        """Mean absolute second difference in time."""
        return mean_bend(self.x).mean(dim=0)


def texture(stage: Responses) -> list[Tensor]:
    """How neighbours differ, against those two apart and against the whole frame; how peaked the responses are."""
    near, far = _log(stage.gradient / stage.spread), _log(stage.gradient_over_two / stage.spread)
    return [near, far - near, _log(stage.deviation / stage.spread)]


def speed(stage: Responses) -> list[Tensor]:
    """Change from frame to frame, against the change from place to place."""
    return [_log(stage.changes[1] / (stage.gradient + _TINY))]


def amount(stage: Responses) -> list[Tensor]:
    """Change over 1 and 4 frames, against the spread of a frame."""
    return [_log(stage.changes[lag] / stage.spread) for lag in (1, 4)]


def order(stage: Responses) -> list[Tensor]:
    """How change grows with the distance in time, and how it bends: flat and jagged for frames out of order."""
    grown = [_log(change / stage.spread) for change in stage.changes.values()]
    growth = [later - earlier for earlier, later in pairwise(grown)]
    return [*growth, _log(stage.bend / stage.spread) - grown[0]]


def evenness(stage: Responses) -> list[Tensor]:
    """How much change itself differs from one pair of frames to the next."""
    amounts = torch.log(stage.changes_of_frames[1] / stage.spread + FLOOR).mean(dim=1)
    return [amounts.diff().abs().mean()]


def flicker(stage: Responses) -> list[Tensor]:
    """How much sharpness differs from one frame to the next."""
    sharpness = torch.log(stage.gradient_of_frames / stage.spread + FLOOR).mean(dim=1)
    return [torch.log(sharpness.diff().abs().mean() + FLOOR / 10)]


def sticking(stage: Responses) -> list[Tensor]:
    """How much fine detail changes, against how much all does; and how much of it stays over the whole clip."""
    square, *changes, staying = mean_detail(stage.x, *STICKING_LAGS)
    strength = square.sqrt() + _TINY
    lags = zip(STICKING_LAGS, changes, strict=True)
    moved = [_log(change / strength) - _log(stage.changes[lag] / stage.spread) for lag, change in lags]
    return [*moved, _log(staying.sqrt() / strength)]


def direction(stage: Responses) -> list[Tensor]:
    """Correlation of change with the gradient to the right, downwards, outwards and around: it turns with time's direction.

    Outwards is x * right + y * down, around x * down - y * right. Their sums follow from products summed over time and
    channels, a map each.
    """
    to_right, to_down, right_size, down_size, both, energy = gradient_products(stage.x)
    x = torch.linspace(-1, 1, both.shape[-1], device=both.device)
    y = torch.linspace(-1, 1, both.shape[-2], device=both.device)[:, None]
    ways = (
        (to_right, right_size),
        (to_down, down_size),
        (x * to_right + y * to_down, x * x * right_size + 2 * x * y * both + y * y * down_size),
        (x * to_down - y * to_right, x * x * down_size - 2 * x * y * both + y * y * right_size),
    )
    return [-change.sum() / (energy.sum() * size.sum()).clamp(min=1e-9).sqrt() for change, size in ways]


@dataclass(frozen=True)
class Part:
    """Numbers of some stages of the network: 0 is the frame, 1 the stem, 2 to 8 the stages, 9 the head."""

    measure: Callable[[Responses], list[Tensor]]
    stages: tuple[int, ...]
    weight: float
    spread: float
    """Root of the total variance that these numbers have between real clips: root mean square over 24 of skies, 18 of a
    driving film and 24 rendered ones (docs/protocols.md 3.4)."""


CONTENT_WEIGHT, CONTENT_SPREAD = 0.5, 18.7
PARTS = (
    Part(texture, (0, 1, 2, 3, 4), 1.5, 0.28),
    Part(speed, (0, 1, 3), 0.7, 0.73),
    Part(amount, (1, 3, 5), 0.7, 0.76),
    Part(order, (1, 3, 5, 9), 1.5, 0.24),
    Part(evenness, (1, 3, 5), 0.4, 0.32),
    Part(flicker, (0, 1, 2), 0.4, 0.92),
    Part(sticking, (0, 1, 2), 1.2, 0.34),
    Part(direction, (1, 2, 3), 1.6, 0.34),
)


def describe_clip(network: EfficientNetLite0, frames: Float[Tensor, "t 3 s s"]) -> Float[Tensor, "1 83"]:
    """The row of one clip, whose frames are as the network takes them, at least 9 of 64 px or more."""
    stages = [Responses(x) for x in (frames, *network.maps(frames))]
    content = stages[-1].x.mean(dim=(0, 2, 3)) @ _signs(frames.device)
    rows = [content * (CONTENT_WEIGHT / CONTENT_SPREAD)]
    for part in PARTS:
        found = torch.stack([number for stage in part.stages for number in part.measure(stages[stage])])
        rows.append(found * (part.weight / part.spread))
    return torch.cat(rows)[None]


def _signs(device: torch.device) -> Float[Tensor, "features numbers"]:
    """Random signs that project content to few numbers; distances stay what they are on average (Achlioptas 2003)."""
    signs = numpy_generator(0, "content signs").random((NUM_FEATURES, CONTENT_NUMBERS)) < 0.5
    return (2.0 * torch.from_numpy(signs).float().to(device) - 1) / CONTENT_NUMBERS**0.5


def _log(ratios: Channels) -> Tensor:
    """Mean logarithm over channels."""
    return torch.log(ratios + FLOOR).mean()

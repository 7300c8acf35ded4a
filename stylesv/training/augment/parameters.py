"""What is done to each clip: one transform, the same for all its frames.

ADA paper (Karras et al. 2020), appendix B; docs/model.md 7. Drawing and applying are two steps: parameters are drawn on
the CPU for a whole batch, in the published order, and any part of the batch can be augmented with its rows of them; so
a clip's transform depends on the generator's seed and its place in the batch, not on how the batch is split.
"""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from stylesv.config.training import AugmentTransformSettings
from stylesv.errors import ConfigError
from stylesv.training.augment.color import change_color, draw_color_transform
from stylesv.training.augment.corruption import BAND_MARGIN, draw_band_gains, draw_cutout, draw_noise, filter_bands
from stylesv.training.augment.draws import Draws
from stylesv.training.augment.geometry import draw_inverse_transform, warp


@dataclass(frozen=True)
class AugmentParameters:
    """What is done to each clip of a batch; None where nothing of the kind is switched on."""

    inverse: Float[Tensor, "n 3 3"] | None
    color: Float[Tensor, "n 4 4"] | None
    band_gains: Float[Tensor, "n 4"] | None
    noise: Float[Tensor, "n t c h w"] | None
    cutout: Float[Tensor, "n 1 h w"] | None

    def rows(self, rows: slice | list[int]) -> "AugmentParameters":
        """The parameters of some clips of the batch."""
        parts = (self.inverse, self.color, self.band_gains, self.noise, self.cutout)
        return AugmentParameters(*(None if part is None else part[rows] for part in parts))


def draw_augment(
    draws: Draws, frames_shape: tuple[int, ...], *, probability: float, transforms: AugmentTransformSettings
) -> AugmentParameters | None:
    """Parameters for a batch of clips of shape (n, t, c, h, w); None if `probability` is 0.

    Raises:
        ConfigError: images too small for the band filter.
    """
    if probability <= 0:
        return None
    num_clips, _, _, height, width = frames_shape
    options = {"probability": probability, "transforms": transforms}
    inverse = draw_inverse_transform(draws, num_clips, height=height, width=width, **options)
    color = draw_color_transform(draws, num_clips, **options)
    band_gains = noise = cutout = None
    if transforms.imgfilter > 0:
        if min(height, width) <= BAND_MARGIN:
            raise ConfigError(
                f"augmentation imgfilter needs images larger than {BAND_MARGIN} pixels, these are {width} x {height}; "
                "set imgfilter: 0"
            )
        band_gains = draw_band_gains(draws, num_clips, **options)
    if transforms.noise > 0:
        noise = draw_noise(draws, frames_shape, **options)
    if transforms.cutout > 0:
        cutout = draw_cutout(draws, num_clips, height=height, width=width, **options)
    return AugmentParameters(inverse=inverse, color=color, band_gains=band_gains, noise=noise, cutout=cutout)


def apply_augment(
    frames: Float[Tensor, "n t 3 h w"], parameters: AugmentParameters | None
) -> Float[Tensor, "n t 3 h w"]:
    """Clips in -1..1, augmented; differentiable any number of times. Without parameters the clips themselves."""
    if parameters is None:
        return frames
    if parameters.inverse is not None:
        frames = warp(frames.flatten(1, 2), parameters.inverse).reshape(frames.shape)
    if parameters.color is not None:
        frames = change_color(frames, parameters.color)
    if parameters.band_gains is not None:
        frames = filter_bands(frames.flatten(1, 2), parameters.band_gains).reshape(frames.shape)
    if parameters.noise is not None:
        frames = frames + parameters.noise.to(frames)
    if parameters.cutout is not None:
        frames = frames * parameters.cutout[:, None].to(frames)
    return frames

"""Resolutions and numbers of frames that a model with given settings cannot make or judge."""

import math

from stylesv.config.model import (
    DiscriminatorSettings,
    GeneratorSettings,
    block_channels,
    is_power_of_two,
    layer_channels,
)
from stylesv.config.settings import ModelSettings
from stylesv.errors import ConfigError


def check_model(settings: ModelSettings, *, resolution: int) -> None:
    """Refuse a resolution, a number of frames or a batch that a model cannot make or judge.

    Raises:
        ConfigError: with the value and what is allowed.
    """
    batch, group = settings.training.batch_size, settings.discriminator.mbstd_group_size
    if group is not None and batch % min(group, batch):
        raise ConfigError(
            f"model.training.batch_size {batch} is no multiple of {group}, the clips whose standard deviation is one "
            "statistic (model.discriminator.mbstd_group_size); make it one, or change that"
        )
    check_generator(settings.generator, resolution=resolution)
    check_discriminator(settings.discriminator, resolution=resolution, num_frames=settings.training.num_frames)


def largest_cut(settings: ModelSettings, most: int, *, parts: int) -> int:
    """The largest number of processes, at most `most`, that a batch can be cut for when each takes its share in `parts`.

    Groups of the minibatch statistic stay whole; the path length is measured on single clips. 1 where nothing larger will do.
    """
    training = settings.training
    size = min(settings.discriminator.mbstd_group_size or training.batch_size, training.batch_size)
    numbers = [training.batch_size // size]
    if training.loss.path_length.weight > 0:
        numbers.append(training.batch_size // training.loss.path_length.batch_shrink)
    return max(
        n for n in range(1, min(most, numbers[0]) + 1) if n == 1 or not any(number % (n * parts) for number in numbers)
    )


def check_generator(settings: GeneratorSettings, *, resolution: int) -> None:
    """Refuse a resolution that the generator cannot make.

    Raises:
        ConfigError: with the value and what is allowed.
    """
    _check_resolution(resolution)
    channels = block_channels(settings.channel_base, settings.channel_max, resolution)
    if settings.synthesis is not None:
        channels = layer_channels(settings.channel_base, settings.channel_max, resolution / 2)
        cutoff, stopband = settings.synthesis.first_cutoff, settings.synthesis.first_stopband
        last_stopband = resolution / 2 * settings.synthesis.last_stopband_rel
        if cutoff >= resolution / 2 or stopband > last_stopband:
            raise ConfigError(
                f"first_cutoff {cutoff:g} and first_stopband {stopband:g} must be below those of the last layer at "
                f"{resolution} px, {resolution / 2:g} and {last_stopband:g}; lower them"
            )
    if channels < 1:
        raise ConfigError(
            f"generator channel_base {settings.channel_base} leaves no channel at {resolution} px; raise it"
        )


def check_discriminator(settings: DiscriminatorSettings, *, resolution: int, num_frames: int) -> None:
    """Refuse a resolution and number of frames that the discriminator cannot judge.

    Raises:
        ConfigError: with the value and what is allowed.
    """
    _check_resolution(resolution)
    if num_frames < 1:
        raise ConfigError(f"a clip of {num_frames} frames: the discriminator needs at least 1")
    if num_frames > 1 and settings.concat_res >= resolution:
        raise ConfigError(
            f"concat_res {settings.concat_res} must be below the resolution {resolution}: frames are merged between "
            "blocks, so at least one block must come first; lower concat_res (8 at least) or raise the resolution"
        )
    if num_frames > 1 and settings.architecture == "skip":
        raise ConfigError(f"discriminator architecture skip judges single images, not {num_frames} frames; take resnet")
    channels = block_channels(settings.channel_base, settings.channel_max, resolution)
    if channels < 1:
        raise ConfigError(
            f"discriminator channel_base {settings.channel_base} leaves no channel at {resolution} px; raise it"
        )
    if not settings.tmean:
        merged = block_channels(settings.channel_base, settings.channel_max, settings.concat_res)
        if merged // settings.num_frames_div_factor < 1:
            raise ConfigError(
                f"num_frames_div_factor {settings.num_frames_div_factor} leaves none of the {merged} channels at "
                f"concat_res {settings.concat_res}; lower it"
            )


def _check_resolution(resolution: int) -> None:
    if not is_power_of_two(resolution) or resolution < 16:
        nearest = 2 ** max(4, round(math.log2(max(resolution, 1))))
        raise ConfigError(f"resolution {resolution}: must be a power of two from 16 up, for example {nearest}")

"""Detectors whose trained weights come with packages, as calls: uint8 clips in, rows out (docs/protocols.md 3.4).

Clips, or 16 frames, are taken one after the other: that is fastest on a CPU, whose caches hold them, and a clip's row then does
not depend on the batch that it came in.
"""

from collections.abc import Callable
from functools import lru_cache

import torch
import torch.nn.functional as F
from jaxtyping import Float32, UInt8
from torch import Tensor, nn

from stylesv.config.detector import FeatureDetectorSettings
from stylesv.errors import DetectorError
from stylesv.fetching.packaged_weights import (
    EFFICIENTNET_LITE0,
    TRANSNETV2,
    PackagedWeights,
    load_packaged_weights,
)
from stylesv.metrics.content_and_change import describe_clip
from stylesv.metrics.efficientnet_lite import EfficientNetLite0
from stylesv.metrics.transnet import TransNet

FRAMES_AT_ONCE = 16

Call = Callable[[Tensor], Tensor]


def packaged_call(settings: FeatureDetectorSettings, device: torch.device) -> tuple[str, Call]:
    """SHA-256 of the weights, and the call; of a detector that comes with a package.

    Raises:
        DetectorError: its package is not installed, or holds other weights.
    """
    size, mode = settings.resize_px, settings.resize_filter
    if settings.kind == "transnetv2":
        network = _network(TransNet, TRANSNETV2, device)
        return TRANSNETV2.sha256, lambda clips: _each(clips, 1, lambda clip: _shot_features(network, clip, size, mode))
    network = _network(EfficientNetLite0, EFFICIENTNET_LITE0, device)
    if settings.kind == "content_and_change":
        return EFFICIENTNET_LITE0.sha256, lambda clips: _each(
            clips, 1, lambda clip: describe_clip(network, frames_of_imagenet(clip[0], size, mode))
        )
    rows = network.features if settings.kind == "efficientnet_lite0" else lambda x: network.logits(x).softmax(dim=1)
    return EFFICIENTNET_LITE0.sha256, lambda clips: _each(
        clips[:, 0], FRAMES_AT_ONCE, lambda frames: rows(frames_of_imagenet(frames, size, mode))
    )


def frames_of_imagenet(frames: UInt8[Tensor, "n c h w"], size_px: int, mode: str) -> Float32[Tensor, "n c s s"]:
    """Frames as EfficientNet-Lite was trained on them: (x - 127) / 128; antialiased to `size_px` squares."""
    x = (resize(frames, size_px, mode) - 127) / 128
    return x.contiguous(memory_format=torch.channels_last)


def resize(frames: UInt8[Tensor, "n c h w"], size_px: int, mode: str) -> Float32[Tensor, "n c s s"]:
    """Frames from 0 to 255, antialiased to `size_px` squares (`mode`: bilinear or bicubic)."""
    x = frames.float()
    if x.shape[-2:] == (size_px, size_px):
        return x
    return F.interpolate(x, size=(size_px, size_px), mode=mode, antialias=True)


def _shot_features(network: TransNet, clips: Tensor, size_px: int, mode: str) -> Tensor:
    """What TransNet V2 compares frames by, the mean of each stage over a frame, averaged over time."""
    x = resize(clips[0], size_px, mode).transpose(0, 1)[None] / 255
    stages = network(x.contiguous(memory_format=torch.channels_last_3d))
    return torch.cat([stage.mean(dim=(2, 3, 4)) for stage in stages], dim=1)


def _each(clips: Tensor, at_once: int, rows: Call) -> Tensor:
    return torch.cat([rows(part) for part in clips.split(at_once)])


@lru_cache(maxsize=4)
def _network(kind: type[nn.Module], weights: PackagedWeights, device: torch.device) -> nn.Module:
    try:
        network = kind(load_packaged_weights(weights))
    except KeyError as error:
        raise DetectorError(
            f"package {weights.package}: {weights.file} has no tensor {error.args[0]!r}; install it again"
        ) from error
    return network.eval().requires_grad_(False).to(device)

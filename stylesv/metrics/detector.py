"""Feature networks behind one call: uint8 clips in, rows out; checked by hash and output (docs/protocols.md 3)."""

import hashlib
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import Float32, UInt8
from torch import Tensor, nn

from stylesv.config.detector import RANDOM_I3D, DetectorKind, FeatureDetectorSettings
from stylesv.errors import DetectorError
from stylesv.files import file_sha256
from stylesv.metrics.i3d import I3D, random_i3d
from stylesv.metrics.i3d_weights import load_public_i3d
from stylesv.metrics.packaged_detectors import packaged_call


@dataclass(frozen=True)
class Detector:
    """A feature network with its name and the SHA-256 of its weights or file.

    `call` takes uint8 clips `n t c h w` on `device` and gives features `n d`.
    """

    name: str
    sha256: str
    feature_dim: int
    device: torch.device
    call: Callable[[Tensor], Tensor]

    @torch.inference_mode()
    def __call__(self, clips: UInt8[Tensor, "n t c h w"]) -> Float32[Tensor, "n d"]:
        """Features of clips in three colours, on the CPU.

        Raises:
            DetectorError: clips have another number of channels; features are not `n feature_dim` or not finite.
        """
        if clips.shape[2] != 3:
            raise DetectorError(
                f"detector {self.name}: clips have {clips.shape[2]} channels, expected 3 (red, green, blue); "
                "give clips of shape n t c h w"
            )
        # Full float32 and fixed algorithms, so that a GPU gives the CPU's features up to rounding.
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
            features = self.call(clips.to(self.device)).float().cpu()
        expected = (clips.shape[0], self.feature_dim)
        if tuple(features.shape) != expected:
            raise DetectorError(
                f"detector {self.name}: features have shape {tuple(features.shape)}, expected {expected}; "
                "it is not the network that this metric needs, or feature_dim of the protocol is wrong"
            )
        bad = int((~features.isfinite()).any(dim=1).sum())
        if bad:
            raise DetectorError(
                f"detector {self.name}: features of {bad} of {len(clips)} clips are not finite; "
                "the file is damaged or is not the network that this metric needs"
            )
        return features


def load_detector(
    settings: FeatureDetectorSettings,
    *,
    file: Path | None = None,
    probabilities: bool = False,
    device: str | torch.device = "cpu",
) -> Detector:
    """The detector of a protocol; `file` is its file, None for random-i3d and for those of packages.

    With `probabilities`, the logits of random-i3d become probabilities, so that inception scores can be tried.

    Raises:
        DetectorError: the file is missing, has another hash, is not what its kind says, or fails on a grey clip; or the
            package is not installed.
    """
    device = torch.device(device)
    if settings.is_random:
        network = random_i3d()
        return _own_detector(network, settings, weights_sha256(network), device, probabilities=probabilities)
    if settings.is_packaged:
        sha256, call = packaged_call(settings, device)
        return Detector(settings.name, sha256, settings.feature_dim, device, call)
    if file is None:
        raise DetectorError(
            f"detector {settings.name} is a file: fetch it with workflow_scripts/fetch.py or put it into "
            "results/detectors, and name it"
        )
    sha256 = check_file(Path(file), settings.sha256)
    if settings.kind == "i3d_weights":
        return _own_detector(load_public_i3d(Path(file)), settings, sha256, device)
    return _script_detector(Path(file), settings, sha256, device)


def check_file(file: Path, sha256: str | None) -> str:
    """SHA-256 of a detector's file, which must be the expected one if there is one.

    Raises:
        DetectorError: the file cannot be read or has another hash.
    """
    try:
        found = file_sha256(file)
    except OSError as error:
        raise DetectorError(
            f"{file}: cannot be read ({error.strerror}); give {RANDOM_I3D} or the path of the detector's file"
        ) from error
    if sha256 is not None and found != sha256:
        raise DetectorError(
            f"{file}: has SHA-256 {found}, expected {sha256}; delete it to fetch it again, or mend the protocol"
        )
    return found


def resize_frames(clips: UInt8[Tensor, "n t c h w"], *, size_px: int, mode: str) -> Float32[Tensor, "n c t s s"]:
    """Frames in [-1, 1], antialiased to `size_px` squares (`mode`: bilinear or bicubic), channels before time."""
    n, t = clips.shape[:2]
    frames = clips.flatten(0, 1).float() / 127.5 - 1
    if frames.shape[-2:] != (size_px, size_px):
        frames = F.interpolate(frames, size=(size_px, size_px), mode=mode, antialias=True)
    return frames.unflatten(0, (n, t)).transpose(1, 2)


def weights_sha256(network: nn.Module) -> str:
    """SHA-256 over every tensor's name, shape and little-endian float32 bytes, in the order of names."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().astype("<f4").tobytes())
    return digest.hexdigest()


def _own_detector(
    network: I3D,
    settings: FeatureDetectorSettings,
    sha256: str,
    device: torch.device,
    *,
    probabilities: bool = False,
) -> Detector:
    network.to(device=device, memory_format=torch.channels_last_3d)  # twice as fast on a CPU

    def call(clips: Tensor) -> Tensor:
        frames = resize_frames(clips, size_px=settings.resize_px, mode=settings.resize_filter)
        logits = network(frames.contiguous(memory_format=torch.channels_last_3d))
        return logits.softmax(dim=1) if probabilities else logits

    return Detector(settings.name, sha256, settings.feature_dim, device, call)


def _script_detector(path: Path, settings: FeatureDetectorSettings, sha256: str, device: torch.device) -> Detector:
    if settings.sha256 is None and zipfile.is_zipfile(path):
        print(
            f"warning: {path}: a TorchScript file is a program, which runs with your rights, and nobody says which one this is; "
            f"if you trust it, write its SHA-256 {sha256} into the protocol (detector.sha256), and another is refused",
            file=sys.stderr,
            flush=True,
        )
    try:
        module = torch.jit.load(str(path), map_location=device).eval()
    except RuntimeError as error:
        raise DetectorError(f"{path}: is not a TorchScript file ({_last_line(error)})") from error
    call = _call_of(settings.kind, module)
    frames = 1 if settings.kind.startswith("inception_") else 16
    grey = torch.full((1, frames, 3, 64, 64), 128, dtype=torch.uint8, device=device)
    try:
        with torch.inference_mode():
            shape = tuple(call(grey).shape)
    except (RuntimeError, AttributeError) as error:
        raise DetectorError(f"{path}: cannot be called as {settings.kind} ({_last_line(error)})") from error
    if shape != (1, settings.feature_dim):
        raise DetectorError(
            f"{path}: gives shape {shape} for one clip, expected (1, {settings.feature_dim}): it is not the network "
            "that this protocol names, or feature_dim is wrong"
        )
    return Detector(settings.name, sha256, settings.feature_dim, device, call)


def _call_of(kind: DetectorKind, module: nn.Module) -> Callable[[Tensor], Tensor]:
    """The papers' way of calling each kind (docs/protocols.md 3.1); frames reach a network of images one by one."""

    def channels_before_time(clips: Tensor) -> Tensor:
        return clips.transpose(1, 2).contiguous()

    calls: dict[str, Callable[[Tensor], Tensor]] = {
        "i3d_torchscript": lambda clips: module(
            channels_before_time(clips), rescale=True, resize=True, return_features=True
        ),
        "encoder_torchscript": lambda clips: module(channels_before_time(clips)),
        "inception_torchscript": lambda clips: module(clips.flatten(0, 1), return_features=True),
        "inception_probabilities": lambda clips: module(clips.flatten(0, 1), no_output_bias=True),
        "c3d_probabilities": lambda clips: module(channels_before_time(clips)),
    }
    return calls[kind]


def _last_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip() if lines else type(error).__name__

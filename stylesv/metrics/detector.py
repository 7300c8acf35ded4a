"""Feature networks: the random I3D, or the papers' TorchScript files (SPEC section 8), checked by hash and output."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float32, UInt8
from torch import Tensor, nn

from stylesv.config.protocol import RANDOM_I3D
from stylesv.errors import DetectorError
from stylesv.metrics.i3d import NUM_LOGITS, random_i3d

Metric = Literal["frechet_video", "frechet_image"]


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
                "it is not the network that this metric needs"
            )
        bad = int((~features.isfinite()).any(dim=1).sum())
        if bad:
            raise DetectorError(
                f"detector {self.name}: features of {bad} of {len(clips)} clips are not finite; "
                "the file is damaged or is not the network that this metric needs"
            )
        return features


def load_detector(
    name_or_path: str | Path,
    *,
    metric: Metric,
    sha256: str | None = None,
    resize_px: int | None = None,
    resize_filter: str | None = None,
    device: str | torch.device = "cpu",
) -> Detector:
    """The detector of a protocol: `random-i3d`, or the path of a TorchScript file.

    `resize_px` and `resize_filter` are for random-i3d, `sha256` (checked if given) for a file.

    Raises:
        DetectorError: the file is missing, has another hash, is not TorchScript, or fails on a grey clip.
    """
    device = torch.device(device)
    if str(name_or_path) == RANDOM_I3D:
        if resize_px is None or resize_filter is None:
            raise DetectorError(f"{RANDOM_I3D} needs resize_px and resize_filter; set them in the protocol")
        return _random_detector(resize_px, resize_filter, device)
    return _file_detector(Path(name_or_path), metric, sha256, device)


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


def _random_detector(resize_px: int, resize_filter: str, device: torch.device) -> Detector:
    network = random_i3d()
    sha256 = weights_sha256(network)
    network.to(device=device, memory_format=torch.channels_last_3d)  # twice as fast on a CPU

    def call(clips: Tensor) -> Tensor:
        frames = resize_frames(clips, size_px=resize_px, mode=resize_filter)
        return network(frames.contiguous(memory_format=torch.channels_last_3d))

    return Detector(RANDOM_I3D, sha256, NUM_LOGITS, device, call)


def _file_detector(path: Path, metric: Metric, sha256: str | None, device: torch.device) -> Detector:
    if path.stem.startswith("random-"):
        raise DetectorError(f"{path}: names that begin with random- are kept for random detectors; rename the file")
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DetectorError(
            f"{path}: cannot be read ({error.strerror}); give {RANDOM_I3D} or the path of a TorchScript file"
        ) from error
    if sha256 is not None and found != sha256:
        raise DetectorError(f"{path}: has SHA-256 {found}, expected {sha256}; fetch it again or mend the protocol")
    try:
        module = torch.jit.load(str(path), map_location=device).eval()
    except RuntimeError as error:
        raise DetectorError(f"{path}: is not a TorchScript file ({_first_line(error)})") from error

    def call_video(clips: Tensor) -> Tensor:
        return module(clips.transpose(1, 2).contiguous(), rescale=True, resize=True, return_features=True)

    def call_image(clips: Tensor) -> Tensor:
        return module(clips.flatten(0, 1), return_features=True)

    call = call_video if metric == "frechet_video" else call_image
    grey = torch.full((1, 16 if metric == "frechet_video" else 1, 3, 64, 64), 128, dtype=torch.uint8, device=device)
    try:
        with torch.inference_mode():
            shape = tuple(call(grey).shape)
    except (RuntimeError, AttributeError) as error:
        raise DetectorError(f"{path}: cannot be called as the detector of {metric} ({_first_line(error)})") from error
    if len(shape) != 2 or shape[0] != 1:
        raise DetectorError(f"{path}: gives shape {shape} for one clip, expected (1, features)")
    return Detector(path.stem, found, shape[1], device, call)


def _first_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip() if lines else type(error).__name__

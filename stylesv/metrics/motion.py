"""How clips move, as numbers of single clips: frame differences, optical flow, directions, repetition (docs/protocols.md 7.3).

A Fréchet distance of clips hardly sees whether they move. These numbers do; what is right is what real clips have, so they are
measured of both sides alike, and compared in `stylesv.metrics.motion_comparison`.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float32, UInt8
from torch import Tensor

from stylesv.metrics.artefacts import repetition
from stylesv.metrics.optical_flow import measure_flow
from stylesv.records.motion import LAGS, MIN_FLOW_RELATIVE, NUMBERS

FIELD_SIDE = 16  # cells a side of the mean flow field
CONTENT_SIDE = 16  # pixels a side of the small picture that stands for a clip's content


@dataclass(frozen=True)
class ClipMotion:
    """The motion of clips: frames of each, the numbers of `NUMBERS` (NaN where one has no meaning), the mean flow (x, y in
    pixels a frame) in cells of the picture, and its first frame in small."""

    num_frames: int
    numbers: Float32[np.ndarray, "n numbers"]
    field: Float32[np.ndarray, "n side side 2"]
    content: Float32[np.ndarray, "n pixels"]

    @classmethod
    def from_rows(cls, rows: Float32[np.ndarray, "n row"]) -> "ClipMotion":
        """What `as_rows` made."""
        edges = np.cumsum([1, len(NUMBERS), 2 * FIELD_SIDE**2])
        frames, numbers, field, content = np.split(rows, edges, axis=1)
        return cls(int(frames[0, 0]), numbers, field.reshape(-1, FIELD_SIDE, FIELD_SIDE, 2), content)

    def as_rows(self) -> Float32[np.ndarray, "n row"]:
        """One row for each clip, as shards and files of features keep them."""
        frames = np.full((len(self.numbers), 1), self.num_frames, np.float32)
        return np.concatenate([frames, self.numbers, self.field.reshape(len(frames), -1), self.content], axis=1)

    def of(self, name: str) -> Float32[np.ndarray, "n"]:
        """One of the numbers, of every clip."""
        return self.numbers[:, list(NUMBERS).index(name)]


def measure_motion(clips: UInt8[Tensor, "n t c h w"]) -> Float32[np.ndarray, "n row"]:
    """The motion of clips with neighbouring frames, as rows of `ClipMotion`."""
    found = [_motion_of_clip(clip.cpu()) for clip in clips]
    numbers, field, content = (np.stack(parts).astype(np.float32) for parts in zip(*found, strict=True))
    return ClipMotion(clips.shape[1], numbers, field, content).as_rows()


def frame_difference(clip: UInt8[Tensor, "t c h w"], lag: int) -> float:
    """Mean absolute difference of frames `lag` apart, in grey levels (0 to 255), over channels; NaN in shorter clips."""
    if len(clip) <= lag:
        return float("nan")
    return float((clip[lag:].short() - clip[:-lag].short()).abs().double().mean())


def flow_change(flow: Float32[np.ndarray, "t h w 2"]) -> float:
    """How unsteady the flow is: its mean change from one pair of frames to the next, over its mean size.

    0 where everything goes on as it went, about 1.4 where each flow is drawn anew. NaN where there is no flow, or only one.
    """
    size = _mean_length(flow)
    return _mean_length(np.diff(flow, axis=0)) / size if len(flow) > 1 and size > 0 else float("nan")


def _motion_of_clip(
    clip: UInt8[Tensor, "t c h w"],
) -> tuple[Float32[np.ndarray, "numbers"], Float32[np.ndarray, "side side 2"], Float32[np.ndarray, "pixels"]]:
    grey = clip.float().mean(dim=1)  # t h w
    flow = measure_flow(grey.round().byte().numpy())
    relative = 100 * _mean_length(flow) / clip.shape[3]
    change = flow_change(flow) if relative > MIN_FLOW_RELATIVE else float("nan")
    numbers = [frame_difference(clip, lag) for lag in LAGS]
    numbers += [_mean_length(flow), relative, change, _repetition(grey)]
    mean_flow = torch.from_numpy(flow).mean(dim=0).permute(2, 0, 1)  # 2 h w
    field = F.adaptive_avg_pool2d(mean_flow, FIELD_SIDE).permute(1, 2, 0)
    content = F.adaptive_avg_pool2d(clip[0].float(), CONTENT_SIDE).flatten()
    return np.array(numbers, np.float32), field.numpy(), content.numpy()


def _mean_length(flow: Float32[np.ndarray, "*_ 2"]) -> float:
    return float(np.linalg.norm(flow, axis=-1).mean(dtype=np.float64))


def _repetition(grey: Tensor) -> float:
    """NaN for clips too short to repeat anything."""
    return repetition(grey) if len(grey) >= 8 else float("nan")

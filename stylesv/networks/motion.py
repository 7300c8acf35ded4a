"""From motion noise at anchors to codes at anchors: by convolution along time, or by an LSTM (docs/model.md 2.2).

Noise stands at anchors `motion_z_distance` frames apart and is drawn outside of the network. Only the anchors that the
given times need are computed, so that a long clip can be made in chunks; the published code computes all of them for
every chunk.
"""

import math

import torch
from jaxtyping import Float, Int, Real
from torch import Tensor, nn

from stylesv.networks.layers import Conv1d, require_labels
from stylesv.networks.time_encoding import TimeEncoder
from stylesv.ops.backend import is_recorded

RecurrentState = tuple[Float[Tensor, "1 n m"], Float[Tensor, "1 n m"]]
"""Of an LSTM: its output and its cell."""


class ConvolvedCodes(nn.Module):
    """Two convolutions over the noise without padding (StyleGAN-V section 3.1)."""

    needs_all = False  # a code depends on its neighbours alone

    def __init__(self, noise_dim: int, code_dim: int, *, class_dim: int, kernel_size: int):
        super().__init__()
        self.class_dim = class_dim
        self.reach = 2 * (kernel_size - 1)  # anchors of noise needed beyond the last code
        self.conv = nn.Sequential(
            Conv1d(noise_dim + class_dim, noise_dim, kernel_size=kernel_size),
            Conv1d(noise_dim, code_dim, kernel_size=kernel_size),
        )

    def forward(
        self,
        noise: Float[Tensor, "n k m"],
        first: Int[Tensor, "n t"],
        *,
        count: int,
        labels: Tensor | None = None,
        before: None = None,
    ) -> Float[Tensor, "n t count v"]:
        """Codes at the anchors `first`, `first` + 1, ..., `count` of them for each time; nothing before them counts."""
        n, t = first.shape
        noise = join_labels(noise, labels, self.class_dim)
        windows = gather_anchors(noise, first, count + self.reach)  # (n, t, count + reach, m)
        codes = self.conv(windows.flatten(0, 1).transpose(1, 2))
        return codes.transpose(1, 2).reshape(n, t, count, -1)


class RecurrentCodes(nn.Module):
    """The states of an LSTM that reads the noise from the first anchor on."""

    reach = 0
    needs_all = True  # a code depends on all anchors before it

    def __init__(self, noise_dim: int, *, class_dim: int):
        super().__init__()
        self.class_dim = class_dim
        self.rnn = nn.LSTM(noise_dim + class_dim, noise_dim, batch_first=True)

    def forward(
        self,
        noise: Float[Tensor, "n k m"],
        first: Int[Tensor, "n t"],
        *,
        count: int,
        labels: Tensor | None = None,
        before: RecurrentState | None = None,
    ) -> Float[Tensor, "n t count v"]:
        """Codes at the anchors `first`, `first` + 1, ..., `count` of them for each time.

        `before`: the state after the anchors that come before those of `noise`; None: there are none.
        """
        codes, _ = self.rnn(join_labels(noise, labels, self.class_dim), before)
        return gather_anchors(codes, first, count)

    def state_after(
        self, noise: Float[Tensor, "n k m"], *, labels: Tensor | None = None, before: RecurrentState | None = None
    ) -> RecurrentState:
        """The state after the anchors of `noise`, for noise that goes on there."""
        return self.rnn(join_labels(noise, labels, self.class_dim), before)[1]


class MotionEncoder(nn.Module):
    """Motion noise and times to the motion code of each frame (docs/model.md 2.2 to 2.4)."""

    def __init__(self, anchor_codes: ConvolvedCodes | RecurrentCodes, time_encoder: TimeEncoder, *, distance: int):
        """`distance`: frames between anchors."""
        super().__init__()
        self.anchor_codes = anchor_codes
        self.time_encoder = time_encoder
        self.distance = distance

    def noise_length(self, max_time: float | int) -> int:
        """Anchors of noise that frames up to `max_time` (in frames, at least 0) need."""
        return self.first_anchor(max_time) + self.time_encoder.num_anchors + self.anchor_codes.reach

    def first_anchor(self, time: float | int) -> int:
        """The first anchor whose code a frame at `time` (in frames, at least 0) needs."""
        return math.floor(time / self.distance)

    def state_after(
        self, noise: Float[Tensor, "n k m"], labels: Float[Tensor, "n c"] | None, before: RecurrentState | None
    ) -> RecurrentState:
        """What later anchors need to know of those of `noise`, which come after `before`, of codes that need all anchors."""
        return self.anchor_codes.state_after(noise, labels=labels, before=before)

    def forward(
        self,
        times: Real[Tensor, "n t"],
        noise: Float[Tensor, "n k m"],
        labels: Float[Tensor, "n c"] | None = None,
        *,
        time_offset: Real[Tensor, "n"] | None = None,
        first_anchor: int = 0,
        before: RecurrentState | None = None,
    ) -> Float[Tensor, "n t v"]:
        """Motion codes; `time_offset` (frames per clip, in training only) shifts the Fourier encoding of time.

        Times count in float64, so that a fraction of a frame survives after a million frames. `first_anchor` is that of the
        first noise, of a clip's later part; `before` what `state_after` says of the anchors before it.
        """
        times = times.double()
        first = torch.floor(times / self.distance)
        left_times = first * self.distance
        places = first.long() - first_anchor
        codes = self.anchor_codes(noise, places, count=self.time_encoder.num_anchors, labels=labels, before=before)
        u = ((times - left_times) / self.distance).to(noise.dtype)
        if time_offset is not None:
            left_times = left_times + time_offset.double()[:, None]
            times = times + time_offset.double()[:, None]
        return self.time_encoder(codes, u, times=times, left_times=left_times, distance=self.distance, labels=labels)


def join_labels(noise: Float[Tensor, "n k m"], labels: Tensor | None, class_dim: int) -> Float[Tensor, "n k i"]:
    """The noise with the clip's label at every anchor."""
    if class_dim == 0:
        return noise
    labels = require_labels(labels, class_dim)
    return torch.cat([noise, labels[:, None].expand(-1, noise.shape[1], -1)], dim=2)


def gather_anchors(
    values: Float[Tensor, "n k m"], first: Int[Tensor, "n t"], count: int
) -> Float[Tensor, "n t count m"]:
    """`count` neighbouring anchors from each of `first` on."""
    index = first[:, :, None] + torch.arange(count, device=first.device)
    if not is_recorded() and not index.is_cuda and not 0 <= int(index.min()) <= int(index.max()) < values.shape[1]:
        raise ValueError(
            f"motion noise has {values.shape[1]} anchors, but the times need anchors {int(index.min())} to "
            f"{int(index.max())}; times start at 0, and `motion_noise_length` tells how much noise to draw"
        )
    clip = torch.arange(values.shape[0], device=values.device)[:, None, None]  # `len` would be a constant of an export
    return values[clip, index]

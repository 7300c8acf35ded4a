"""Motion codes of late frames, without what lies before them.

In float32, rounding of a period grows with time into an error of phase: a code at frame 1,000,000 then depends on the batch
that it is computed in. So the codes of late frames are computed in float64, from the noise at the anchors that they need.
Codes by an LSTM depend on all anchors before; its state is carried along, and a part made alone runs up to it.
"""

import copy

from jaxtyping import Float
from torch import Tensor

from stylesv.generation.latents import EndlessNoise
from stylesv.networks.generator import Generator

FAR = 1024
"""Frames from which on times are far. Earlier codes, and so all that is scored of a film's beginning, are as they ever were."""
_ANCHORS_AT_ONCE = 1024  # that an LSTM reads on its way


class FarMotion:
    """Motion codes of some clips at later and later times."""

    def __init__(self, generator: Generator, noise: EndlessNoise, labels: Float[Tensor, "n c"] | None):
        self._encoder = copy.deepcopy(generator.synthesis.motion_encoder).double()
        self._noise = noise
        self._labels = None if labels is None else labels.double()
        self._dtype = next(generator.synthesis.motion_encoder.parameters()).dtype
        self._begin()

    def _begin(self) -> None:
        self._reader = self._noise.reader()
        self._anchor, self._before = 0, None

    def at(self, times: Float[Tensor, "t"]) -> Float[Tensor, "n t v"]:
        """Codes at the times, on the generator's device."""
        device = next(self._encoder.parameters()).device
        first = self._encoder.first_anchor(float(times.min()))
        if first < self._anchor:
            self._begin()
        while self._needs_all and self._anchor < first:
            stop = min(first, self._anchor + _ANCHORS_AT_ONCE)
            noise = self._reader.read(self._anchor, stop).to(device).double()
            self._before = self._encoder.state_after(noise, self._labels, self._before)
            self._anchor = stop
        self._anchor = first
        noise = self._reader.read(first, self._encoder.noise_length(float(times.max()))).to(device).double()
        t = times.double().to(device).expand(len(noise), -1)
        codes = self._encoder(t, noise, self._labels, first_anchor=first, before=self._before)
        return codes.to(self._dtype)

    @property
    def _needs_all(self) -> bool:
        return self._encoder.anchor_codes.needs_all

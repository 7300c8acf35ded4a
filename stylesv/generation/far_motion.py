"""Motion codes of late frames, without what lies before them.

In float32, rounding of a period grows with time into an error of phase: a code at frame 1,000,000 then depends on the batch
that it is computed in. So the codes of late frames are computed in float64, from the noise at the anchors that they need.
Codes by an LSTM depend on all anchors before; its state is carried along, and a part made alone runs up to it.
"""

import copy

from jaxtyping import Float
from torch import Tensor

from stylesv.generation.latents import EndlessNoise, NoiseReader
from stylesv.networks.generator import Generator
from stylesv.networks.motion import MotionEncoder

FAR = 1024
"""Frames from which on times are far. Earlier codes, and so all that is scored of a film's beginning, are as they ever were."""
_ANCHORS_AT_ONCE = 1024  # that an LSTM reads on its way


def exact_encoder(generator: Generator) -> MotionEncoder:
    """A copy of the generator's motion encoder that computes in float64."""
    return copy.deepcopy(generator.synthesis.motion_encoder).double()


class FarMotion:
    """Motion codes of some clips; no time is before the earliest one, up to which all is drawn and run once."""

    def __init__(
        self, encoder: MotionEncoder, noise: EndlessNoise, labels: Float[Tensor, "n c"] | None, *, earliest: float
    ):
        """`encoder`: that of `exact_encoder`."""
        self._encoder = encoder
        self._device = next(self._encoder.parameters()).device
        self._labels = None if labels is None else labels.double()
        self._anchor, self._before = 0, None
        self._run_to(self._encoder.first_anchor(earliest), noise.reader())
        self._begin = self._anchor, self._before
        self._reader = noise.reader()
        self._reader.read(self._anchor, self._anchor)  # it keeps the place that it begins at

    def at(self, times: Float[Tensor, "t"]) -> Float[Tensor, "n t v"]:
        """Codes at the times, float64, on the generator's device."""
        first = self._encoder.first_anchor(float(times.min()))
        if first < self._anchor:
            self._anchor, self._before = self._begin
        self._run_to(first, self._reader)
        noise = self._read(self._reader, first, self._encoder.noise_length(float(times.max())))
        t = times.double().to(self._device).expand(len(noise), -1)
        return self._encoder(t, noise, self._labels, first_anchor=first, before=self._before)

    def _run_to(self, first: int, reader: NoiseReader) -> None:
        """Carry what a later anchor needs to know of those before it."""
        while self._needs_all and self._anchor < first:
            stop = min(first, self._anchor + _ANCHORS_AT_ONCE)
            noise = self._read(reader, self._anchor, stop)
            self._before = self._encoder.state_after(noise, self._labels, self._before)
            self._anchor = stop
        self._anchor = first

    def _read(self, reader: NoiseReader, first: int, stop: int) -> Float[Tensor, "n k m"]:
        return reader.read(first, stop).to(self._device).double()

    @property
    def _needs_all(self) -> bool:
        return self._encoder.anchor_codes.needs_all

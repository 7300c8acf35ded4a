"""Layer design of the alias-free generator: frequencies, sizes and filters of each layer.

StyleGAN3 section 3 and appendix C; docs/model.md 2.6. Rates are in samples, frequencies in cycles per image width.
"""

import math
from dataclasses import dataclass

import numpy as np
import scipy.special
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from stylesv.config.model import SynthesisSettings, layer_channels


@dataclass(frozen=True)
class InputDesign:
    """The Fourier features that the first layer sees."""

    channels: int
    size: int
    sampling_rate: int
    bandwidth: float


@dataclass(frozen=True)
class LayerDesign:
    """One layer: convolution at the input's rate, non-linearity at `tmp_rate`, output at `out_rate`."""

    name: str
    in_channels: int
    out_channels: int
    in_size: int
    out_size: int
    in_rate: int
    out_rate: int
    tmp_rate: int
    in_cutoff: float
    out_cutoff: float
    in_half_width: float
    out_half_width: float
    conv_kernel: int
    filter_size: int
    is_torgb: bool
    is_critical: bool
    use_radial_filters: bool

    @property
    def up(self) -> int:
        """Up-sampling before the non-linearity."""
        return self.tmp_rate // self.in_rate

    @property
    def down(self) -> int:
        """Down-sampling after the non-linearity."""
        return self.tmp_rate // self.out_rate

    @property
    def up_taps(self) -> int:
        """Taps of the filter before the non-linearity; 1: none."""
        return 1 if self.is_torgb or self.up == 1 else self.filter_size * self.up

    @property
    def down_taps(self) -> int:
        """Taps of the filter after the non-linearity; 1: none."""
        return 1 if self.is_torgb or self.down == 1 else self.filter_size * self.down

    @property
    def down_radial(self) -> bool:
        """Whether the filter after the non-linearity is radially symmetric."""
        return self.use_radial_filters and not self.is_critical

    @property
    def padding(self) -> tuple[int, int, int, int]:
        """(x0, x1, y0, y1) at `tmp_rate`, negative to crop, such that the output has `out_size`."""
        conv_size = self.in_size + self.conv_kernel - 1
        total = (self.out_size - 1) * self.down + 1 - conv_size * self.up + self.up_taps + self.down_taps - 2
        low = (total + self.up) // 2
        return (low, total - low, low, total - low)

    def up_filter(self) -> Float[Tensor, "taps"] | None:
        """The low-pass filter before the non-linearity; None: identity."""
        return low_pass(self.up_taps, cutoff=self.in_cutoff, width=2 * self.in_half_width, rate=self.tmp_rate)

    def down_filter(self) -> Float[Tensor, "taps"] | Float[Tensor, "taps taps"] | None:
        """The low-pass filter after the non-linearity; None: identity."""
        design = radial_low_pass if self.down_radial else low_pass
        return design(self.down_taps, cutoff=self.out_cutoff, width=2 * self.out_half_width, rate=self.tmp_rate)

    def uses_half(self, resolution: int, num_fp16_res: int) -> bool:
        """Whether the layer is one of those that may run in half precision."""
        return self.out_rate * 2**num_fp16_res > resolution


@dataclass(frozen=True)
class SynthesisDesign:
    """The whole synthesis network: its input and its layers, the last one to RGB."""

    input: InputDesign
    layers: tuple[LayerDesign, ...]


def design_synthesis(
    settings: SynthesisSettings, *, resolution: int, image_channels: int, channel_base: int, channel_max: int
) -> SynthesisDesign:
    """Frequencies grow geometrically from the first layer to the first critical one; everything else follows."""
    num_layers = settings.num_layers
    exponents = np.minimum(np.arange(num_layers + 1) / (num_layers - settings.num_critical), 1)
    last_cutoff = resolution / 2
    last_stopband = last_cutoff * settings.last_stopband_rel
    cutoffs = settings.first_cutoff * (last_cutoff / settings.first_cutoff) ** exponents
    stopbands = settings.first_stopband * (last_stopband / settings.first_stopband) ** exponents
    rates = [int(2 ** math.ceil(math.log2(min(2 * stopband, resolution)))) for stopband in stopbands]
    sizes = [rate + 2 * settings.margin_size for rate in rates[:-2]] + [resolution] * 2
    channels = [layer_channels(channel_base, channel_max, cutoff) for cutoff in cutoffs[:-1]] + [image_channels]
    half_widths = np.maximum(stopbands, np.array(rates) / 2) - cutoffs

    layers = []
    for out in range(num_layers + 1):
        source = max(out - 1, 0)
        is_torgb = out == num_layers
        layers.append(
            LayerDesign(
                name=f"L{out}_{sizes[out]}_{channels[out]}",
                in_channels=channels[source],
                out_channels=channels[out],
                in_size=sizes[source],
                out_size=sizes[out],
                in_rate=rates[source],
                out_rate=rates[out],
                tmp_rate=max(rates[source], rates[out]) * (1 if is_torgb else settings.lrelu_upsampling),
                in_cutoff=float(cutoffs[source]),
                out_cutoff=float(cutoffs[out]),
                in_half_width=float(half_widths[source]),
                out_half_width=float(half_widths[out]),
                conv_kernel=1 if is_torgb else settings.conv_kernel,
                filter_size=settings.filter_size,
                is_torgb=is_torgb,
                is_critical=out >= num_layers - settings.num_critical,
                use_radial_filters=settings.use_radial_filters,
            )
        )
    return SynthesisDesign(InputDesign(channels[0], sizes[0], rates[0], float(cutoffs[0])), tuple(layers))


def low_pass(taps: int, *, cutoff: float, width: float, rate: int) -> Float[Tensor, "taps"] | None:
    """A Kaiser-windowed low-pass filter of unit sum; None for one tap.

    The numbers are those of `scipy.signal.firwin`, whose import alone takes every job longer than building all networks.
    """
    if taps == 1:
        return None
    place = np.arange(taps) - (taps - 1) / 2
    values = np.sinc(cutoff / (rate / 2) * place) * _kaiser_window(taps, width / (rate / 2))
    return torch.as_tensor(values / values.sum(), dtype=torch.float32)


def radial_low_pass(taps: int, *, cutoff: float, width: float, rate: int) -> Float[Tensor, "taps taps"] | None:
    """The radially symmetric counterpart: a jinc, windowed along x and y; None for one tap."""
    if taps == 1:
        return None
    x = (np.arange(taps) - (taps - 1) / 2) / rate
    radius = np.hypot(*np.meshgrid(x, x))
    jinc = scipy.special.j1(2 * cutoff * np.pi * radius) / (np.pi * radius)
    window = _kaiser_window(taps, width / (rate / 2))
    values = jinc * np.outer(window, window)
    return torch.as_tensor(values / values.sum(), dtype=torch.float32)


def _kaiser_window(taps: int, width: float) -> Float64[np.ndarray, "taps"]:
    """The window whose filter has a transition of `width`, as a share of half the rate (Kaiser 1974)."""
    attenuation = 2.285 * (taps - 1) * np.pi * width + 7.95  # dB
    beta = 0.0
    if attenuation > 50:
        beta = 0.1102 * (attenuation - 8.7)
    elif attenuation > 21:
        beta = 0.5842 * (attenuation - 21) ** 0.4 + 0.07886 * (attenuation - 21)
    place = (np.arange(taps) - (taps - 1) / 2) / ((taps - 1) / 2)
    return scipy.special.i0(beta * np.sqrt(1 - place**2)) / scipy.special.i0(beta)

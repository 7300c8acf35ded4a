"""Layers with equalised learning rate, shared by generator and discriminator (docs/model.md 1.2 and 3.1).

Weights are stored with unit variance over the learning-rate multiplier and scaled at run time, so that Adam's steps
have the same relative size in every layer (Progressive GAN section 4.1).
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from stylesv.ops import bias_act, conv2d_resample, setup_filter

RESAMPLE_TAPS = [1, 3, 3, 1]  # low-pass filter of StyleGAN2, docs/model.md 3.1


def add_weight(module: nn.Module, name: str, value: Tensor | None, *, trainable: bool = True) -> None:
    """Register a trained weight as a parameter, a frozen one as a buffer of the same name, None as no weight."""
    if value is None:
        module.register_parameter(name, None)
    elif trainable:
        module.register_parameter(name, nn.Parameter(value))
    else:
        module.register_buffer(name, value)


def normalize_second_moment(x: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
    """Scale each row to a mean square of 1. docs/model.md 1.2."""
    return x * (x.square().mean(dim=-1, keepdim=True) + 1e-8).rsqrt()


class FullyConnected(nn.Module):
    """A fully connected layer with equalised learning rate (docs/model.md 1.2)."""

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        activation: str = "linear",
        bias_init: float | None = 0.0,
        weight_std: float = 1.0,
        lr_multiplier: float = 1.0,
        trainable: bool = True,
    ):
        """`bias_init` None: no bias."""
        super().__init__()
        self.activation = activation
        self.weight_gain = lr_multiplier / math.sqrt(in_features)
        self.bias_gain = lr_multiplier
        weight = torch.randn([out_features, in_features]) * (weight_std / lr_multiplier)
        add_weight(self, "weight", weight, trainable=trainable)
        bias = None if bias_init is None else torch.full([out_features], bias_init / lr_multiplier)
        add_weight(self, "bias", bias, trainable=trainable)

    def forward(self, x: Float[Tensor, "n i"]) -> Float[Tensor, "n o"]:
        """Linear map, bias, activation."""
        weight = self.weight * self.weight_gain
        bias = None if self.bias is None else self.bias * self.bias_gain
        return bias_act(x @ weight.T, bias, activation=self.activation)


class MappingNetwork(nn.Module):
    """Noise, label or both through fully connected layers with a 100 times lower learning rate (docs/model.md 2.1)."""

    LR_MULTIPLIER = 0.01

    def __init__(self, in_dim: int, out_dim: int, *, class_dim: int, num_layers: int, trainable: bool = True):
        """`in_dim` 0: only a label comes in; `class_dim` 0: no label."""
        super().__init__()
        assert in_dim > 0 or class_dim > 0, "nothing to map"
        self.class_dim = class_dim
        if class_dim:
            self.embed = FullyConnected(class_dim, out_dim, trainable=trainable)
        features = in_dim + (out_dim if class_dim else 0)
        self.num_layers = num_layers
        for index in range(num_layers):
            layer = FullyConnected(
                features, out_dim, activation="lrelu", lr_multiplier=self.LR_MULTIPLIER, trainable=trainable
            )
            self.add_module(f"fc{index}", layer)
            features = out_dim

    def forward(
        self, x: Float[Tensor, "n i"] | None, labels: Float[Tensor, "n c"] | None = None
    ) -> Float[Tensor, "n o"]:
        """Normalise each input to unit mean square, join them, map."""
        inputs = [] if x is None else [normalize_second_moment(x)]
        if self.class_dim:
            inputs.append(normalize_second_moment(self.embed(require_labels(labels, self.class_dim))))
        y = torch.cat(inputs, dim=1)
        for index in range(self.num_layers):
            y = getattr(self, f"fc{index}")(y)
        return y


def require_labels(labels: Tensor | None, class_dim: int) -> Float[Tensor, "n c"]:
    """The labels, checked against the number of classes the network was built for."""
    if labels is None or labels.shape[1] != class_dim:
        given = "none" if labels is None else f"{labels.shape[1]} numbers each"
        raise ValueError(f"a network of {class_dim} classes needs labels of {class_dim} numbers; given: {given}")
    return labels


class Conv1d(nn.Module):
    """A convolution along time without padding, with leaky ReLU but without its gain (docs/model.md 2.2)."""

    LR_MULTIPLIER = 0.01

    def __init__(self, in_channels: int, out_channels: int, *, kernel_size: int):
        super().__init__()
        self.weight_gain = self.LR_MULTIPLIER / math.sqrt(in_channels * kernel_size)
        weight = torch.randn([out_channels, in_channels, kernel_size]) / self.LR_MULTIPLIER
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros([out_channels]))

    def forward(self, x: Float[Tensor, "n i k"]) -> Float[Tensor, "n o l"]:
        """`l` is `k` less the kernel's size plus 1."""
        y = torch.nn.functional.conv1d(x, self.weight * self.weight_gain)
        return bias_act(y, self.bias * self.LR_MULTIPLIER, activation="lrelu", gain=1.0)


class Conv2d(nn.Module):
    """A convolution with optional blur and down-sampling, bias, activation and clamp (docs/model.md 3.1)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel_size: int,
        activation: str = "linear",
        bias: bool = True,
        down: int = 1,
        clamp: float | None = None,
        trainable: bool = True,
    ):
        super().__init__()
        self.activation = activation
        self.down = down
        self.clamp = clamp
        self.padding = kernel_size // 2
        self.weight_gain = 1 / math.sqrt(in_channels * kernel_size**2)
        self.act_gain = math.sqrt(2) if activation == "lrelu" else 1.0
        add_weight(
            self, "weight", torch.randn([out_channels, in_channels, kernel_size, kernel_size]), trainable=trainable
        )
        add_weight(self, "bias", torch.zeros([out_channels]) if bias else None, trainable=trainable)
        self.register_buffer("resample_filter", setup_filter(RESAMPLE_TAPS), persistent=False)

    def forward(self, x: Float[Tensor, "n i h w"], *, gain: float = 1.0) -> Float[Tensor, "n o out_h out_w"]:
        """`gain` scales the output and the clamp."""
        weight = self.weight * self.weight_gain
        x = conv2d_resample(x, weight, self.resample_filter, down=self.down, padding=self.padding)
        clamp = None if self.clamp is None else self.clamp * gain
        return bias_act(x, self.bias, activation=self.activation, gain=self.act_gain * gain, clamp=clamp)

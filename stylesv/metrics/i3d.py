"""I3D: Inception-v1 inflated to video, with fixed-seed random weights (Carreira and Zisserman, CVPR 2017, figure 3).

It stands in where the Kinetics weights of the papers cannot be had. Written from the paper; different on purpose:

* BatchNorm is folded into the convolution's weight and bias, which for a random network means it is left out.
* The last pooling averages whatever height and width are left, so that frames need not be 224 px.
* A single time step is seen as an endless still video (the paper's "boring video"): kernels are summed over time.
  Zero padding in time would leave one frame a third of the signal in every layer.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from stylesv.seeding import numpy_generator

NUM_LOGITS = 400  # classes of Kinetics-400

# Widths of Szegedy et al. 2015, table 1: 1x1, then 1x1 and 3x3, then 1x1 and "5x5" (3x3x3 in I3D), then pool and 1x1.
INCEPTION_WIDTHS = {
    "3b": (64, 96, 128, 16, 32, 32),
    "3c": (128, 128, 192, 32, 96, 64),
    "4b": (192, 96, 208, 16, 48, 64),
    "4c": (160, 112, 224, 24, 64, 64),
    "4d": (128, 128, 256, 24, 64, 64),
    "4e": (112, 144, 288, 32, 64, 64),
    "4f": (256, 160, 320, 32, 128, 128),
    "5b": (256, 160, 320, 32, 128, 128),
    "5c": (384, 192, 384, 48, 128, 128),
}


def pad_same(x: Tensor, *, kernel: tuple[int, ...], stride: tuple[int, ...]) -> Tensor:
    """Zeros as TensorFlow's SAME puts them: ceil(size / stride) outputs, the odd zero at the end.

    Also right for max pooling, which TensorFlow pads with minus infinity, because activations here are not negative.
    """
    padding: list[int] = []
    for size, k, s in reversed(list(zip(x.shape[2:], kernel, stride, strict=True))):
        total = max((math.ceil(size / s) - 1) * s + k - size, 0)
        padding += [total // 2, total - total // 2]
    return F.pad(x, padding) if any(padding) else x


class SameConv(nn.Module):
    """Convolution with SAME padding and a bias; `relu` for all but the last."""

    def __init__(self, in_channels: int, out_channels: int, *, kernel: int = 1, stride: int = 1, relu: bool = True):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(out_channels, in_channels, kernel, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.stride = stride
        self.relu = relu

    def forward(self, x: Float[Tensor, "n c t h w"]) -> Float[Tensor, "n d t2 h2 w2"]:
        weight, stride = self.weight, (self.stride,) * 3
        if x.shape[2] == 1:
            weight, stride = weight.sum(dim=2, keepdim=True), (1, self.stride, self.stride)
        x = F.conv3d(pad_same(x, kernel=tuple(weight.shape[2:]), stride=stride), weight, self.bias, stride)
        return F.relu_(x) if self.relu else x


def pool_same(
    x: Float[Tensor, "n c t h w"], *, time: tuple[int, int], space: tuple[int, int]
) -> Float[Tensor, "n c t2 h2 w2"]:
    """Max pooling with SAME padding; `time` and `space` are (kernel, stride). A single time step stays as it is."""
    time = (1, 1) if x.shape[2] == 1 else time
    kernel, stride = (time[0], space[0], space[0]), (time[1], space[1], space[1])
    return F.max_pool3d(pad_same(x, kernel=kernel, stride=stride), kernel, stride)


class Inception(nn.Module):
    """Four branches side by side, concatenated over channels."""

    def __init__(self, in_channels: int, widths: tuple[int, int, int, int, int, int]):
        super().__init__()
        one, three_in, three, five_in, five, pool = widths
        self.one = SameConv(in_channels, one)
        self.three = nn.Sequential(SameConv(in_channels, three_in), SameConv(three_in, three, kernel=3))
        self.five = nn.Sequential(SameConv(in_channels, five_in), SameConv(five_in, five, kernel=3))
        self.pool = SameConv(in_channels, pool)
        self.out_channels = one + three + five + pool

    def forward(self, x: Float[Tensor, "n c t h w"]) -> Float[Tensor, "n d t h w"]:
        pooled = pool_same(x, time=(3, 1), space=(3, 1))
        return torch.cat([self.one(x), self.three(x), self.five(x), self.pool(pooled)], dim=1)


class I3D(nn.Module):
    """Frames in [-1, 1] to 400 logits, averaged over time; any number of frames, height and width from 32 px."""

    def __init__(self):
        super().__init__()
        self.conv1 = SameConv(3, 64, kernel=7, stride=2)
        self.conv2_reduce = SameConv(64, 64)
        self.conv2 = SameConv(64, 192, kernel=3)
        self.inception = nn.ModuleDict()
        channels = 192
        for name, widths in INCEPTION_WIDTHS.items():
            self.inception[name] = Inception(channels, widths)
            channels = self.inception[name].out_channels
        self.logits = SameConv(channels, NUM_LOGITS, relu=False)

    def forward(self, x: Float[Tensor, "n 3 t h w"]) -> Float[Tensor, "n 400"]:
        x = pool_same(self.conv1(x), time=(1, 1), space=(3, 2))
        x = pool_same(self.conv2(self.conv2_reduce(x)), time=(1, 1), space=(3, 2))
        for name, block in self.inception.items():
            if name == "4b":
                x = pool_same(x, time=(3, 2), space=(3, 2))
            elif name == "5b":
                x = pool_same(x, time=(2, 2), space=(2, 2))
            x = block(x)
        x = F.avg_pool3d(x, (min(2, x.shape[2]), *x.shape[3:]), stride=1)
        return self.logits(x).mean(dim=(2, 3, 4))


def _filters(shape: tuple[int, ...], *, centred: bool, gain: float, seed: int, layer: int) -> Tensor:
    """Uniform random filters scaled to sum-of-squares `gain`**2; the same bits on every machine.

    Only PCG64's uniform numbers and float64 arithmetic are used, and the result is rounded to float16, so that a last
    bit that differs between processors does not reach the weights.
    """
    values = 2 * numpy_generator(seed, "random-i3d", layer).random(shape) - 1
    axes = tuple(range(1, len(shape)))
    if centred:
        values -= values.mean(axis=axes, keepdims=True)
    values *= gain / np.sqrt(np.square(values).sum(axis=axes, keepdims=True))
    return torch.from_numpy(values.astype(np.float16).astype(np.float32))


@torch.no_grad()
def random_i3d(seed: int = 0) -> I3D:
    """I3D with fixed-seed random weights that keep activations near unit variance through all layers.

    Filters have zero mean (Brock, De and Smith 2021, "scaled weight standardization"): the always positive outputs of
    a ReLU would otherwise make all clips look alike in deep layers. The first filters keep their mean, so that
    brightness counts.
    """
    network = I3D()
    convolutions = [module for module in network.modules() if isinstance(module, SameConv)]
    for layer, convolution in enumerate(convolutions):
        # E[relu(x)^2] - E[relu(x)]^2 = (1 - 1/pi) / 2 for a unit normal x; the first layer sees frames, not a ReLU.
        gain = math.sqrt(2 / (1 - 1 / math.pi)) if layer > 0 else math.sqrt(2)
        shape = tuple(convolution.weight.shape)
        convolution.weight.copy_(_filters(shape, centred=layer > 0, gain=gain, seed=seed, layer=layer))
    return network.eval().requires_grad_(False)

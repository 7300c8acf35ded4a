"""EfficientNet-Lite0: what is in a frame, by 1280 features and by the 1000 classes of ImageNet.

Tan and Le 2019 (arXiv 1905.11946), table 1, without squeeze-and-excitation and with ReLU6 (the Lite variant). Different
on purpose: BatchNorm is folded into the convolutions, so the network only evaluates; frames may have any size from 32 px.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from stylesv.metrics.folding import folded
from stylesv.metrics.i3d import pad_same

NUM_FEATURES = 1280
NUM_CLASSES = 1000
BATCH_NORM_EPS = 1e-3
# kernel, stride of the first block, expansion, channels, blocks (table 1, stages 2 to 8)
STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)


class SameConv2d(nn.Module):
    """Convolution with a bias and TensorFlow's SAME padding."""

    def __init__(self, weight: Tensor, bias: Tensor, *, stride: int = 1, groups: int = 1):
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("bias", bias)
        self.stride = stride
        self.groups = groups

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d h2 w2"]:
        kernel = tuple(self.weight.shape[2:])
        if self.stride == 1:  # as many zeros on both sides: the convolution's own save a copy
            return F.conv2d(x, self.weight, self.bias, padding=(kernel[0] // 2, kernel[1] // 2), groups=self.groups)
        x = pad_same(x, kernel=kernel, stride=(self.stride, self.stride))
        return F.conv2d(x, self.weight, self.bias, self.stride, groups=self.groups)


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; added to the input where shapes allow."""

    def __init__(self, expand: SameConv2d | None, depthwise: SameConv2d, project: SameConv2d):
        super().__init__()
        self.expand = expand
        self.depthwise = depthwise
        self.project = project

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d h2 w2"]:
        y = x if self.expand is None else F.relu6(self.expand(x), inplace=True)
        y = self.project(F.relu6(self.depthwise(y), inplace=True))
        return x + y if x.shape == y.shape else y


class EfficientNetLite0(nn.Module):
    """Frames, (uint8 - 127) / 128, to features or classes, from the tensors of a public state dict.

    Raises:
        KeyError: a tensor is missing.
    """

    def __init__(self, values: dict[str, Tensor]):
        super().__init__()

        def conv(name: str, norm: str, *, stride: int = 1, groups: int = 1) -> SameConv2d:
            return SameConv2d(*folded(values, name, norm, eps=BATCH_NORM_EPS), stride=stride, groups=groups)

        self.stem = conv("_conv_stem", "_bn0", stride=2)
        self.stages = nn.ModuleList()
        number, in_channels = 0, 32
        for kernel, first_stride, expansion, channels, count in STAGES:
            stage = nn.Sequential()
            for place in range(count):
                block, wide = f"_blocks.{number}.", in_channels * expansion
                stride = first_stride if place == 0 else 1
                expand = None if expansion == 1 else conv(block + "_expand_conv", block + "_bn0")
                depthwise = conv(block + "_depthwise_conv", block + "_bn1", stride=stride, groups=wide)
                assert depthwise.weight.shape == (wide, 1, kernel, kernel)
                stage.append(InvertedResidual(expand, depthwise, conv(block + "_project_conv", block + "_bn2")))
                number, in_channels = number + 1, channels
            self.stages.append(stage)
        self.head = conv("_conv_head", "_bn1")
        self.register_buffer("class_weight", values["_fc.weight"].float())
        self.register_buffer("class_bias", values["_fc.bias"].float())

    def maps(self, x: Float[Tensor, "n 3 h w"]) -> list[Tensor]:
        """Outputs of the stem, of every stage and of the head."""
        found = [F.relu6(self.stem(x), inplace=True)]
        for stage in self.stages:
            found.append(stage(found[-1]))
        return [*found, F.relu6(self.head(found[-1]), inplace=True)]

    def features(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 1280"]:
        """Features before the classifier, averaged over the frame."""
        return self.maps(x)[-1].mean(dim=(2, 3))

    def logits(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 1000"]:
        """Logits of the classes of ImageNet."""
        return F.linear(self.features(x), self.class_weight, self.class_bias)

"""Single operations at sizes of the networks for 256 pixels."""

from collections.abc import Callable

import torch
from measure import Case, Work
from network_cases import model_settings
from torch import Tensor

from stylesv.networks.filters import LayerDesign, design_synthesis
from stylesv.ops import (
    bias_act,
    conv2d_resample,
    downsample2d,
    filtered_lrelu,
    frame_spread,
    gradient_products,
    mean_bend,
    mean_detail,
    mean_differences,
    modulated_conv2d,
    setup_filter,
    upsample2d,
)

RESAMPLE_TAPS = [1, 3, 3, 1]


def layer(out_channels: int, *, radial: bool = False) -> LayerDesign:
    """The layer of the paper's generator with so many output channels, the last of them."""
    settings = model_settings()["generator"].synthesis.model_copy(update={"use_radial_filters": radial})
    design = design_synthesis(settings, resolution=256, image_channels=3, channel_base=16384, channel_max=512)
    return [each for each in design.layers if each.out_channels == out_channels][-1]


def lrelu_case(name: str, design: LayerDesign, *, backward: bool = False) -> Case:
    """The filtered leaky ReLU of a layer, one image."""
    size = design.in_size + design.conv_kernel - 1
    shape = (1, design.out_channels, size, size)

    def prepare(device: torch.device) -> Work:
        x = torch.randn(shape, device=device, requires_grad=backward)
        bias = torch.zeros(design.out_channels, device=device, requires_grad=backward)
        filters = [None if f is None else f.to(device) for f in (design.up_filter(), design.down_filter())]
        options = {"up": design.up, "down": design.down, "padding": design.padding, "clamp": 256}

        def work() -> None:
            y = filtered_lrelu(x, *filters, bias, **options)
            if backward:
                torch.autograd.grad(y, (x, bias), torch.ones_like(y))

        return work

    moved = 4 * design.out_channels * (size**2 + design.out_size**2)
    return Case(name, prepare, None if backward else moved)


def tensor_case(name: str, call: Callable[..., Tensor], *shapes: tuple[int, ...]) -> Case:
    """A call on random tensors, forward and backward."""

    def prepare(device: torch.device) -> Work:
        tensors = [torch.randn(shape, device=device, requires_grad=True) for shape in shapes]
        filter = setup_filter(RESAMPLE_TAPS).to(device)

        def work() -> None:
            y = call(*tensors, filter)
            torch.autograd.grad(y, tensors, torch.ones_like(y))

        return work

    return Case(name, prepare)


def clip_means(device: torch.device) -> Work:
    """All means over a clip's responses, of the largest stage that a score of clips takes them of."""
    x = torch.randn(16, 32, 48, 48, device=device).contiguous(memory_format=torch.channels_last)
    apart = [(1, 0, 0), (2, 0, 0), (4, 0, 0), (8, 0, 0), (0, 0, 1), (0, 1, 0), (0, 0, 2), (0, 2, 0)]

    def work() -> None:
        mean_differences(x, apart), mean_bend(x), frame_spread(x), mean_detail(x, 1, 4), gradient_products(x)

    return work


def operation_cases() -> list[Case]:
    """All of them; names ending in `_forward` are forward only."""
    up2, up4 = layer(91), layer(128)
    image = (3, 64, 256, 256)
    return [
        lrelu_case("filtered_lrelu_up2_down2_forward", up2),
        lrelu_case("filtered_lrelu_up4_down2_forward", up4),
        lrelu_case("filtered_lrelu_up2_down2_forward_backward", up2, backward=True),
        lrelu_case("filtered_lrelu_up4_down2_forward_backward", up4, backward=True),
        lrelu_case("filtered_lrelu_radial_up4_down2_forward", layer(128, radial=True)),
        lrelu_case("filtered_lrelu_radial_up4_down2_forward_backward", layer(128, radial=True), backward=True),
        tensor_case("upsample2d", upsample2d, (3, 64, 128, 128)),
        tensor_case("downsample2d", downsample2d, image),
        tensor_case(
            "conv2d_resample_down2",
            lambda x, w, f: conv2d_resample(x, w, f, down=2, padding=1),
            (3, 64, 128, 128),
            (128, 64, 3, 3),
        ),
        tensor_case("bias_act", lambda x, b, f: bias_act(x, b, activation="lrelu", clamp=256), image, (64,)),
        Case("clip_means_forward", clip_means),
        tensor_case(
            "modulated_conv_512_at_36",
            lambda x, w, s, f: modulated_conv2d(x, w, s, padding=2),
            (3, 512, 36, 36),
            (512, 512, 3, 3),
            (3, 512),
        ),
        tensor_case(
            "modulated_conv_91_at_276",
            lambda x, w, s, f: modulated_conv2d(x, w, s, padding=2),
            (3, 128, 276, 276),
            (91, 128, 3, 3),
            (3, 128),
        ),
    ]

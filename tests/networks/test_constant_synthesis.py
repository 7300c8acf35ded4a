"""The StyleGAN2 synthesis of model A, against one weight per sample and SciPy's convolutions."""

import numpy as np
import pytest
import scipy.signal
import torch
from tiny_models import draw_noise, make_generator

from stylesv.networks.constant_synthesis import ModulatedConv2d


def modulated_by_hand(layer: ModulatedConv2d, x: np.ndarray, style: np.ndarray) -> np.ndarray:
    """StyleGAN2 equations 1 and 3 for one sample, in float64, then bias and activation."""
    weight = layer.weight.detach().double().numpy() * style[None, :, None, None]
    if layer.demodulate:
        weight = weight / np.sqrt((weight**2).sum(axis=(1, 2, 3), keepdims=True))
    if layer.up == 2:
        spread = np.zeros([x.shape[0], 2 * x.shape[1], 2 * x.shape[2]])
        spread[:, ::2, ::2] = x
        x = spread
    y = np.stack([sum(scipy.signal.correlate2d(x[i], w[i], mode="same") for i in range(len(x))) for w in weight])
    if layer.up == 2:
        blur = np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64 * 4
        full = [scipy.signal.convolve2d(channel, blur, mode="full") for channel in y]
        y = np.stack([channel[1 : 1 + y.shape[1], 1 : 1 + y.shape[2]] for channel in full])
    y = y + layer.bias.detach().double().numpy()[:, None, None]
    return np.where(y > 0, y, 0.2 * y) * np.sqrt(2) if layer.demodulate else y


@pytest.mark.parametrize(
    "options", [{}, {"up": 2}, {"kernel_size": 1, "demodulate": False}], ids=["convolve", "upsample", "to RGB"]
)
@torch.no_grad()
def test_modulated_convolution_is_that_of_one_weight_per_sample(options):
    torch.manual_seed(0)
    layer = ModulatedConv2d(5, 4, w_dim=6, **options)
    layer.bias.normal_()
    x, w = torch.randn(3, 5, 8, 7), torch.randn(3, 6)
    ours = layer(x, w).double().numpy()
    styles = (layer.affine(w) * layer.style_gain).double().numpy()
    edge = 2 if options.get("up") == 2 else 0  # the blur sees beyond the image what `same` has cut off
    for sample in range(3):
        expected = modulated_by_hand(layer, x[sample].double().numpy(), styles[sample])
        inside = (slice(None), slice(edge, expected.shape[1] - edge), slice(edge, expected.shape[2] - edge))
        np.testing.assert_allclose(ours[sample][inside], expected[inside], rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_motion_enters_at_the_constant_input_alone():
    generator = make_generator(architecture="stylegan2", synthesis=None)
    z, noise = draw_noise(generator, 2, 40)
    times = torch.tensor([[0.0, 20.0], [5.0, 30.0]])
    frames = generator(z, times, noise)
    assert not torch.allclose(frames[:, 0], frames[:, 1])
    channels = generator.synthesis.const.shape[1]
    generator.synthesis.blocks["b4"].conv1.weight[:, channels:] = 0
    still = generator(z, times, noise)
    torch.testing.assert_close(still[:, 0], still[:, 1])


@torch.no_grad()
def test_the_image_is_the_sum_of_those_of_all_resolutions():
    generator = make_generator(architecture="stylegan2", synthesis=None)
    z, noise = draw_noise(generator, 2, 0)
    blocks = generator.synthesis.blocks
    for block in blocks.values():
        block.torgb.weight.zero_()
        block.torgb.bias.fill_(1)
    frames = generator(z, torch.zeros(2, 1), noise)
    inner = frames[..., 6:-6, 6:-6]  # away from the edge that upsampling darkens
    torch.testing.assert_close(inner, torch.full_like(inner, len(blocks)))

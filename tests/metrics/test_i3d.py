"""The I3D stand-in: the paper's architecture, TensorFlow's padding, healthy and reproducible random weights."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from stylesv.metrics.detector import weights_sha256
from stylesv.metrics.i3d import I3D, Inception, SameConv, pad_same, pool_same, random_i3d


@pytest.fixture(scope="module")
def network():
    return random_i3d(0)


def outputs(network, frames):
    """Standard deviation of each convolution's output, before averaging over clips."""
    found = {}
    hooks = [
        module.register_forward_hook(lambda _m, _i, out, name=name: found.__setitem__(name, out.detach().clone()))
        for name, module in network.named_modules()
        if isinstance(module, SameConv | Inception)
    ]
    network(frames)
    for hook in hooks:
        hook.remove()
    return found


def smooth_clips(count, frames, size, seed=0):
    random = torch.Generator().manual_seed(seed)
    coarse = torch.randn(count, 3, max(frames // 4, 1), 8, 8, generator=random)
    return F.interpolate(coarse, size=(frames, size, size), mode="trilinear").clamp(-1, 1)


def test_blocks_have_the_shapes_of_figure_3():
    with torch.device("meta"):
        network = I3D()
        shapes = {name: tuple(out.shape[1:]) for name, out in outputs(network, torch.empty(1, 3, 64, 224, 224)).items()}
    assert shapes["conv1"] == (64, 32, 112, 112)
    assert shapes["conv2"] == (192, 32, 56, 56)
    assert shapes["inception.3c"] == (480, 32, 28, 28)
    assert shapes["inception.4f"] == (832, 16, 14, 14)
    assert shapes["inception.5c"] == (1024, 8, 7, 7)
    assert shapes["logits"] == (400, 7, 1, 1)  # average pool 2x7x7 with stride 1, then 1x1x1
    assert 12e6 < sum(p.numel() for p in network.parameters()) < 13e6  # the paper's table 1 says 12M


@pytest.mark.parametrize(
    ("size", "kernel", "stride"), [(7, 3, 2), (8, 3, 2), (8, 7, 2), (5, 3, 1), (1, 3, 2), (6, 2, 2)]
)
def test_padding_is_tensorflows_same(size, kernel, stride):
    x = torch.arange(1.0, size + 1).reshape(1, 1, size, 1, 1)
    padded = pad_same(x, kernel=(kernel, 1, 1), stride=(stride, 1, 1)).flatten().tolist()
    count = -(-size // stride)
    # Output i of SAME reads inputs that begin at i * stride - before, with `before` the smaller half of the padding.
    missing = max((count - 1) * stride + kernel - size, 0)
    expected = [0.0] * (missing // 2) + list(range(1, size + 1)) + [0.0] * (missing - missing // 2)
    assert padded == expected
    assert (len(padded) - kernel) // stride + 1 == count


def test_pooling_takes_the_maximum_over_same_windows():
    random = np.random.default_rng(0)
    x = random.random((1, 1, 5, 4, 4)).astype(np.float32)
    found = pool_same(torch.from_numpy(x), time=(3, 2), space=(3, 2)).numpy()[0, 0]
    padded = np.zeros((7, 5, 5), np.float32)  # SAME: 5 frames need 1 + 1, 4 px need 0 + 1
    padded[1:6, :4, :4] = x[0, 0]
    for t, i, j in np.ndindex(found.shape):
        assert found[t, i, j] == padded[2 * t : 2 * t + 3, 2 * i : 2 * i + 3, 2 * j : 2 * j + 3].max()
    assert found.shape == (3, 2, 2)


def test_random_weights_are_the_same_bits_everywhere(network):
    assert weights_sha256(network) == "7cecf1556d0a841fe9ec818fdfebbc6ed348a0b3d255efc74a110fd2c2efa87a"
    assert weights_sha256(random_i3d(1)) != weights_sha256(network)


def test_deep_filters_have_zero_mean_and_unit_gain(network):
    gain = (2 / (1 - 1 / np.pi)) ** 0.5
    for name, module in network.named_modules():
        if isinstance(module, SameConv) and name != "conv1":
            weights = module.weight.double().flatten(1)
            assert weights.mean(dim=1).abs().max() < 1e-4
            torch.testing.assert_close(
                weights.norm(dim=1), torch.full((len(weights),), gain).double(), rtol=1e-3, atol=0
            )


@pytest.mark.parametrize(("frames", "size"), [(16, 64), (1, 64), (128, 32), (3, 40)])
def test_activations_stay_healthy(network, frames, size):
    clips = smooth_clips(4 if frames < 100 else 1, frames, size)
    for name, out in outputs(network, clips).items():
        assert 0.1 < out.std() < 3, f"{name}: {out.std()}"
    features = network(clips)
    assert features.shape == (len(clips), 400)
    if len(clips) > 1:
        assert 0.05 < features.std(dim=0).mean() < 3


def test_one_frame_is_an_endless_still_video():
    torch.manual_seed(0)
    layer = SameConv(2, 3, kernel=3, stride=2)
    torch.nn.init.normal_(layer.weight)
    frame = torch.randn(1, 2, 1, 6, 6)
    still = layer(frame.expand(1, 2, 9, 6, 6))
    torch.testing.assert_close(layer(frame)[:, :, 0], still[:, :, 2])  # the middle sees no border in time


def test_features_see_motion_brightness_and_texture(network):
    clips = smooth_clips(2, 16, 64)
    features = network(clips)
    spread = (features[0] - features[1]).norm()
    order = torch.randperm(16, generator=torch.Generator().manual_seed(0))
    noise = 0.2 * torch.randn(clips.shape, generator=torch.Generator().manual_seed(1))
    for changed in (clips[:, :, order], clips * 0.5 + 0.5, clips + noise, clips[:, :, :1].expand_as(clips)):
        assert (network(changed)[0] - features[0]).norm() > 0.1 * spread

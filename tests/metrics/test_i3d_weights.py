"""The public I3D weights: every tensor of the public names, folded BatchNorm, and a network that computes the same."""

import pytest
import torch
import torch.nn.functional as F

from stylesv.errors import DetectorError
from stylesv.metrics.i3d import I3D, INCEPTION_WIDTHS, pad_same, pool_same
from stylesv.metrics.i3d_weights import load_public_i3d, public_names, translate_public_weights

UNITS = {  # the port's "unit 3D": convolution without a bias, BatchNorm, ReLU
    "Conv3d_1a_7x7": (3, 64, 7),
    "Conv3d_2b_1x1": (64, 64, 1),
    "Conv3d_2c_3x3": (64, 192, 3),
}
_CHANNELS = 192
for _name, (_one, _three_in, _three, _five_in, _five, _pool) in INCEPTION_WIDTHS.items():
    for _branch, _sizes in {
        "b0": (_CHANNELS, _one, 1),
        "b1a": (_CHANNELS, _three_in, 1),
        "b1b": (_three_in, _three, 3),
        "b2a": (_CHANNELS, _five_in, 1),
        "b2b": (_five_in, _five, 3),
        "b3b": (_CHANNELS, _pool, 1),
    }.items():
        UNITS[f"Mixed_{_name}.{_branch}"] = _sizes
    _CHANNELS = _one + _three + _five + _pool


@pytest.fixture(scope="module")
def weights():
    """A state dict as the public one, of random numbers that keep activations alive."""
    random = torch.Generator().manual_seed(0)
    found = {}
    for name, (inputs, outputs, kernel) in UNITS.items():
        shape = (outputs, inputs, kernel, kernel, kernel)
        found[f"{name}.conv3d.weight"] = torch.randn(shape, generator=random) * (2 / (inputs * kernel**3)) ** 0.5
        for part in ("weight", "bias", "running_mean", "running_var"):
            values = torch.randn(outputs, generator=random) * 0.1
            found[f"{name}.bn.{part}"] = values + 1 if part in ("weight", "running_var") else values
        found[f"{name}.bn.num_batches_tracked"] = torch.tensor(7)
    found["logits.conv3d.weight"] = torch.randn(400, 1024, 1, 1, 1, generator=random) * 0.03
    found["logits.conv3d.bias"] = torch.randn(400, generator=random)
    return found


def public_forward(weights, x):
    """The port's network, written with its names: convolution, BatchNorm, ReLU one after the other."""

    def unit(name, x, stride=1):
        kernel = (UNITS[name][2],) * 3
        x = F.conv3d(pad_same(x, kernel=kernel, stride=(stride,) * 3), weights[f"{name}.conv3d.weight"], stride=stride)
        norm = [weights[f"{name}.bn.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
        return F.relu(F.batch_norm(x, *norm, eps=1e-3))

    x = pool_same(unit("Conv3d_1a_7x7", x, 2), time=(1, 1), space=(3, 2))
    x = pool_same(unit("Conv3d_2c_3x3", unit("Conv3d_2b_1x1", x)), time=(1, 1), space=(3, 2))
    for block in INCEPTION_WIDTHS:
        if block == "4b":
            x = pool_same(x, time=(3, 2), space=(3, 2))
        elif block == "5b":
            x = pool_same(x, time=(2, 2), space=(2, 2))
        name = f"Mixed_{block}"
        x = torch.cat(
            [
                unit(f"{name}.b0", x),
                unit(f"{name}.b1b", unit(f"{name}.b1a", x)),
                unit(f"{name}.b2b", unit(f"{name}.b2a", x)),
                unit(f"{name}.b3b", pool_same(x, time=(3, 1), space=(3, 1))),
            ],
            dim=1,
        )
    x = F.avg_pool3d(x, (2, *x.shape[3:]), stride=1)
    return F.conv3d(x, weights["logits.conv3d.weight"], weights["logits.conv3d.bias"]).mean(dim=(2, 3, 4))


def test_every_convolution_has_a_public_name():
    assert set(public_names().values()) == set(UNITS)
    assert {f"{name}.weight" for name in public_names()} | {"logits.weight"} == {
        name for name in I3D().state_dict() if name.endswith("weight")
    }


@torch.no_grad()
def test_the_network_computes_what_the_public_one_does(weights, tmp_path):
    torch.save(weights, tmp_path / "rgb_imagenet.pt")
    network = load_public_i3d(tmp_path / "rgb_imagenet.pt")
    clips = torch.rand(2, 3, 16, 64, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1
    expected = public_forward(weights, clips)
    assert expected.std() > 0.1
    torch.testing.assert_close(network(clips), expected, rtol=1e-3, atol=1e-4)


def test_translation_is_the_fold_and_nothing_else(weights):
    ours = translate_public_weights(weights)
    name = "Mixed_4e.b1b"
    back = ours["inception.4e.three.1.weight"] * (
        (weights[f"{name}.bn.running_var"] + 1e-3).sqrt() / weights[f"{name}.bn.weight"]
    ).reshape(-1, 1, 1, 1, 1)
    torch.testing.assert_close(back, weights[f"{name}.conv3d.weight"])
    assert ours.keys() == I3D().state_dict().keys()


def test_files_that_are_no_such_weights_are_refused(weights, tmp_path):
    path = tmp_path / "weights.pt"
    path.write_bytes(b"not weights")
    with pytest.raises(DetectorError, match=r"weights.pt: is no file of weights"):
        load_public_i3d(path)
    torch.save([1, 2], path)
    with pytest.raises(DetectorError, match="holds a list, not a state dict"):
        load_public_i3d(path)
    torch.save({name: value for name, value in weights.items() if "Mixed_5c.b3b" not in name}, path)
    with pytest.raises(DetectorError, match=r"has no tensor 'Mixed_5c.b3b.bn.weight'; the public I3D of Kinetics-400"):
        load_public_i3d(path)
    torch.save(weights | {"logits.conv3d.bias": torch.zeros(600)}, path)
    with pytest.raises(DetectorError, match="does not fit I3D of Kinetics-400"):
        load_public_i3d(path)

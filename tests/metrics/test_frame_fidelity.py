"""PSNR, SSIM and shift-tolerant LPIPS give what others' code gives."""

import sys
from types import ModuleType

import numpy as np
import pytest
import torch
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from stylesv.errors import DetectorError
from stylesv.fetching import packaged_weights
from stylesv.fetching.packaged_weights import SHIFT_TOLERANT_LPIPS, PackagedWeights, load_packaged_weights
from stylesv.metrics.frame_fidelity import MOST_DB, psnr, ssim
from stylesv.metrics.shift_tolerant import ShiftTolerantLpips, shift_tolerant_lpips


def pair(size=40, count=3, seed=0):
    draws = torch.Generator().manual_seed(seed)
    first = torch.rand(count, 3, size, size + 6, generator=draws) * 255
    return first, (first + 30 * torch.randn(first.shape, generator=draws)).clamp(0, 255)


def test_psnr_and_ssim_are_those_of_torchmetrics():
    first, second = pair()
    found, likeness = psnr(first, second, data_range=255), ssim(first, second, data_range=255)
    for number in range(len(first)):
        one = (first[number : number + 1], second[number : number + 1])
        torch.testing.assert_close(found[number], peak_signal_noise_ratio(*one, data_range=255.0))
        _, image = structural_similarity_index_measure(*one, data_range=255.0, sigma=1.5, return_full_image=True)
        whole = image[:, :, 5:-5, 5:-5]  # theirs mirrors pictures beyond their edges; the paper has whole windows only
        torch.testing.assert_close(likeness[number], whole.mean(), rtol=1e-4, atol=1e-4)


def test_equal_frames_are_the_best_there_is():
    first, _ = pair()
    assert psnr(first, first, data_range=255).tolist() == [MOST_DB] * 3
    torch.testing.assert_close(ssim(first, first, data_range=255), torch.ones(3))


def their_distance(monkeypatch):
    """The package's own network; what it imports and does not use here is put in its place."""
    for name, attribute in (("IPython", "embed"), ("torchsummary", "summary"), ("torchvision", "models")):
        module = ModuleType(name)
        setattr(module, attribute, None)
        monkeypatch.setitem(sys.modules, name, module)
    from stlpips_pytorch import stlpips

    return stlpips.LPIPS(net="alex", variant="shift_tolerant", verbose=False)


@torch.no_grad()
def test_the_distance_is_that_of_the_package(monkeypatch):
    theirs = their_distance(monkeypatch)
    ours = shift_tolerant_lpips(torch.device("cpu"))
    for size in (64, 81):
        first, second = (frames[:, :, :, :size] / 127.5 - 1 for frames in pair(size))
        torch.testing.assert_close(ours(first, second), theirs(first, second).flatten(), rtol=1e-4, atol=1e-6)


def test_the_distance_grows_with_damage_and_has_a_gradient_at_equal_frames():
    distance = ShiftTolerantLpips(load_packaged_weights(SHIFT_TOLERANT_LPIPS))
    first = (pair(32)[0][:1, :, :, :32] / 127.5 - 1).requires_grad_()
    noise = torch.randn(first.shape, generator=torch.Generator().manual_seed(1))
    found = [float(distance(first.detach(), (first + size * noise).detach())) for size in (0.0, 0.1, 0.4)]
    assert found[0] == 0 and 0 < found[1] < found[2]
    distance(first, first.detach()).sum().backward()
    assert first.grad is not None and np.isfinite(first.grad.numpy()).all()


def test_a_package_that_is_missing_is_one_line_that_names_the_extra(monkeypatch):
    missing = PackagedWeights("no-such-package", "weights.pth", "0" * 64, extra="inversion", instead="do without")
    with pytest.raises(DetectorError, match=r"stylesv\[inversion\].*or do without"):
        packaged_weights.packaged_file(missing)

"""score.py --selftest: known cases agree, a wrong digit is found, and the public case of I3D is computed as FVD is."""

import numpy as np
import pytest
import scipy.linalg
import torch
from script_here import run_here

from stylesv.errors import DataError
from stylesv.fetching.packaged_weights import TRANSNETV2
from stylesv.media.video_file import write_video
from stylesv.metrics.detector import resize_frames
from stylesv.metrics.i3d import random_i3d
from stylesv.metrics.i3d_weights import public_names
from stylesv.scoring import selftest as module
from stylesv.scoring.clip_sources import open_videos
from stylesv.scoring.known_pictures import known_clips
from stylesv.scoring.selftest import Checked, PublicCase, selftest


def test_every_detector_has_known_digits_and_finds_them():
    found = [case for case in selftest(None) if isinstance(case, Checked)]
    assert len(found) == 2 * len(module.EXPECTED) + 4
    assert [str(case) for case in found if not case.agrees] == []


def test_a_wrong_digit_is_found_and_named(monkeypatch):
    length, distance = module.EXPECTED["transnetv2"]
    monkeypatch.setitem(module.EXPECTED, "transnetv2", (length, distance * 1.002))
    right, wrong = module.known_cases("transnetv2")
    assert right.agrees and not wrong.agrees
    assert str(wrong).endswith(f"DIFFERS: expected {distance * 1.002:.7g}")


def test_a_detector_that_is_not_installed_is_said(monkeypatch):
    monkeypatch.setattr(module, "PACKAGED_KINDS", {"transnetv2": module.PACKAGED_KINDS["transnetv2"]})
    monkeypatch.setattr(
        "stylesv.metrics.packaged_detectors.TRANSNETV2", type(TRANSNETV2)("no-such-weights", "file", "0" * 64)
    )
    lines = [str(case) for case in selftest(None)]
    assert any(line.startswith("transnetv2") and "not at hand: the package no-such-weights" in line for line in lines)


def public_state_dict():
    """Random I3D by the public names: what is folded into it is nothing."""
    network = random_i3d()
    own = network.state_dict()
    found = {"logits.conv3d.weight": own["logits.weight"], "logits.conv3d.bias": own["logits.bias"]}
    for ours, public in public_names().items():
        size = len(own[f"{ours}.bias"])
        found[f"{public}.conv3d.weight"] = own[f"{ours}.weight"]
        found[f"{public}.bn.weight"] = torch.full((size,), (1 + 1e-3) ** 0.5)
        found |= {f"{public}.bn.{part}": torch.zeros(size) for part in ("bias", "running_mean")}
        found[f"{public}.bn.running_var"] = torch.ones(size)
    return network, found


@pytest.mark.slow
def test_the_public_case_is_fvd_of_the_clips_against_the_moments(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PUBLIC_SIZE_PX", 64)  # for speed
    network, state = public_state_dict()
    torch.save(state, tmp_path / "i3d.pt")
    for number, clip in enumerate(known_clips(16, 16, size_px=32, seed=5)):
        write_video(tmp_path / "clips" / f"example{number}.mp4", clip.numpy(), fps=25)
    random = np.random.default_rng(0)
    real = random.standard_normal((500, 400))
    np.savez(tmp_path / "moments.npz", mean=real.mean(axis=0), cov=np.cov(real.T, bias=True), n=500)
    public = PublicCase(tmp_path / "i3d.pt", tmp_path / "clips", tmp_path / "moments.npz")
    found = module._public_case(public)
    assert not found.agrees and found.expected == "3383.965"
    videos = open_videos(tmp_path / "clips", None)
    clips = torch.from_numpy(np.stack([videos.read(video, range(16)) for video in range(16)]))
    with torch.no_grad():
        rows = torch.cat([network(resize_frames(c[None], size_px=64, mode="bilinear")) for c in clips]).double().numpy()
    covariances = np.cov(real.T, bias=True), np.cov(rows.T, bias=True)
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1]).real
    expected = np.square(real.mean(axis=0) - rows.mean(axis=0)).sum() + np.trace(sum(covariances) - 2 * root)
    assert float(found.found) == pytest.approx(expected, rel=1e-3)
    (tmp_path / "clips" / "example0.mp4").unlink()
    with pytest.raises(DataError, match=r"15 videos of \[16\] frames; the public case has 16 of 16"):
        module._public_case(public)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--selftest", "--detector", "i3d.pt"], "--selftest takes --detector, --generated and --reference together"),
        (["--protocol", "evd_16f"], "--reference and --generated and --out: missing"),
    ],
)
def test_what_is_missing_is_one_line(root, arguments, words):
    done = run_here(root / "workflow_scripts" / "score.py", *arguments, folder=root)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and words in done.stderr


@pytest.mark.slow
def test_the_script_says_whether_all_agree_and_exits_with_it(root, monkeypatch):
    monkeypatch.setattr(module, "PACKAGED_KINDS", {})
    known = module.EXPECTED["random_i3d"]
    for expected, status, words in ((known, 0, "all known cases agree"), ((1.0, 1.0), 1, "some numbers differ")):
        monkeypatch.setitem(module.EXPECTED, "random_i3d", expected)
        done = run_here(root / "workflow_scripts" / "score.py", "--selftest", folder=root)
        assert (done.returncode, done.stdout.splitlines()[-1][: len(words)]) == (status, words), done.stderr

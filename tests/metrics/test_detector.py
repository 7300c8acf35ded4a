"""Detectors: identified by hash, called as the papers call them, and refused when they cannot be used."""

import hashlib

import pytest
import torch
from protocol_values import values
from torch import Tensor, nn

from stylesv.config.detector import FeatureDetectorSettings
from stylesv.errors import DetectorError
from stylesv.metrics.detector import Detector, load_detector, resize_frames

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")


class VideoNet(nn.Module):
    """Called as the papers' I3D: colour means over time, height and width, in [-1, 1] if `rescale`."""

    def forward(self, x: Tensor, rescale: bool = False, resize: bool = False, return_features: bool = False) -> Tensor:
        assert return_features and resize
        x = x.float()
        if rescale:
            x = x / 127.5 - 1
        return torch.cat([x.mean(dim=[2, 3, 4]), x[:, :1, 0].mean(dim=[2, 3])], dim=1)


class ImageNet(nn.Module):
    def forward(self, x: Tensor, return_features: bool = False) -> Tensor:
        assert return_features and x.dim() == 4
        return x.float().mean(dim=[2, 3])


class OtherNet(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.float()


def settings(kind="i3d_torchscript", feature_dim=4, **changes):
    base = {"name": "net.pt", "kind": kind, "url": None, "sha256": None, "feature_dim": feature_dim}
    return FeatureDetectorSettings(**(base | {"resize_px": None, "resize_filter": None} | changes))


def random_settings():
    return FeatureDetectorSettings(**values()["detector"])


def script(tmp_path, module, name="net.pt"):
    path = tmp_path / name
    torch.jit.save(torch.jit.script(module), str(path))
    return path


def random_clips(count, frames=16, size=32, seed=0):
    random = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, frames, 3, size, size), dtype=torch.uint8, generator=random)


@pytest.fixture(scope="module")
def random_detector():
    return load_detector(random_settings())


def test_random_i3d_gives_400_features_for_one_frame_and_many(random_detector):
    assert random_detector.feature_dim == 400
    for frames in (1, 16, 20):
        assert random_detector(random_clips(2, frames)).shape == (2, 400)


def test_features_do_not_depend_on_the_batch(random_detector):
    clips = random_clips(5)
    together = random_detector(clips)
    alone = torch.cat([random_detector(clip[None]) for clip in clips])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-4)


def test_its_logits_may_stand_in_for_probabilities(random_detector):
    probabilities = load_detector(random_settings(), probabilities=True)
    clips = random_clips(2)
    torch.testing.assert_close(probabilities(clips), random_detector(clips).softmax(dim=1))


def test_frames_are_resized_one_by_one_to_the_range_of_i3d():
    clips = torch.stack([torch.zeros(3, 8, 8), torch.full((3, 8, 8), 255.0)]).to(torch.uint8)[None]
    frames = resize_frames(clips, size_px=16, mode="bilinear")
    assert frames.shape == (1, 3, 2, 16, 16)
    assert frames[:, :, 0].eq(-1).all() and frames[:, :, 1].eq(1).all()


def test_enlarged_frames_follow_the_bilinear_definition():
    row = torch.tensor([0, 100, 200, 50], dtype=torch.uint8)
    clips = row.expand(1, 1, 3, 4, 4).contiguous()
    found = (resize_frames(clips, size_px=8, mode="bilinear")[0, 0, 0, 0] + 1) * 127.5
    # Pixel centres: output i lies at (i + 0.5) / 2 - 0.5 of the input, clamped to the border.
    at = ((torch.arange(8) + 0.5) / 2 - 0.5).clamp(0, 3)
    low, part = at.floor().long(), at - at.floor()
    high = (low + 1).clamp(max=3)
    torch.testing.assert_close(found, row[low] * (1 - part) + row[high] * part, rtol=1e-5, atol=1e-3)


def test_a_video_file_is_called_as_the_papers_call_it(tmp_path):
    path = script(tmp_path, VideoNet(), "i3d_torchscript.pt")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    detector = load_detector(settings(name="i3d_torchscript.pt", sha256=sha256), file=path)
    assert (detector.name, detector.sha256, detector.feature_dim) == ("i3d_torchscript.pt", sha256, 4)
    clips = random_clips(3, frames=5)
    scaled = clips.float() / 127.5 - 1
    expected = torch.cat([scaled.mean(dim=(1, 3, 4)), scaled[:, 0, :1].mean(dim=(2, 3))], dim=1)
    torch.testing.assert_close(detector(clips), expected)


def test_an_image_file_sees_frames(tmp_path):
    detector = load_detector(settings("inception_torchscript", 3), file=script(tmp_path, ImageNet()))
    clips = random_clips(3, frames=1)
    torch.testing.assert_close(detector(clips), clips[:, 0].float().mean(dim=(2, 3)))


def test_another_hash_is_refused(tmp_path):
    with pytest.raises(DetectorError, match=r"has SHA-256 [0-9a-f]{64}, expected 0000.*fetch it again"):
        load_detector(settings(sha256="0" * 64), file=script(tmp_path, VideoNet()))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DetectorError, match=r"nowhere\.pt: cannot be read .*give random-i3d or the path"):
        load_detector(settings(), file=tmp_path / "nowhere.pt")


def test_a_detector_without_its_file_says_how_to_get_it():
    with pytest.raises(DetectorError, match=r"detector net\.pt is a file: fetch it with .*fetch.py"):
        load_detector(settings())


def test_a_file_of_another_output_size_is_refused(tmp_path):
    with pytest.raises(DetectorError, match=r"gives shape \(1, 4\) for one clip, expected \(1, 400\)"):
        load_detector(settings(feature_dim=400), file=script(tmp_path, VideoNet()))


def test_a_file_that_is_no_torchscript_is_refused(tmp_path):
    path = tmp_path / "weights.pt"
    path.write_bytes(b"not a network")
    with pytest.raises(DetectorError, match="is not a TorchScript file"):
        load_detector(settings(), file=path)


def test_a_network_with_another_call_is_refused(tmp_path):
    path = script(tmp_path, OtherNet())
    with pytest.raises(DetectorError, match="cannot be called as i3d_torchscript"):
        load_detector(settings(), file=path)


def test_features_that_are_not_finite_are_refused():
    def call(clips):
        features = clips.float().mean(dim=(1, 3, 4))
        features[0, 1] = float("nan")
        return features

    detector = Detector("net", "0" * 64, 3, torch.device("cpu"), call)
    with pytest.raises(DetectorError, match="features of 1 of 4 clips are not finite"):
        detector(random_clips(4))


def test_features_of_another_shape_are_refused():
    detector = Detector("net", "0" * 64, 5, torch.device("cpu"), lambda clips: clips.float().mean(dim=(1, 3, 4)))
    with pytest.raises(DetectorError, match=r"shape \(4, 3\), expected \(4, 5\)"):
        detector(random_clips(4))


def test_clips_with_channels_elsewhere_are_refused(random_detector):
    with pytest.raises(DetectorError, match="clips have 16 channels, expected 3"):
        random_detector(random_clips(2).transpose(1, 2))

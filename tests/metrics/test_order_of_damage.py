"""rfvd puts clips of cameras, and rendered ones, in a sensible order: the more is wrong with them, the higher it is."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from protocol_values import protocol
from real_films import real_films

from stylesv.config.dataset import PackSettings
from stylesv.data.packed import PackedClips
from stylesv.data.packing import pack_videos
from stylesv.data.world.rendering import render_driving_videos
from stylesv.metrics.detector import load_detector
from stylesv.metrics.frechet import frechet_distance_of_features

PACKING = PackSettings(
    resolution=64, crop="center", fps=None, min_frames=32, max_frames=32, jpeg_quality=95, damaged="drop"
)


@pytest.fixture(params=["cameras", "rendered"])
def videos(request, tmp_path):
    """24 videos of 32 frames, n t c h w, of cameras or rendered; and which."""
    films = real_films("sky") if request.param == "cameras" else tmp_path / "films"
    if request.param == "rendered":
        render_driving_videos(films, num_videos=24, seconds=(3.2, 3.2))
    rate = None if request.param == "cameras" else 10
    pack_videos(films, tmp_path / "packed", settings=PACKING.model_copy(update={"fps": rate}))
    packed = PackedClips(tmp_path / "packed")
    return torch.from_numpy(np.stack([packed.read(clip, range(32)) for clip in range(24)])), request.param


def blurred(clips):
    frames = F.avg_pool2d(F.pad(clips.flatten(0, 1).float(), (4, 4, 4, 4), mode="reflect"), 9, 1)
    return frames.to(torch.uint8).unflatten(0, clips.shape[:2])


@pytest.mark.slow
def test_the_more_is_wrong_the_higher_is_the_score(videos):
    videos, kind = videos
    random = torch.Generator().manual_seed(0)
    detector = load_detector(protocol().detector)
    reference = torch.cat([videos[:, :16], videos[:, 8:24]])
    other_half = videos[:, 16:]
    frames = other_half.flatten(0, 1)
    noise = 80 * torch.randn(other_half.shape, generator=random)
    sets = {
        "same distribution": videos[:, 4:20],
        "other half of the videos": other_half,
        "blurred": blurred(other_half),
        "frames of all clips shuffled": frames[torch.randperm(len(frames), generator=random)].view_as(other_half),
        "noise": (other_half + noise).clamp(0, 255).to(torch.uint8),
    }
    if kind == "rendered":
        del sets["blurred"]  # rendered scenes have little fine detail to lose

    def features(clips):
        return torch.cat([detector(part) for part in clips.split(8)]).numpy()

    real = features(reference)
    scores = {
        name: frechet_distance_of_features(real, features(clips), covariance="population")
        for name, clips in sets.items()
    }
    print({name: round(score, 1) for name, score in scores.items()})
    assert sorted(scores, key=scores.get) == list(sets), scores
    own_frames = torch.stack([clip[torch.randperm(16, generator=random)] for clip in other_half])
    shuffled = frechet_distance_of_features(real, features(own_frames), covariance="population")
    assert shuffled > scores["other half of the videos"]

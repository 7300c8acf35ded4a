"""evd and efid put clips of cameras, and rendered ones, in a sensible order, and see what is wrong with motion."""

import numpy as np
import pytest
import torch
from damaged_clips import DAMAGES, NEEDED, clips_of
from others_data import real_films
from protocol_values import protocol

from stylesv.config.dataset import PackSettings
from stylesv.data.packed import PackedClips
from stylesv.data.packing import pack_videos
from stylesv.data.world.rendering import render_driving_videos
from stylesv.metrics.bootstrap import bootstrap_interval
from stylesv.metrics.comparison import compare_features
from stylesv.metrics.detector import load_detector

PACKING = PackSettings(
    resolution=64,
    crop="center",
    fps=None,
    min_frames=NEEDED,
    max_frames=NEEDED,
    jpeg_quality=95,
    damaged="drop",
    labels=None,
)
RENDERED = 16
WORSE_AND_WORSE = ("JPEG, quality 5", "blurred, 2 px", "noise, 20")
SEEN = (
    "frozen",
    "frames shuffled",
    "times jittered by 2",
    "half speed, frames doubled",
    "detail sticks, finer than 2 px",
)
SEEN_WHERE_ALL_DRIVE_ON = ("reversed",)  # clouds may go either way


@pytest.fixture(scope="module", params=["rendered", "cameras"])
def videos(request, tmp_path_factory):
    """Videos of 32 frames, n t c h w, of cameras or rendered; and which."""
    folder = tmp_path_factory.mktemp(request.param)
    films = real_films("sky") if request.param == "cameras" else folder / "films"
    if request.param == "rendered":
        render_driving_videos(films, num_videos=RENDERED, seconds=(3.2, 3.2))
    rate = 10.0 if request.param == "rendered" else None
    pack_videos(films, folder / "packed", settings=PACKING.model_copy(update={"fps": rate}))
    packed = PackedClips(folder / "packed")
    clips = [packed.read(clip, range(NEEDED)) for clip in range(packed.num_clips)]
    return torch.from_numpy(np.stack(clips)), request.param


def scorer(name, real):
    """A protocol's score of clips against the real ones, and the interval of that of others."""
    settings = protocol(name)
    detector = load_detector(settings.detector)

    def features(clips):
        clips = clips[:, ::5].flatten(0, 1)[:, None] if settings.is_of_images else clips
        return torch.cat([detector(part) for part in clips.split(8)]).numpy()

    rows = features(real)

    def score(clips):
        return compare_features(rows, features(clips), settings)

    def upper_end(clips):
        made = features(clips)
        distance = lambda a, b: compare_features(a, b, settings)  # noqa: E731
        return bootstrap_interval(rows, made, distance=distance, resamples=50, level=0.95, seed=0)[1]

    return score, upper_end


@pytest.mark.slow
def test_evd_rises_with_what_is_wrong_and_sees_wrong_motion(videos):
    videos, kind = videos
    half = len(videos) // 2
    score, upper_end = scorer("evd_16f", clips_of(videos[:half]))
    other = videos[half:]
    in_order = [
        score(videos[:half, 6:22]),
        score(clips_of(other)),
        *(score(DAMAGES[name](other)) for name in WORSE_AND_WORSE),
    ]
    print(kind, dict(zip(("same, 2 frames earlier", "other half", *WORSE_AND_WORSE), in_order, strict=True)))
    assert in_order == sorted(in_order)
    names = SEEN + (SEEN_WHERE_ALL_DRIVE_ON if kind == "rendered" else ())
    found = {name: score(DAMAGES[name](other)) for name in names}
    bound = upper_end(clips_of(other))
    print(kind, bound, found)
    assert {name: value for name, value in found.items() if value <= bound} == {}


@pytest.mark.slow
def test_efid_rises_with_what_is_wrong_with_frames(videos):
    videos, kind = videos
    half = len(videos) // 2
    score, _ = scorer("efid", clips_of(videos[:half]))
    other = videos[half:]
    wrong = {name: score(DAMAGES[name](other)) for name in ("JPEG, quality 5", "blurred, 4 px", "noise, 80")}
    same, others = score(videos[:half, 6:22]), score(clips_of(other))
    print(kind, same, others, wrong)
    assert same < others < min(wrong.values())

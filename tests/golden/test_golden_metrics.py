"""The published code's formulas and choices of clips (docs/protocols.md 2 to 4)."""

from unittest.mock import Mock

import numpy as np
import pytest
import torch
from golden_folder import find_golden_dir
from golden_reader import Case

from stylesv.config.protocol import ProtocolSettings
from stylesv.generation.clips import to_uint8
from stylesv.metrics.clip_selection import select_real_clips
from stylesv.metrics.features import collect_features
from stylesv.metrics.frechet import frechet_distance, frechet_distance_of_features, frechet_distance_of_few
from stylesv.metrics.inception_score import inception_score
from stylesv.metrics.kernel import kernel_distance
from stylesv.metrics.moments import Moments
from stylesv.networks.generator import Generator
from stylesv.records.named_protocol import named_protocol
from stylesv.scoring import clip_sources
from stylesv.scoring.clip_sources import SnapshotClips


@pytest.fixture(scope="module")
def golden(golden_dir):
    case = Case(golden_dir, "metrics_formulas")
    return case.info["results"], case.arrays


@pytest.fixture(scope="module")
def choices(golden_dir):
    return Case(golden_dir, "dataset_and_metric_protocol").info


def published(root, name, **changes):
    """The settings of a protocol file, as it would be used."""
    found = named_protocol(root / "config", name).settings.model_dump(mode="json")
    for key, value in changes.items():
        found[key] = found[key] | value if isinstance(value, dict) else value
    return ProtocolSettings.model_validate(found)


def test_moments_are_the_published_ones(golden):
    _, arrays = golden
    moments = Moments.from_features(arrays["gen_features"])
    np.testing.assert_allclose(moments.mean, arrays["gen_mean"], rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(moments.covariance("population"), arrays["gen_cov"], rtol=1e-5, atol=1e-6)


def test_so_they_are_of_the_first_clips_alone(golden):
    results, arrays = golden
    kept = results["max_items_truncation"]["rows_kept"]
    _, moments = collect_features([arrays["real_features"][:30], arrays["real_features"][30:kept]], keep=False)
    assert moments.count == results["max_items_truncation"]["num_items"]
    np.testing.assert_allclose(moments.mean, arrays["trunc_mean"], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("metric", ["fid", "fvd"])
def test_the_distance_is_the_published_one(golden, metric):
    results, arrays = golden
    real, generated = arrays["real_features"], arrays["gen_features"]
    moments = (Moments.from_features(real), Moments.from_features(generated))
    assert frechet_distance(*moments, covariance="population") == pytest.approx(results[metric], rel=1e-5)
    assert frechet_distance_of_few(real, generated, covariance="population") == pytest.approx(results[metric], rel=1e-5)


def test_so_it_is_with_fewer_clips_than_dimensions(golden):
    results, arrays = golden
    found = frechet_distance_of_features(
        arrays["real_features_few"], arrays["gen_features_few"], covariance="population"
    )
    assert found == pytest.approx(results["fid_rank_deficient"], rel=1e-5)


def test_the_kernel_distance_is_the_published_one(golden):
    results, arrays = golden
    found = kernel_distance(
        arrays["real_features"],
        arrays["gen_features"],
        subsets=20,
        max_subset_size=100,
        random=np.random.RandomState(results["kid_numpy_seed"]),
    )
    assert found == pytest.approx(results["kid_x1000"], rel=1e-5)


@pytest.mark.parametrize(("name", "shuffle_seed"), [("is_mean_std_10splits", None), ("isv_mean_std_10splits", 42)])
def test_inception_scores_are_the_published_ones(golden, name, shuffle_seed):
    results, arrays = golden
    assert inception_score(arrays["probs"], splits=10, shuffle_seed=shuffle_seed) == pytest.approx(
        results[name], rel=1e-5
    )


def test_bytes_are_the_published_ones(golden):
    _, arrays = golden
    frames = torch.from_numpy(arrays["u8_in"])
    found = to_uint8(frames).numpy()
    np.testing.assert_array_equal(found, arrays["u8_metric"])
    for other in ("u8_save_frames", "u8_image_grid"):  # the published code rounds in three ways; here there is one
        assert np.abs(found.astype(int) - arrays[other]).max() <= 1
    back = torch.arange(256, dtype=torch.uint8).float() / 127.5 - 1
    np.testing.assert_allclose(back.numpy(), arrays["f_from_u8"], atol=1e-6)


def test_clips_are_taken_of_the_videos_that_the_published_code_takes(choices, root):
    videos = choices["parse"][choices["image_dataset_view"]["kwargs"]["path"]]["videos"]
    lengths = [video["n"] for video in videos]
    for case in choices["real_clip_selection"]:
        if case.get("image_dataset"):
            selection = select_real_clips(lengths, published(root, "fid50k_full"))
            assert len(selection.clips) == case["items"] == len(set(selection.clips))
            continue
        frames, stride = case["load_n_consecutive"], case["subsample_factor"]
        real = {"max_clips": case["max_items"]}
        settings = published(root, "fvd2048_16f", num_frames=frames, frame_stride=stride, real=real)
        selection = select_real_clips(lengths, settings)
        taken = case["clips_video_frame"]
        assert len(selection.clips) == case["items"]
        assert [video for video, _ in selection.clips] == [clip[0][0] for clip in taken]
        for (video, first), clip in zip(selection.clips, taken, strict=True):
            assert list(selection.times) == [frame - clip[0][1] for _, frame in clip]
            assert 0 <= first <= lengths[video] - frames * stride + stride - 1


def protocol_of(case, root):
    """The protocol of ours that generates clips as a published metric does: images, or clips of this length and stride."""
    if not case["temporal"]:
        return published(root, "fid50k_full")
    every = [published(root, name) for name in ("fvd2048_16f", "fvd2048_128f_subsample8f", "fvd2048_128f")]
    wanted = (case["num_video_frames"], case["subsample_factor"])
    changed = published(root, "fvd2048_16f", num_frames=wanted[0], frame_stride=wanted[1])
    return next((one for one in every if (one.num_frames, one.frame_stride) == wanted), changed)


GENERATED = Case(find_golden_dir(), "dataset_and_metric_protocol").info["generator_protocol"]


@pytest.mark.parametrize("case", GENERATED, ids=lambda case: f"{case['num_video_frames']}x{case['subsample_factor']}")
def test_clips_are_generated_at_the_published_times(root, monkeypatch, case):
    settings, asked = protocol_of(case, root), {}

    def generate_clips(_generator, *, clip_numbers, times, **_):
        asked["times"] = times.tolist()
        yield torch.zeros(len(clip_numbers), len(times), 3, 4, 4, dtype=torch.uint8)

    monkeypatch.setattr(clip_sources, "generate_clips", generate_clips)
    clips = SnapshotClips(
        Mock(spec=Generator),
        count=case["max_items"],
        num_frames=settings.num_frames,
        frame_stride=settings.frame_stride,
        start_time=settings.generated.start_time,
        clips_per_video=settings.generated.clips_per_video,
        seed=0,
        truncation=1.0,
    )
    kept = sum(len(batch) for batch in clips.batches(0, clips.count))
    assert kept == case["items_kept"]
    published_times = case["first_call"]["t"]  # the sidecar keeps the first 20
    assert [int(time) for time in asked["times"]][: len(published_times)] == published_times
    assert len(asked["times"]) == case["num_video_frames"]
    assert settings.generated.truncation == 1.0


def test_the_papers_counts_stand_in_the_protocols(root):
    counts = {
        name: (settings.num_frames, settings.frame_stride, settings.real.max_clips, settings.generated.num_clips)
        for name in ("fvd2048_16f", "fvd2048_128f", "fvd2048_128f_subsample8f", "isv2048_ucf")
        for settings in [published(root, name)]
    }
    assert counts == {
        "fvd2048_16f": (16, 1, 2048, 2048),
        "fvd2048_128f": (128, 1, 2048, 2048),
        "fvd2048_128f_subsample8f": (16, 8, 2048, 2048),
        "isv2048_ucf": (16, 1, 2048, 2048),
    }
    for name in ("fid50k_full", "kid50k_full", "is50k"):
        assert published(root, name).generated.num_clips == 50_000
    kernel = published(root, "kid50k_full").kernel
    assert (kernel.subsets, kernel.max_subset_size) == (100, 1000)
    assert published(root, "isv2048_ucf").inception.shuffle_seed == 42
